# Made by graphgen 0.1.0 -O2 from character_language_model.yaml (sha256 a3500266f0a3d6bc).
# Do not edit: change the spec and build again.
"""The next character at every step, from characters as one-hot columns, through an LSTM and a softmax.
Its state is the LSTM's, so one step of this model is a chunk of a longer text.

Source: Graves, "Generating sequences with recurrent neural networks", arXiv 1308.0850; Karpathy,
"The unreasonable effectiveness of recurrent neural networks", 2015

Uses:
    reader: lstm
    head: softmax_cross_entropy

Sizes:
    T: steps
    n_c: characters known
    n_a: hidden units
    m: batch
"""

from typing import Any, NamedTuple

import numpy as np


class ReaderParameters(NamedTuple):
    """What reader, which is lstm, learns."""

    W_g: np.ndarray  # [3*n_a, n_a + n_c]
    b_g: np.ndarray  # [3*n_a, 1]
    W_c: np.ndarray  # [n_a, n_a + n_c]
    b_c: np.ndarray  # [n_a, 1]


class HeadParameters(NamedTuple):
    """What head, which is softmax_cross_entropy, learns."""

    W: np.ndarray  # [n_c, n_a]
    b: np.ndarray  # [n_c, 1]


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    reader: ReaderParameters
    head: HeadParameters


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    characters: np.ndarray  # [T, m]
    target: np.ndarray  # [T, m]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    a: np.ndarray  # [n_a, m]
    c: np.ndarray  # [n_a, m]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: np.ndarray  # []
    scores: np.ndarray  # [T, n_c, m]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs
    state: State


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    reader_a_steps: np.ndarray  # [T, n_a, m]
    result_where: np.ndarray  # [T, n_c, m]
    scores: np.ndarray  # [T, n_c, m]
    reader_c_prev_steps: np.ndarray  # [T, n_a, m]
    reader_gate_steps: np.ndarray  # [T, 3*n_a, m]
    reader_c_hat_steps: np.ndarray  # [T, n_a, m]
    tanh_reader_c_steps: np.ndarray  # [T, n_a, m]
    reader_xc_steps: np.ndarray  # [T, n_a + n_c, m]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    where_steps: np.ndarray  # [T_2, T, n_c, m]
    scores_steps: np.ndarray  # [T_2, T, n_c, m]
    reader_c_prev_steps_steps: np.ndarray  # [T_2, T, n_a, m]
    reader_gate_steps_steps: np.ndarray  # [T_2, T, 3*n_a, m]
    reader_c_hat_steps_steps: np.ndarray  # [T_2, T, n_a, m]
    reader_c_steps_steps: np.ndarray  # [T_2, T, n_a, m]
    reader_xc_steps_steps: np.ndarray  # [T_2, T, n_a + n_c, m]
    reader_a_steps_steps: np.ndarray  # [T_2, T, n_a, m]


class Workspace:
    """Room that calls share: hand one to every call, and calls of the same sizes allocate only what they return.

    It serves one call at a time.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The array of a name, with whatever the last call left in it."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.empty(shape, dtype)
        return array


def _dtype(*groups: Any) -> np.dtype[Any]:
    """The floating dtype that the arrays of some groups promote to."""
    arrays = [array for group in groups if group is not None for array in group]
    dtypes = [array.dtype for array in arrays if hasattr(array, "dtype") and array.dtype.kind in "fc"]
    return np.result_type(*dtypes) if dtypes else np.dtype(float)


def _cotangent(name: str, value: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A cotangent of a given shape; None counts as zero."""
    if value is None:
        return np.zeros(shape, dtype)
    if np.shape(value) != shape:
        raise ValueError(f"the cotangent {name} must have the shape {shape}, not {np.shape(value)}")
    return np.asarray(value, dtype)


