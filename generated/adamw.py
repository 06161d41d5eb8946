# Made by graphgen 0.1.0 -O1 from adamw.yaml (sha256 ee3584dfa7858713).
# Do not edit: change the spec and build again.
"""Adam with decoupled weight decay: besides Adam's step, every parameter shrinks by the rate times the
decay. The rate stands for the article's schedule and learning rate in one, as it does in torch and
optax.

Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2

Sizes:
    n: parameters
"""

from typing import Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What is set once and for all steps."""

    rate: np.ndarray  # []
    beta1: np.ndarray  # []
    beta2: np.ndarray  # []
    epsilon: np.ndarray  # []
    decay: np.ndarray  # []


class Inputs(NamedTuple):
    """What a step reads."""

    gradient: np.ndarray  # [n]


class State(NamedTuple):
    """What a step hands on to the next."""

    theta: np.ndarray  # [n]
    m: np.ndarray  # [n]
    v: np.ndarray  # [n]
    t: np.ndarray  # []


class Outputs(NamedTuple):
    """What a step computes."""

    theta: np.ndarray  # [n]


def _dtype(*groups: Any) -> np.dtype[Any]:
    """The floating dtype that the arrays of some groups promote to."""
    arrays = [array for group in groups if group is not None for array in group]
    dtypes = [array.dtype for array in arrays if hasattr(array, "dtype") and array.dtype.kind in "fc"]
    return np.result_type(*dtypes) if dtypes else np.dtype(float)


def init_parameters(rng: np.random.Generator, *, dtype: type = np.float64) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        rate=np.full((), 0.001, dtype),
        beta1=np.full((), 0.9, dtype),
        beta2=np.full((), 0.999, dtype),
        epsilon=np.full((), 1e-08, dtype),
        decay=np.full((), 0.01, dtype),
    )


def zero_state(*, n: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(
        theta=np.zeros((n,), dtype),
        m=np.zeros((n,), dtype),
        v=np.zeros((n,), dtype),
        t=np.zeros((), dtype),
    )


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State]:
    """One step: the outputs and the next state.

    1. t = t_prev + 1
    2. m = beta1 * m_prev + (1 - beta1) * gradient
    3. v = beta2 * v_prev + (1 - beta2) * gradient**2
    4. m_hat = m / (1 - beta1**t)
    5. v_hat = v / (1 - beta2**t)
    6. theta = theta_prev - rate * (m_hat / (sqrt(v_hat) + epsilon) + decay * theta_prev)
    """
    rate, beta1, beta2, epsilon, decay = parameters
    (gradient,) = inputs
    theta_prev, m_prev, v_prev, t_prev = state

    # 1. t = t_prev + 1
    t = t_prev + 1

    # 2. m = beta1 * m_prev + (1 - beta1) * gradient
    m = beta1 * m_prev + (1 - beta1) * gradient

    # 3. v = beta2 * v_prev + (1 - beta2) * gradient**2
    v = beta2 * v_prev + (1 - beta2) * gradient ** 2

    # 4. m_hat = m / (1 - beta1**t)
    m_hat = m / (1 - beta1 ** t)

    # 5. v_hat = v / (1 - beta2**t)
    v_hat = v / (1 - beta2 ** t)

    # 6. theta = theta_prev - rate * (m_hat / (sqrt(v_hat) + epsilon) + decay * theta_prev)
    theta = theta_prev - rate * (m_hat / (np.sqrt(v_hat) + epsilon) + decay * theta_prev)

    return Outputs(theta=theta), State(theta=theta, m=m, v=v, t=t)


def forward_sequence(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State]:
    """T steps: the outputs of every step and the final state.

    Every input has a leading axis of T steps, and so has every output.
    """
    rate, beta1, beta2, epsilon, decay = parameters
    theta_prev, m_prev, v_prev, t_prev = state
    T, n = inputs.gradient.shape  # steps, parameters
    dtype = _dtype(parameters, inputs, state)

    theta_steps = np.empty((T, n), dtype)
    for t_2 in range(T):
        gradient = inputs.gradient[t_2]

        # 1. t = t_prev + 1
        t = t_prev + 1

        # 2. m = beta1 * m_prev + (1 - beta1) * gradient
        m = beta1 * m_prev + (1 - beta1) * gradient

        # 3. v = beta2 * v_prev + (1 - beta2) * gradient**2
        v = beta2 * v_prev + (1 - beta2) * gradient ** 2

        # 4. m_hat = m / (1 - beta1**t)
        m_hat = m / (1 - beta1 ** t)

        # 5. v_hat = v / (1 - beta2**t)
        v_hat = v / (1 - beta2 ** t)

        # 6. theta = theta_prev - rate * (m_hat / (sqrt(v_hat) + epsilon) + decay * theta_prev)
        theta = theta_prev - rate * (m_hat / (np.sqrt(v_hat) + epsilon) + decay * theta_prev)

        # of this step: what is kept, and what the next one starts from
        theta_steps[t_2] = theta
        theta_prev, m_prev, v_prev, t_prev = theta, m, v, t

    return Outputs(theta=theta_steps), State(theta=theta_prev, m=m_prev, v=v_prev, t=t_prev)
