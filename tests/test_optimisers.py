"""Optimisers as specs: against their published equations, restated step by step in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
import pytest

from graphgen import passes
from graphgen.check.module import load
from graphgen.compiler import compile_file
from graphgen.resources import shipped_specs

STEPS, N = 7, 5
OPTIMISERS = {name: path for name, path in shipped_specs().items() if path.parent.name == "optimisers"}
LEVELS = tuple(passes.LEVELS)
Gradient = Callable[[np.ndarray], np.ndarray]


def module(name: str, level: int = passes.DEFAULT) -> ModuleType:
    return load(compile_file(OPTIMISERS[name], level).source, name)


def gradient(theta: np.ndarray) -> np.ndarray:
    """Of a valley that is steep in some directions, flat in others."""
    return np.array([30.0, 10.0, 1.0, 0.1, 0.01]) * (theta - np.arange(N))


# Each method, element by element and as published: the parameters after every step.


def sgd(theta: np.ndarray, rate: float = 0.1) -> Iterator[np.ndarray]:
    while True:
        theta = theta - rate * gradient(theta)
        yield theta


def momentum(theta: np.ndarray, rate: float = 0.01, mu: float = 0.9) -> Iterator[np.ndarray]:
    """Sutskever et al. 2013, equations 1 and 2."""
    v = np.zeros(N)
    while True:
        v = mu * v - rate * gradient(theta)
        theta = theta + v
        yield theta


def nesterov(theta: np.ndarray, rate: float = 0.01, mu: float = 0.9) -> Iterator[np.ndarray]:
    """Sutskever et al. 2013, equations 3 and 4, with the gradient taken ahead; what is yielded is the point ahead."""
    v = np.zeros(N)
    while True:
        v = mu * v - rate * gradient(theta + mu * v)
        theta = theta + v
        yield theta + mu * v


def rmsprop(theta: np.ndarray, rate: float = 0.001, beta: float = 0.9, eps: float = 1e-8) -> Iterator[np.ndarray]:
    """Each element's root mean square summed up from the whole history."""
    history: list[np.ndarray] = []
    while True:
        history.append(gradient(theta))
        square = sum((1 - beta) * beta**age * g**2 for age, g in enumerate(reversed(history)))
        theta = theta - rate * history[-1] / (np.sqrt(square) + eps)
        yield theta


def adam(theta: np.ndarray, decay: float = 0.0) -> Iterator[np.ndarray]:
    """Kingma and Ba 2015, algorithm 1; the moments are weighted means of the whole history, as in their section 3."""
    rate, beta1, beta2, eps = 0.001, 0.9, 0.999, 1e-8
    history: list[np.ndarray] = []
    while True:
        history.append(gradient(theta))
        ages = range(len(history) - 1, -1, -1)
        m = np.average(history, axis=0, weights=[beta1**age for age in ages])
        v = np.average(np.square(history), axis=0, weights=[beta2**age for age in ages])
        theta = theta - rate * m / (np.sqrt(v) + eps) - rate * decay * theta
        yield theta


def adamw(theta: np.ndarray) -> Iterator[np.ndarray]:
    """Loshchilov and Hutter 2019, algorithm 2, with the schedule in the rate."""
    return adam(theta, decay=0.01)


RESTATED = {method.__name__: method for method in (sgd, momentum, nesterov, rmsprop, adam, adamw)}
START = np.array([1.0, -2.0, 3.0, 0.5, -0.1])


def test_every_optimiser_is_restated() -> None:
    assert set(RESTATED) | {"clip_by_norm", "clip_by_value"} == set(OPTIMISERS)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", RESTATED)
def test_every_step_is_the_published_one(name: str, level: int) -> None:
    optimiser = module(name, level)
    settings = optimiser.init_parameters(np.random.default_rng(0))
    state = optimiser.zero_state(n=N)._replace(theta=START)
    for _, expected in zip(range(STEPS), RESTATED[name](START)):
        outputs, state = optimiser.forward(settings, optimiser.Inputs(gradient(state.theta)), state)
        np.testing.assert_allclose(state.theta, expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(outputs.theta, state.theta)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", RESTATED)
def test_recorded_gradients_are_a_sequence(name: str, level: int) -> None:
    optimiser = module(name, level)
    settings = optimiser.init_parameters(np.random.default_rng(0))
    first = state = optimiser.zero_state(n=N)._replace(theta=START)
    recorded, thetas = [], []
    for _ in range(STEPS):
        recorded.append(gradient(state.theta))
        _, state = optimiser.forward(settings, optimiser.Inputs(recorded[-1]), state)
        thetas.append(state.theta)
    outputs, final = optimiser.forward_sequence(settings, optimiser.Inputs(np.array(recorded)), first)
    np.testing.assert_allclose(outputs.theta, thetas, rtol=1e-13)
    for one, other in zip(final, state):
        np.testing.assert_allclose(one, other, rtol=1e-13)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("length", [0.0, 0.5, 1.0, 20.0])
def test_a_gradient_is_clipped_by_its_norm(length: float, level: int) -> None:
    clip = module("clip_by_norm", level)
    direction = np.array([2.0, -1.0, 2.0]) / 3
    clipped, size = clip.forward(clip.Parameters(1.0), clip.Inputs(length * direction))
    np.testing.assert_allclose(clipped, min(length, 1.0) * direction, atol=1e-15)
    assert size == pytest.approx(length)


@pytest.mark.parametrize("level", LEVELS)
def test_a_gradient_is_clipped_by_value(level: int) -> None:
    clip = module("clip_by_value", level)
    (clipped,) = clip.forward(clip.Parameters(0.5), clip.Inputs(np.array([-9.0, -0.5, -0.1, 0.0, 0.3, 7.0])))
    np.testing.assert_array_equal(clipped, [-0.5, -0.5, -0.1, 0.0, 0.3, 0.5])


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_optimiser_has_no_backward_pass(name: str) -> None:
    names = set(vars(module(name)))
    assert "forward" in names
    assert not names & {"backward", "backward_sequence", "Gradients", "Residuals", "SequenceResiduals"}