def _glorot(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Uniform within sqrt(6 / (fan in + fan out)) of zero (Glorot and Bengio, 2010); shape is [out, in, ...]."""
    fans = (shape[0] + shape[1]) * int(np.prod(shape[2:]))
    limit = np.sqrt(6 / max(1, fans))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function 1 / (1 + exp(-x)), without overflow at either end."""
    z = np.exp(np.minimum(x, -x))
    return np.where(x >= 0, 1, z) / (1 + z)


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log(softmax(x)) along an axis, exact where softmax(x) is too small to be a number."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def init_parameters(
    rng: np.random.Generator,
    *,
    n_c: int,
    n_a: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        reader=ReaderParameters(
            W_g=_glorot(rng, (3 * n_a, n_a + n_c), dtype),
            b_g=np.zeros((3 * n_a, 1), dtype),
            W_c=_glorot(rng, (n_a, n_a + n_c), dtype),
            b_c=np.zeros((n_a, 1), dtype),
        ),
        head=HeadParameters(W=_glorot(rng, (n_c, n_a), dtype), b=np.zeros((n_c, 1), dtype)),
    )


def zero_state(*, n_a: int, m: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(a=np.zeros((n_a, m), dtype), c=np.zeros((n_a, m), dtype))


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. steps = scan(reader, x=one_hot(characters, n_c, axis=1), a=a_prev, c=c_prev)
    2. a = steps.final.a
    3. c = steps.final.c
    4. result = scan(head, h=steps.a, target=one_hot(target, n_c, axis=1))
    5. loss = mean(result.loss)
    6. scores = result.scores
    """
    reader_W_g, reader_b_g, reader_W_c, reader_b_c = parameters.reader
    head_W, head_b = parameters.head
    characters, target = inputs
    a_prev, c_prev = state
    n_a = reader_W_c.shape[0]  # hidden units
    n_c = head_W.shape[0]      # characters known
    T, m = characters.shape    # steps, batch
    dtype = _dtype(parameters, parameters.reader, parameters.head, inputs, state)

    # 1. steps = scan(reader, x=one_hot(characters, n_c, axis=1), a=a_prev, c=c_prev)
    steps_equal = np.expand_dims(characters, 1) == np.expand_dims(np.arange(n_c), 1)
    steps_where = np.where(steps_equal, 1, 0).astype(dtype)
    reader_a_prev = a_prev
    reader_c_prev = c_prev
    reader_a_steps = np.empty((T, n_a, m), dtype)
    reader_c_prev_steps = np.empty((T, n_a, m), dtype)
    reader_gate_steps = np.empty((T, 3 * n_a, m), dtype)
    reader_c_hat_steps = np.empty((T, n_a, m), dtype)
    tanh_reader_c_steps = np.empty((T, n_a, m), dtype)
    reader_xc_steps = np.empty((T, n_a + n_c, m), dtype)
    for t in range(T):
        reader_x = steps_where[t]

        # reader: xc = concat(a_prev, x)
        reader_xc = np.concatenate([reader_a_prev, reader_x], axis=0)

        # reader: gate = sigmoid(W_g @ xc + b_g)
        reader_gate = sigmoid(reader_W_g @ reader_xc + reader_b_g)

        # reader: c_hat = tanh(W_c @ xc + b_c)
        reader_c_hat = np.tanh(reader_W_c @ reader_xc + reader_b_c)

        # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        reader_c = reader_gate[:n_a] * reader_c_hat + reader_gate[n_a:2 * n_a] * reader_c_prev

        # reader: a = gate[2*n_a:] * tanh(c)
        tanh_reader_c = np.tanh(reader_c)
        reader_a = reader_gate[2 * n_a:] * tanh_reader_c

        # of this step: what is kept, and what the next one starts from
        reader_a_steps[t] = reader_a
        reader_c_prev_steps[t] = reader_c_prev
        reader_gate_steps[t] = reader_gate
        reader_c_hat_steps[t] = reader_c_hat
        tanh_reader_c_steps[t] = tanh_reader_c
        reader_xc_steps[t] = reader_xc
        reader_a_prev, reader_c_prev = reader_a, reader_c

    # 4. result = scan(head, h=steps.a, target=one_hot(target, n_c, axis=1))
    result_equal = np.expand_dims(target, 1) == np.expand_dims(np.arange(n_c), 1)
    result_where = np.where(result_equal, 1, 0).astype(dtype)
    head_loss_steps = np.empty((T,), dtype)
    for t in range(T):
        head_h = reader_a_steps[t]
        head_target = result_where[t]

        # head: scores = W @ h + b
        head_scores = head_W @ head_h + head_b

        # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
        head_loss = -np.sum(head_target * log_softmax(head_scores, axis=0)) / m

        # of this step: what is kept, and what the next one starts from
        head_loss_steps[t] = head_loss

    # for every step at once: no later step reads it
    scores = head_W @ reader_a_steps + head_b

    # 5. loss = mean(result.loss)
    loss = np.mean(head_loss_steps)

    return (
        Outputs(loss=loss, scores=scores),
        State(a=reader_a_prev, c=reader_c_prev),
        Residuals(
            reader_a_steps=reader_a_steps, result_where=result_where, scores=scores,
            reader_c_prev_steps=reader_c_prev_steps, reader_gate_steps=reader_gate_steps,
            reader_c_hat_steps=reader_c_hat_steps, tanh_reader_c_steps=tanh_reader_c_steps,
            reader_xc_steps=reader_xc_steps,
        ),
    )


def backward(
    parameters: Parameters,
    residuals: Residuals,
    d_outputs: Outputs | None = None,
    d_state: State | None = None,
) -> Gradients:
    """The gradients of one step, from the cotangents of its results.

    A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    d_state = State(None, None) if d_state is None else d_state
    (
        reader_a_steps, result_where, scores, reader_c_prev_steps, reader_gate_steps, reader_c_hat_steps,
        tanh_reader_c_steps, reader_xc_steps,
    ) = residuals
    reader_W_g, reader_W_c = parameters.reader.W_g, parameters.reader.W_c
    head_W = parameters.head.W
    T, n_a, m = reader_a_steps.shape  # steps, hidden units, batch
    n_c = result_where.shape[1]       # characters known
    dtype = _dtype(parameters, parameters.reader, parameters.head, residuals, d_outputs, d_state)

    # the cotangents handed in; None counts as zero
    dloss = _cotangent("d_outputs.loss", d_outputs.loss, (), dtype)
    dscores = _cotangent("d_outputs.scores", d_outputs.scores, (T, n_c, m), dtype)
    da = _cotangent("d_state.a", d_state.a, (n_a, m), dtype)
    dc = _cotangent("d_state.c", d_state.c, (n_a, m), dtype)

    # 5. loss = mean(result.loss)
    dhead_loss_steps = np.broadcast_to(np.expand_dims(dloss / T, 0), (T,))  # mean

    # for every step at once: no later step reads it
    head_loss_log_softmax = log_softmax(scores, axis=1)
    dhead_scores_steps_steps = np.empty((T, n_c, m), dtype)
    for t in reversed(range(T)):
        dhead_loss = dhead_loss_steps[t]
        dhead_scores_output = dscores[t]
        head_target = result_where[t]
        head_loss_log_softmax_2 = head_loss_log_softmax[t]

        # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
        dhead_loss_negative = dhead_loss / m                     # quotient
        dhead_loss_sum = -dhead_loss_negative                    # negative
        dhead_loss_log_softmax_2 = dhead_loss_sum * head_target  # hadamard
        dhead_loss_sum_2 = np.sum(dhead_loss_log_softmax_2, axis=0, keepdims=True)
        dhead_loss_multiply = np.exp(head_loss_log_softmax_2) * dhead_loss_sum_2
        dhead_scores_head_loss = dhead_loss_log_softmax_2 - dhead_loss_multiply  # log_softmax

        # head: scores = W @ h + b
        dhead_scores = dhead_scores_output + dhead_scores_head_loss  # split: the sum over its uses

        # of this step: what is kept, and what the next one starts from
        dhead_scores_steps_steps[t] = dhead_scores

    dreader_a_steps = head_W.T @ dhead_scores_steps_steps  # matrix product
    add_steps_T = np.reshape(np.swapaxes(dhead_scores_steps_steps, -1, -2), (T * m, n_c)).T
    dhead_W = add_steps_T @ np.reshape(np.swapaxes(reader_a_steps, -1, -2), (T * m, n_a))  # matrix product
    # addition, summed where it was broadcast
    dhead_b = np.expand_dims(np.sum(dhead_scores_steps_steps, axis=(0, 2)), 1)
    dreader_a_state = da
    dreader_c_state = dc
    dreader_gate_add_steps_steps = np.empty((T, 3 * n_a, m), dtype)
    dreader_c_hat_add_steps_steps = np.empty((T, n_a, m), dtype)
    for t in reversed(range(T)):
        dreader_a_output = dreader_a_steps[t]
        reader_c_prev = reader_c_prev_steps[t]
        reader_gate = reader_gate_steps[t]
        reader_c_hat = reader_c_hat_steps[t]
        tanh_reader_c = tanh_reader_c_steps[t]

        # reader: a = gate[2*n_a:] * tanh(c)
        dreader_a = dreader_a_state + dreader_a_output      # split: the sum over its uses
        dreader_gate_3 = dreader_a * tanh_reader_c          # hadamard
        dtanh_reader_c = dreader_a * reader_gate[2 * n_a:]  # hadamard
        dreader_c_reader_a = dtanh_reader_c * (1 - tanh_reader_c * tanh_reader_c)  # tanh

        # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dreader_c = dreader_c_state + dreader_c_reader_a       # split: the sum over its uses
        dreader_gate_2 = dreader_c * reader_c_prev             # hadamard
        dreader_c_prev = dreader_c * reader_gate[n_a:2 * n_a]  # hadamard
        dreader_gate_1 = dreader_c * reader_c_hat              # hadamard
        dreader_c_hat = dreader_c * reader_gate[:n_a]          # hadamard

        # reader: c_hat = tanh(W_c @ xc + b_c)
        dreader_c_hat_add = dreader_c_hat * (1 - reader_c_hat * reader_c_hat)  # tanh
        dreader_xc_reader_c_hat = reader_W_c.T @ dreader_c_hat_add  # matrix product

        # reader: gate = sigmoid(W_g @ xc + b_g)
        # split: side by side
        dreader_gate = np.concatenate([dreader_gate_1, dreader_gate_2, dreader_gate_3], axis=0)
        dreader_gate_add = dreader_gate * (reader_gate * (1 - reader_gate))  # sigmoid
        dreader_xc_reader_gate = reader_W_g.T @ dreader_gate_add  # matrix product

        # reader: xc = concat(a_prev, x)
        dreader_xc = dreader_xc_reader_c_hat + dreader_xc_reader_gate  # split: the sum over its uses
        dreader_a_prev = dreader_xc[:n_a]  # concat

        # of this step: what is kept, and what the next one starts from
        dreader_gate_add_steps_steps[t] = dreader_gate_add
        dreader_c_hat_add_steps_steps[t] = dreader_c_hat_add
        dreader_a_state, dreader_c_state = dreader_a_prev, dreader_c_prev

    multiply_steps_T = np.reshape(np.swapaxes(dreader_gate_add_steps_steps, -1, -2), (T * m, 3 * n_a)).T
    # matrix product
    dreader_W_g = multiply_steps_T @ np.reshape(np.swapaxes(reader_xc_steps, -1, -2), (T * m, n_a + n_c))
    # addition, summed where it was broadcast
    dreader_b_g = np.expand_dims(np.sum(dreader_gate_add_steps_steps, axis=(0, 2)), 1)
    multiply_2_steps_T = np.reshape(np.swapaxes(dreader_c_hat_add_steps_steps, -1, -2), (T * m, n_a)).T
    reader_xc_steps_rows = np.reshape(np.swapaxes(reader_xc_steps, -1, -2), (T * m, n_a + n_c))
    dreader_W_c = multiply_2_steps_T @ reader_xc_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dreader_b_c = np.expand_dims(np.sum(dreader_c_hat_add_steps_steps, axis=(0, 2)), 1)

    return Gradients(
        Parameters(
            reader=ReaderParameters(W_g=dreader_W_g, b_g=dreader_b_g, W_c=dreader_W_c, b_c=dreader_b_c),
            head=HeadParameters(W=dhead_W, b=dhead_b),
        ),
        Inputs(characters=None, target=None),
        State(a=dreader_a_state, c=dreader_c_state),
    )


def forward_sequence(
    parameters: Parameters,
    inputs: Inputs,
    state: State,
    workspace: Workspace | None = None,
) -> tuple[Outputs, State, SequenceResiduals]:
    """T_2 steps: the outputs of every step, the final state and the residuals.

    Every input has a leading axis of T_2 steps, and so has every output.
    """
    reader_W_g, reader_b_g, reader_W_c, reader_b_c = parameters.reader
    head_W, head_b = parameters.head
    n_a = reader_W_c.shape[0]            # hidden units
    n_c = head_W.shape[0]                # characters known
    T_2, T, m = inputs.characters.shape  # steps, steps, batch
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, parameters.reader, parameters.head, inputs, state)

    # for every step at once: does not read the state
    equal = np.expand_dims(inputs.characters, 2) == np.expand_dims(np.arange(n_c), 1)
    where_3_steps = np.where(equal, 1, 0).astype(dtype)
    equal_2 = np.expand_dims(inputs.target, 2) == np.expand_dims(np.arange(n_c), 1)
    where_steps = np.where(equal_2, 1, 0).astype(dtype)

    # room for every step and for one; the workspace's is written again by the next call
    a_prev = np.array(state.a, dtype)
    c_prev = np.array(state.c, dtype)
    loss_steps = np.empty((T_2,), dtype)
    scores_steps = np.empty((T_2, T, n_c, m), dtype)
    reader_c_prev_steps_steps = np.empty((T_2, T, n_a, m), dtype)
    reader_gate_steps_steps = np.empty((T_2, T, 3 * n_a, m), dtype)
    reader_c_hat_steps_steps = np.empty((T_2, T, n_a, m), dtype)
    reader_c_steps_steps = np.empty((T_2, T, n_a, m), dtype)
    reader_xc_steps_steps = np.empty((T_2, T, n_a + n_c, m), dtype)
    reader_a_steps_steps = np.empty((T_2, T, n_a, m), dtype)
    work = workspace.array("forward.work", (T, n_c, m), dtype)
    for t in range(T_2):
        where_3_2 = where_3_steps[t]
        where_2 = where_steps[t]

        reader_a_prev = a_prev
        reader_c_prev = c_prev
        reader_a_steps = np.empty((T, n_a, m), dtype)
        reader_c_prev_steps = np.empty((T, n_a, m), dtype)
        reader_gate_steps = np.empty((T, 3 * n_a, m), dtype)
        reader_c_hat_steps = np.empty((T, n_a, m), dtype)
        reader_c_steps = np.empty((T, n_a, m), dtype)
        reader_xc_steps = np.empty((T, n_a + n_c, m), dtype)
        for t_2 in range(T):
            reader_x = where_3_2[t_2]

            # reader: xc = concat(a_prev, x)
            reader_xc = np.concatenate([reader_a_prev, reader_x], axis=0)

            # reader: gate = sigmoid(W_g @ xc + b_g)
            reader_gate = sigmoid(reader_W_g @ reader_xc + reader_b_g)

            # reader: c_hat = tanh(W_c @ xc + b_c)
            reader_c_hat = np.tanh(reader_W_c @ reader_xc + reader_b_c)

            # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
            reader_c = reader_gate[:n_a] * reader_c_hat + reader_gate[n_a:2 * n_a] * reader_c_prev

            # reader: a = gate[2*n_a:] * tanh(c)
            reader_a = reader_gate[2 * n_a:] * np.tanh(reader_c)

            # of this step: what is kept, and what the next one starts from
            reader_a_steps[t_2] = reader_a
            reader_c_prev_steps[t_2] = reader_c_prev
            reader_gate_steps[t_2] = reader_gate
            reader_c_hat_steps[t_2] = reader_c_hat
            reader_c_steps[t_2] = reader_c
            reader_xc_steps[t_2] = reader_xc
            reader_a_prev, reader_c_prev = reader_a, reader_c

        head_loss_steps = np.empty((T,), dtype)
        for t_2 in range(T):
            head_h = reader_a_steps[t_2]
            head_target = where_2[t_2]

            # head: scores = W @ h + b
            head_scores = head_W @ head_h + head_b

            # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
            head_loss = -np.sum(head_target * log_softmax(head_scores, axis=0)) / m

            # of this step: what is kept, and what the next one starts from
            head_loss_steps[t_2] = head_loss

        # for every step at once: no later step reads it
        np.matmul(head_W, reader_a_steps, out=work)
        scores = np.add(work, head_b, out=scores_steps[t])

        # 5. loss = mean(result.loss)
        loss = np.mean(head_loss_steps)

        # of this step: what is kept, and what the next one starts from
        loss_steps[t] = loss
        reader_c_prev_steps_steps[t] = reader_c_prev_steps
        reader_gate_steps_steps[t] = reader_gate_steps
        reader_c_hat_steps_steps[t] = reader_c_hat_steps
        reader_c_steps_steps[t] = reader_c_steps
        reader_xc_steps_steps[t] = reader_xc_steps
        reader_a_steps_steps[t] = reader_a_steps
        a_prev[...] = reader_a_prev
        c_prev[...] = reader_c_prev

    return (
        Outputs(loss=loss_steps, scores=scores_steps),
        State(a=a_prev, c=c_prev),
        SequenceResiduals(
            where_steps=where_steps, scores_steps=scores_steps,
            reader_c_prev_steps_steps=reader_c_prev_steps_steps,
            reader_gate_steps_steps=reader_gate_steps_steps,
            reader_c_hat_steps_steps=reader_c_hat_steps_steps, reader_c_steps_steps=reader_c_steps_steps,
            reader_xc_steps_steps=reader_xc_steps_steps, reader_a_steps_steps=reader_a_steps_steps,
        ),
    )


def backward_sequence(
    parameters: Parameters,
    residuals: SequenceResiduals,
    d_outputs: Outputs | None = None,
    d_final: State | None = None,
    workspace: Workspace | None = None,
) -> Gradients:
    """Backpropagation through T_2 steps: the gradients of parameters, inputs and initial state.

    The cotangents in d_outputs have a leading axis of T_2 steps, and so have the gradients of
    the inputs; d_final is for the final state.  A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    d_final = State(None, None) if d_final is None else d_final
    (
        where_steps, scores_steps, reader_c_prev_steps_steps, reader_gate_steps_steps,
        reader_c_hat_steps_steps, reader_c_steps_steps, reader_xc_steps_steps, reader_a_steps_steps,
    ) = residuals
    reader_W_g, reader_W_c = parameters.reader.W_g, parameters.reader.W_c
    head_W = parameters.head.W
    T_2, T, n_c, m = where_steps.shape        # steps, steps, characters known, batch
    n_a = reader_c_prev_steps_steps.shape[2]  # hidden units
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, parameters.reader, parameters.head, residuals, d_outputs, d_final)

    # the cotangents handed in; None counts as zero
    dloss_steps = _cotangent("d_outputs.loss", d_outputs.loss, (T_2,), dtype)
    dscores_steps = _cotangent("d_outputs.scores", d_outputs.scores, (T_2, T, n_c, m), dtype)
    da = _cotangent("d_final.a", d_final.a, (n_a, m), dtype)
    dc = _cotangent("d_final.c", d_final.c, (n_a, m), dtype)

    # room for every step and for one; the workspace's is written again by the next call
    da_2 = np.array(da, dtype)
    dc_2 = np.array(dc, dtype)
    dreader_gate_add_steps_steps_steps = (
        workspace.array("backward.dreader_gate_add_steps_steps_steps", (T_2, T, 3 * n_a, m), dtype)
    )
    dreader_c_hat_add_steps_steps_steps = (
        workspace.array("backward.dreader_c_hat_add_steps_steps_steps", (T_2, T, n_a, m), dtype)
    )
    dhead_scores_steps_steps_steps = (
        workspace.array("backward.dhead_scores_steps_steps_steps", (T_2, T, n_c, m), dtype)
    )
    work = workspace.array("backward.work", (), dtype)
    work_2 = workspace.array("backward.work_2", (T, n_a, m), dtype)
    for t in reversed(range(T_2)):
        dloss = dloss_steps[t]
        dscores = dscores_steps[t]
        where_2 = where_steps[t]
        scores = scores_steps[t]
        reader_c_prev_steps = reader_c_prev_steps_steps[t]
        reader_gate_steps = reader_gate_steps_steps[t]
        reader_c_hat_steps = reader_c_hat_steps_steps[t]
        reader_c_steps = reader_c_steps_steps[t]

        # 5. loss = mean(result.loss)
        np.divide(dloss, T, out=work)
        dhead_loss_steps = np.broadcast_to(np.expand_dims(work, 0), (T,))  # mean

        # for every step at once: no later step reads it
        dhead_loss_log_softmax = log_softmax(scores, axis=1)
        dhead_scores_steps_steps = np.empty((T, n_c, m), dtype)
        for t_2 in reversed(range(T)):
            dhead_loss = dhead_loss_steps[t_2]
            dhead_scores_output = dscores[t_2]
            head_target = where_2[t_2]
            head_loss_log_softmax = dhead_loss_log_softmax[t_2]

            # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
            dhead_loss_negative = dhead_loss / m                     # quotient
            dhead_loss_sum = -dhead_loss_negative                    # negative
            dhead_loss_log_softmax_2 = dhead_loss_sum * head_target  # hadamard
            dhead_loss_multiply = (
                np.exp(head_loss_log_softmax) * np.sum(dhead_loss_log_softmax_2, axis=0, keepdims=True)
            )
            dhead_scores_head_loss = dhead_loss_log_softmax_2 - dhead_loss_multiply  # log_softmax

            # head: scores = W @ h + b
            dhead_scores = dhead_scores_output + dhead_scores_head_loss  # split: the sum over its uses

            # of this step: what is kept, and what the next one starts from
            dhead_scores_steps_steps[t_2] = dhead_scores

        dreader_a_steps = np.matmul(head_W.T, dhead_scores_steps_steps, out=work_2)  # matrix product
        dreader_a_state = da_2
        dreader_c_state = dc_2
        dreader_gate_add_steps_steps = np.empty((T, 3 * n_a, m), dtype)
        dreader_c_hat_add_steps_steps = np.empty((T, n_a, m), dtype)
        for t_2 in reversed(range(T)):
            dreader_a_output = dreader_a_steps[t_2]
            reader_c_prev = reader_c_prev_steps[t_2]
            reader_gate = reader_gate_steps[t_2]
            reader_c_hat = reader_c_hat_steps[t_2]
            reader_c = reader_c_steps[t_2]

            # reader: a = gate[2*n_a:] * tanh(c)
            dreader_a = dreader_a_state + dreader_a_output           # split: the sum over its uses
            tanh = np.tanh(reader_c)
            dreader_gate_3 = dreader_a * tanh                        # hadamard
            dtanh_reader_c = dreader_a * reader_gate[2 * n_a:]       # hadamard
            dreader_c_reader_a = dtanh_reader_c * (1 - tanh * tanh)  # tanh

            # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
            dreader_c = dreader_c_state + dreader_c_reader_a       # split: the sum over its uses
            dreader_gate_2 = dreader_c * reader_c_prev             # hadamard
            dreader_c_prev = dreader_c * reader_gate[n_a:2 * n_a]  # hadamard
            dreader_gate_1 = dreader_c * reader_c_hat              # hadamard
            dreader_c_hat = dreader_c * reader_gate[:n_a]          # hadamard

            # reader: c_hat = tanh(W_c @ xc + b_c)
            dreader_c_hat_add = dreader_c_hat * (1 - reader_c_hat * reader_c_hat)  # tanh
            dreader_xc_reader_c_hat = reader_W_c.T @ dreader_c_hat_add  # matrix product

            # reader: gate = sigmoid(W_g @ xc + b_g)
            # split: side by side
            dreader_gate = np.concatenate([dreader_gate_1, dreader_gate_2, dreader_gate_3], axis=0)
            dreader_gate_add = dreader_gate * (reader_gate * (1 - reader_gate))  # sigmoid
            dreader_xc_reader_gate = reader_W_g.T @ dreader_gate_add  # matrix product

            # reader: xc = concat(a_prev, x)
            dreader_xc = dreader_xc_reader_c_hat + dreader_xc_reader_gate  # split: the sum over its uses
            dreader_a_prev = dreader_xc[:n_a]  # concat

            # of this step: what is kept, and what the next one starts from
            dreader_gate_add_steps_steps[t_2] = dreader_gate_add
            dreader_c_hat_add_steps_steps[t_2] = dreader_c_hat_add
            dreader_a_state, dreader_c_state = dreader_a_prev, dreader_c_prev

        # of this step: what is kept, and what the next one starts from
        dreader_gate_add_steps_steps_steps[t] = dreader_gate_add_steps_steps
        dreader_c_hat_add_steps_steps_steps[t] = dreader_c_hat_add_steps_steps
        dhead_scores_steps_steps_steps[t] = dhead_scores_steps_steps
        da_2[...] = dreader_a_state
        dc_2[...] = dreader_c_state

    # for every step at once: no later step reads it
    multiply_steps_T = np.swapaxes(dreader_gate_add_steps_steps_steps, -1, -2)
    multiply_steps_T_rows = np.reshape(multiply_steps_T, (T_2, T * m, 3 * n_a))
    multiply_steps_steps_rows = np.reshape(multiply_steps_T_rows, (T * T_2 * m, 3 * n_a))
    multiply_steps_steps_rows_T = multiply_steps_steps_rows.T
    residual_rows = np.reshape(np.swapaxes(reader_xc_steps_steps, -1, -2), (T_2, T * m, n_a + n_c))
    reader_xc_steps_steps_rows = np.reshape(residual_rows, (T * T_2 * m, n_a + n_c))
    dreader_W_g = multiply_steps_steps_rows_T @ reader_xc_steps_steps_rows  # matrix product
    sum_steps_wide = np.expand_dims(np.sum(dreader_gate_add_steps_steps_steps, axis=(1, 3)), 2)
    dreader_b_g = np.sum(sum_steps_wide, axis=0)    # addition, summed where it was broadcast
    multiply_2_steps_rows = np.reshape(np.swapaxes(dreader_c_hat_add_steps_steps_steps, -1, -2), (T_2, T * m, n_a))
    multiply_2_steps_steps_rows = np.reshape(multiply_2_steps_rows, (T * T_2 * m, n_a))
    multiply_2_steps_steps_rows_T = multiply_2_steps_steps_rows.T
    dreader_W_c = multiply_2_steps_steps_rows_T @ reader_xc_steps_steps_rows  # matrix product
    sum_2_steps_wide = np.expand_dims(np.sum(dreader_c_hat_add_steps_steps_steps, axis=(1, 3)), 2)
    dreader_b_c = np.sum(sum_2_steps_wide, axis=0)  # addition, summed where it was broadcast
    add_steps_rows = np.reshape(np.swapaxes(dhead_scores_steps_steps_steps, -1, -2), (T_2, T * m, n_c))
    add_steps_steps_rows = np.reshape(add_steps_rows, (T * T_2 * m, n_c))
    add_steps_steps_rows_T = add_steps_steps_rows.T
    residual_rows_2 = np.reshape(np.swapaxes(reader_a_steps_steps, -1, -2), (T_2, T * m, n_a))
    reader_a_steps_steps_rows = np.reshape(residual_rows_2, (T * T_2 * m, n_a))
    dhead_W = add_steps_steps_rows_T @ reader_a_steps_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dhead_b = np.sum(np.expand_dims(np.sum(dhead_scores_steps_steps_steps, axis=(1, 3)), 2), axis=0)

    return Gradients(
        Parameters(
            reader=ReaderParameters(W_g=dreader_W_g, b_g=dreader_b_g, W_c=dreader_W_c, b_c=dreader_b_c),
            head=HeadParameters(W=dhead_W, b=dhead_b),
        ),
        Inputs(characters=None, target=None),
        State(a=da_2, c=dc_2),
    )
