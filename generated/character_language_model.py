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

import sys
from typing import Annotated, Any, NamedTuple

import numpy as np


class ReaderParameters(NamedTuple):
    """What reader, which is lstm, learns."""

    W_g: Annotated[np.ndarray, "[3*n_a, n_a + n_c]"]
    b_g: Annotated[np.ndarray, "[3*n_a, 1]"]
    W_c: Annotated[np.ndarray, "[n_a, n_a + n_c]"]
    b_c: Annotated[np.ndarray, "[n_a, 1]"]


class HeadParameters(NamedTuple):
    """What head, which is softmax_cross_entropy, learns."""

    W: Annotated[np.ndarray, "[n_c, n_a]"]
    b: Annotated[np.ndarray, "[n_c, 1]"]


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    reader: ReaderParameters
    head: HeadParameters


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    characters: Annotated[np.ndarray, "int[T, m]"]
    target: Annotated[np.ndarray, "int[T, m]"]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    a: Annotated[np.ndarray, "[n_a, m]"]
    c: Annotated[np.ndarray, "[n_a, m]"]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: Annotated[np.ndarray, "[]"]
    scores: Annotated[np.ndarray, "[T, n_c, m]"]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs
    state: State


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    where_rows: Annotated[np.ndarray, "[T*m, n_c]"]
    W_packed: Annotated[np.ndarray, "[4*n_a, n_a]"]
    where_2_T: Annotated[np.ndarray, "[T, m, n_c]"]
    reader_a_steps_rows: Annotated[np.ndarray, "[T*m, n_a]"]
    log_softmax_2_steps: Annotated[np.ndarray, "[T, m, n_c]"]
    reader_c_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_gate_1_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_gate_2_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_gate_3_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_c_hat_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_c_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_a_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    where_rows: Annotated[np.ndarray, "[T*T_2*m, n_c]"]
    W_packed: Annotated[np.ndarray, "[4*n_a, n_a]"]
    where_2_T_steps: Annotated[np.ndarray, "[T_2, T, m, n_c]"]
    log_softmax_2_steps_2: Annotated[np.ndarray, "[T_2, T, m, n_c]"]
    reader_c_prev_steps_2: Annotated[np.ndarray, "[T_2, T, m, n_a]"]
    reader_gate_1_steps_2: Annotated[np.ndarray, "[T_2, T, m, n_a]"]
    reader_gate_2_steps_2: Annotated[np.ndarray, "[T_2, T, m, n_a]"]
    reader_gate_3_steps_2: Annotated[np.ndarray, "[T_2, T, m, n_a]"]
    reader_c_hat_steps_2: Annotated[np.ndarray, "[T_2, T, m, n_a]"]
    reader_c_steps_2: Annotated[np.ndarray, "[T_2, T, m, n_a]"]
    reader_a_prev_steps_2: Annotated[np.ndarray, "[T_2, T, m, n_a]"]
    reader_a_steps_rows_steps: Annotated[np.ndarray, "[T_2, T*m, n_a]"]


class Workspace:
    """Room that calls share: hand one to every call, and calls of the same sizes allocate next to nothing.

    It serves one call at a time.  What a call returns is written over only when nobody holds it any more.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}
        self._results: dict[str, list[np.ndarray]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The array of a name, with whatever the last call left in it."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.empty(shape, dtype)
        return array

    def result(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array to return: one that an earlier call returned if nobody holds it or a view of it, or a new one."""
        results = self._results.setdefault(name, [])
        for at in range(len(results)):  # by number, since a variable would hold it too
            held = sys.getrefcount(results[at]) > 2  # by more than the list, and this very call
            fits = results[at].shape == shape and results[at].dtype == dtype and results[at].flags.writeable
            if fits and not held:
                return results[at]
        results.append(np.empty(shape, dtype))
        del results[:-2]  # one that the caller still holds, and this one
        return results[-1]


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


def forward(
    parameters: Parameters,
    inputs: Inputs,
    state: State,
    workspace: Workspace | None = None,
) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. steps = scan(reader, x=one_hot(characters, n_c, axis=1), a=a_prev, c=c_prev)
    2. a = steps.final.a
    3. c = steps.final.c
    4. result = scan(head, h=steps.a, target=one_hot(target, n_c, axis=1))
    5. loss = mean(result.loss)
    6. scores = result.scores
    """
    dtype = _FORWARD.check(parameters, inputs, state)
    reader_W_g, reader_b_g, reader_W_c, reader_b_c = parameters.reader
    head_W, head_b = parameters.head
    characters, target = inputs
    a_prev, c_prev = state
    n_a = reader_W_c.shape[0]  # hidden units
    n_c = head_W.shape[0]      # characters known
    T, m = characters.shape    # steps, batch
    workspace = Workspace() if workspace is None else workspace

    # for every step at once: no later step reads it
    where = np.where(characters[:, None] == np.arange(n_c)[:, None], 1, 0).astype(dtype)
    where_T = np.swapaxes(where, -1, -2)
    where_rows = np.reshape(where_T, (T * m, n_c))
    reader_x_W = workspace.array("forward.reader_x_W", (T, m, 4 * n_a), dtype)
    np.matmul(where_rows,
        np.concatenate([reader_W_g[:, n_a:], reader_W_c[:, n_a:]], axis=0).T,
        out=np.reshape(reader_x_W, (T * m, 4 * n_a)))
    np.add(reader_x_W, np.concatenate([reader_b_g, reader_b_c], axis=0).T, out=reader_x_W)
    W_packed = workspace.result("forward.W_packed", (4 * n_a, n_a), dtype)
    np.concatenate([reader_W_g[:, :n_a], reader_W_c[:, :n_a]], axis=0, out=W_packed)

    # room for every step and for one; the workspace's is written again by the next call
    reader_a_states = workspace.result("forward.reader_a_states", (T + 1, m, n_a), dtype)
    reader_a_states[0] = a_prev.T
    reader_c_states = workspace.result("forward.reader_c_states", (T + 1, m, n_a), dtype)
    reader_c_states[0] = c_prev.T
    reader_gate_1_steps, reader_gate_2_steps, reader_gate_3_steps = (
        workspace.result("forward.reader_gate_1_steps", (3, T, m, n_a), dtype)
    )
    reader_c_hat_steps = workspace.result("forward.reader_c_hat_steps", (T, m, n_a), dtype)
    work = workspace.array("forward.work", (m, 4 * n_a), dtype)
    work_2, work_3 = workspace.array("forward.work_2", (2, m, n_a), dtype)
    for t in range(T):
        add_2 = reader_x_W[t]
        reader_a_prev = reader_a_states[t]
        reader_c_prev = reader_c_states[t]

        np.matmul(reader_a_prev, W_packed.T, out=work)
        np.add(add_2, work, out=work)

        # reader: gate = sigmoid(W_g @ xc + b_g)
        reader_gate_1 = sigmoid_into(work[:, :n_a], reader_gate_1_steps[t])
        reader_gate_2 = sigmoid_into(work[:, n_a:2 * n_a], reader_gate_2_steps[t])
        reader_gate_3 = sigmoid_into(work[:, 2 * n_a:3 * n_a], reader_gate_3_steps[t])

        # reader: c_hat = tanh(W_c @ xc + b_c)
        reader_c_hat = np.tanh(work[:, 3 * n_a:], out=reader_c_hat_steps[t])

        # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        np.multiply(reader_gate_1, reader_c_hat, out=work_2)
        np.multiply(reader_gate_2, reader_c_prev, out=work_3)
        reader_c = np.add(work_2, work_3, out=reader_c_states[t + 1])

        # reader: a = gate[2*n_a:] * tanh(c)
        np.tanh(reader_c, out=work_2)
        np.multiply(reader_gate_3, work_2, out=reader_a_states[t + 1])  # reader_a

    a = reader_a_states[-1].copy().T
    c = reader_c_states[-1].copy().T

    # for every step at once: no later step reads it
    where_2 = np.where(target[:, None] == np.arange(n_c)[:, None], 1, 0).astype(dtype)
    where_2_T = np.swapaxes(where_2, -1, -2)
    reader_a_steps_rows = np.reshape(reader_a_states[1:], (T * m, n_a))
    matmul_3_steps = workspace.array("forward.matmul_3_steps", (T, m, n_c), dtype)
    np.matmul(reader_a_steps_rows, head_W.T, out=np.reshape(matmul_3_steps, (T * m, n_c)))
    head_scores = workspace.result("forward.head_scores", (T, m, n_c), dtype)
    np.add(matmul_3_steps, head_b.T, out=head_scores)
    log_softmax_2_steps = log_softmax(head_scores, axis=2)
    multiply_steps = workspace.array("forward.multiply_steps", (T, m, n_c), dtype)
    np.multiply(where_2_T, log_softmax_2_steps, out=multiply_steps)
    negative_steps = workspace.array("forward.negative_steps", (T,), dtype)
    np.negative(np.sum(np.swapaxes(multiply_steps, -1, -2), axis=(1, 2)),
        out=negative_steps)
    np.divide(negative_steps, m, out=negative_steps)
    scores = np.swapaxes(head_scores, -1, -2)

    # 5. loss = mean(result.loss)
    loss = np.mean(negative_steps)

    return (
        Outputs(loss=loss, scores=scores),
        State(a=a, c=c),
        Residuals(
            where_rows=where_rows, W_packed=W_packed, where_2_T=where_2_T,
            reader_a_steps_rows=reader_a_steps_rows, log_softmax_2_steps=log_softmax_2_steps,
            reader_c_prev_steps=reader_c_states[:-1], reader_gate_1_steps=reader_gate_1_steps,
            reader_gate_2_steps=reader_gate_2_steps, reader_gate_3_steps=reader_gate_3_steps,
            reader_c_hat_steps=reader_c_hat_steps, reader_c_steps=reader_c_states[1:],
            reader_a_prev_steps=reader_a_states[:-1],
        ),
    )


def backward(
    parameters: Parameters,
    residuals: Residuals,
    d_outputs: Outputs | None = None,
    d_state: State | None = None,
    workspace: Workspace | None = None,
) -> Gradients:
    """The gradients of one step, from the cotangents of its results.

    A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    d_state = State(None, None) if d_state is None else d_state
    dtype = _BACKWARD.check(parameters, residuals, d_outputs, d_state)
    (
        where_rows, W_packed, where_2_T, reader_a_steps_rows, log_softmax_2_steps, reader_c_prev_steps,
        reader_gate_1_steps, reader_gate_2_steps, reader_gate_3_steps, reader_c_hat_steps, reader_c_steps,
        reader_a_prev_steps,
    ) = residuals
    head_W = parameters.head.W
    n_c = where_rows.shape[1]  # characters known
    n_a = W_packed.shape[1]    # hidden units
    T = where_2_T.shape[0]     # steps
    m = where_2_T.shape[1]     # batch
    workspace = Workspace() if workspace is None else workspace

    # the cotangents handed in; None counts as zero
    dloss = _cotangent(d_outputs.loss, (), dtype)
    dscores = _cotangent(d_outputs.scores, (T, n_c, m), dtype)
    da = _cotangent(d_state.a, (n_a, m), dtype)
    dc = _cotangent(d_state.c, (n_a, m), dtype)

    # 5. loss = mean(result.loss)
    dhead_loss_divide = np.broadcast_to((dloss / T)[None], (T,))  # mean
    dhead_scores = np.swapaxes(dscores, -1, -2)  # transpose

    # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
    dnegative_steps = workspace.array("backward.dnegative_steps", (T,), dtype)
    np.divide(dhead_loss_divide, m, out=dnegative_steps)      # quotient
    np.negative(dnegative_steps, out=dnegative_steps)         # negative
    dmultiply_steps_T = np.broadcast_to(dnegative_steps[:, None, None], (T, n_c, m))  # sum
    dmultiply_steps = np.swapaxes(dmultiply_steps_T, -1, -2)  # transpose
    dlog_softmax_2_steps = workspace.array("backward.dlog_softmax_2_steps", (T, m, n_c), dtype)
    np.multiply(dmultiply_steps, where_2_T, out=dlog_softmax_2_steps)  # hadamard
    dhead_loss_exp = workspace.array("backward.dhead_loss_exp", (T, m, n_c), dtype)
    np.exp(log_softmax_2_steps, out=dhead_loss_exp)
    np.multiply(dhead_loss_exp, np.sum(dlog_softmax_2_steps, axis=2, keepdims=True),
        out=dhead_loss_exp)
    np.subtract(dlog_softmax_2_steps, dhead_loss_exp, out=dhead_loss_exp)  # log_softmax

    # head: scores = W @ h + b
    np.add(dhead_scores, dhead_loss_exp, out=dhead_loss_exp)  # split: the sum over its uses
    db_T = np.sum(dhead_loss_exp, axis=(0, 1))[None]          # addition, summed where it was broadcast
    dhead_b = db_T.T                                          # transpose
    dmatmul = np.reshape(dhead_loss_exp, (T * m, n_c))        # reshape
    dreader_a_steps = workspace.array("backward.dreader_a_steps", (T, m, n_a), dtype)
    np.matmul(dmatmul, head_W, out=np.reshape(dreader_a_steps, (T * m, n_a)))  # matrix product
    dhead_W = workspace.result("backward.dhead_W", (n_c, n_a), dtype)
    np.matmul(dmatmul.T, reader_a_steps_rows, out=dhead_W)    # transpose
    dreader_c_final = dc.T                                    # transpose
    dreader_a_final = da.T                                    # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dreader_a_state = np.array(dreader_a_final, dtype, order="C")
    dreader_c_state = np.array(dreader_c_final, dtype, order="C")
    dsums_steps = workspace.array("backward.dsums_steps", (T, m, 4 * n_a), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward.work", (5, m, n_a), dtype)
    for t in reversed(range(T)):
        dreader_a_output = dreader_a_steps[t]
        reader_c_prev = reader_c_prev_steps[t]
        reader_gate_1 = reader_gate_1_steps[t]
        reader_gate_2 = reader_gate_2_steps[t]
        reader_gate_3 = reader_gate_3_steps[t]
        reader_c_hat = reader_c_hat_steps[t]
        reader_c = reader_c_steps[t]

        # reader: a = gate[2*n_a:] * tanh(c)
        # split: the sum over its uses
        dreader_a = np.add(dreader_a_state, dreader_a_output, out=dreader_a_state)
        np.tanh(reader_c, out=work)
        dreader_gate_3 = np.multiply(dreader_a, work, out=work_2)  # hadamard
        dtanh_reader_c = np.multiply(dreader_a, reader_gate_3, out=dreader_a_state)  # hadamard
        np.multiply(work, work, out=work)
        np.subtract(1, work, out=work)
        dreader_c_reader_a = np.multiply(dtanh_reader_c, work, out=dreader_a_state)  # tanh

        # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        # split: the sum over its uses
        dreader_c = np.add(dreader_c_state, dreader_c_reader_a, out=dreader_c_state)
        dreader_gate_2 = np.multiply(dreader_c, reader_c_prev, out=work)  # hadamard
        dreader_gate_1 = np.multiply(dreader_c, reader_c_hat, out=work_3)  # hadamard
        dreader_c_hat = np.multiply(dreader_c, reader_gate_1, out=work_4)  # hadamard
        np.multiply(dreader_c, reader_gate_2, out=dreader_c_state)  # dreader_c_prev: hadamard

        # reader: c_hat = tanh(W_c @ xc + b_c)
        np.multiply(reader_c_hat, reader_c_hat, out=work_5)
        np.subtract(1, work_5, out=work_5)
        dsums = dsums_steps[t]
        np.multiply(dreader_c_hat, work_5, out=dsums[:, 3 * n_a:])  # dreader_c_hat_slice: tanh

        # reader: gate = sigmoid(W_g @ xc + b_g)
        np.subtract(1, reader_gate_3, out=work_4)
        np.multiply(reader_gate_3, work_4, out=work_4)
        np.multiply(dreader_gate_3, work_4, out=dsums[:, 2 * n_a:3 * n_a])  # dpart_3: sigmoid
        np.subtract(1, reader_gate_2, out=work_2)
        np.multiply(reader_gate_2, work_2, out=work_2)
        np.multiply(dreader_gate_2, work_2, out=dsums[:, n_a:2 * n_a])  # dpart_2: sigmoid
        np.subtract(1, reader_gate_1, out=work)
        np.multiply(reader_gate_1, work, out=work)
        np.multiply(dreader_gate_1, work, out=dsums[:, :n_a])  # dpart: sigmoid
        np.matmul(dsums, W_packed, out=dreader_a_state)        # dreader_a_prev: matrix product

    # for every step at once: no later step reads it
    dmatmul_2 = np.reshape(dsums_steps, (T * m, 4 * n_a))
    dW_packed = dmatmul_2.T @ np.reshape(reader_a_prev_steps, (T * m, n_a))  # transpose
    dreader_W_g_2 = dW_packed[:3 * n_a]                   # concat
    dreader_W_c_2 = dW_packed[3 * n_a:]                   # concat
    db_packed_T = np.sum(dsums_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed = db_packed_T.T                             # transpose
    dreader_b_g = db_packed[:3 * n_a]                     # concat
    dreader_b_c = db_packed[3 * n_a:]                     # concat
    dW_packed_2 = dmatmul_2.T @ where_rows                # transpose
    dreader_W_g_1 = dW_packed_2[:3 * n_a]                 # concat
    dreader_W_c_1 = dW_packed_2[3 * n_a:]                 # concat
    dc_prev = dreader_c_state.T                           # transpose
    da_prev = dreader_a_state.T                           # transpose
    dreader_W_c = workspace.result("backward.dreader_W_c", (n_a, n_a + n_c), dtype)
    np.concatenate([dreader_W_c_2, dreader_W_c_1], axis=1, out=dreader_W_c)  # split: side by side
    dreader_W_g = workspace.result("backward.dreader_W_g", (3 * n_a, n_a + n_c), dtype)
    np.concatenate([dreader_W_g_2, dreader_W_g_1], axis=1, out=dreader_W_g)  # split: side by side

    return Gradients(
        Parameters(
            reader=ReaderParameters(W_g=dreader_W_g, b_g=dreader_b_g, W_c=dreader_W_c, b_c=dreader_b_c),
            head=HeadParameters(W=dhead_W, b=dhead_b),
        ),
        Inputs(characters=None, target=None),
        State(a=da_prev, c=dc_prev),
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
    dtype = _FORWARD_SEQUENCE.check(parameters, inputs, state)
    reader_W_g, reader_b_g, reader_W_c, reader_b_c = parameters.reader
    head_W, head_b = parameters.head
    n_a = reader_W_c.shape[0]            # hidden units
    n_c = head_W.shape[0]                # characters known
    T_2, T, m = inputs.characters.shape  # steps, steps, batch
    workspace = Workspace() if workspace is None else workspace

    # for every step at once: does not read the state
    where = np.where(inputs.characters[:, :, None] == np.arange(n_c)[:, None], 1, 0).astype(dtype)
    where_T = np.swapaxes(where, -1, -2)
    where_rows = np.reshape(where_T, (T * T_2 * m, n_c))
    matmul_4 = workspace.array("forward_sequence.matmul_4", (T * T_2 * m, 4 * n_a), dtype)
    np.matmul(where_rows,
        np.concatenate([reader_W_g[:, n_a:], reader_W_c[:, n_a:]], axis=0).T,
        out=matmul_4)

    # once for all steps: the same at each
    b_packed = np.concatenate([reader_b_g, reader_b_c], axis=0)
    W_packed = workspace.result("forward_sequence.W_packed", (4 * n_a, n_a), dtype)
    np.concatenate([reader_W_g[:, :n_a], reader_W_c[:, :n_a]], axis=0, out=W_packed)

    # for every step at once: does not read the state
    matmul_steps = np.reshape(matmul_4, (T_2, T * m, 4 * n_a))

    # room for every step and for one; the workspace's is written again by the next call
    a_prev = np.array(state.a, dtype, order="C")
    c_prev = np.array(state.c, dtype, order="C")
    loss_steps = workspace.result("forward_sequence.loss_steps", (T_2,), dtype)
    scores_steps = workspace.result("forward_sequence.scores_steps", (T_2, T, n_c, m), dtype)
    where_2_T_steps, log_softmax_2_steps_2 = (
        workspace.result("forward_sequence.where_2_T_steps", (2, T_2, T, m, n_c), dtype)
    )
    reader_c_prev_steps_2, reader_gate_1_steps_2 = (
        workspace.result("forward_sequence.reader_c_prev_steps_2", (2, T_2, T, m, n_a), dtype)
    )
    reader_gate_2_steps_2, reader_gate_3_steps_2 = (
        workspace.result("forward_sequence.reader_gate_2_steps_2", (2, T_2, T, m, n_a), dtype)
    )
    reader_c_hat_steps_2, reader_c_steps_2, reader_a_prev_steps_2 = (
        workspace.result("forward_sequence.reader_c_hat_steps_2", (3, T_2, T, m, n_a), dtype)
    )
    reader_a_steps_rows_steps = (
        workspace.result("forward_sequence.reader_a_steps_rows_steps", (T_2, T * m, n_a), dtype)
    )
    reader_a_states = workspace.array("forward_sequence.reader_a_states", (T + 1, m, n_a), dtype)
    reader_c_states = workspace.array("forward_sequence.reader_c_states", (T + 1, m, n_a), dtype)
    work_2 = workspace.array("forward_sequence.work_2", (m, 4 * n_a), dtype)
    work_3, work_4 = workspace.array("forward_sequence.work_3", (2, m, n_a), dtype)
    work = workspace.array("forward_sequence.work", (T, m, 4 * n_a), dtype)
    work_5 = workspace.array("forward_sequence.work_5", (T * m, n_c), dtype)
    work_6, work_7 = workspace.array("forward_sequence.work_6", (2, T, m, n_c), dtype)
    work_8 = workspace.array("forward_sequence.work_8", (T,), dtype)
    for t in range(T_2):
        target = inputs.target[t]
        matmul_2 = matmul_steps[t]

        # for every step at once: no later step reads it
        np.add(np.reshape(matmul_2, (T, m, 4 * n_a)), b_packed.T, out=work)

        # of the loop within: what it starts from, and where it keeps what is read later
        reader_a_states[0] = a_prev.T
        reader_c_states[0] = c_prev.T
        reader_gate_1_steps = reader_gate_1_steps_2[t]
        reader_gate_2_steps = reader_gate_2_steps_2[t]
        reader_gate_3_steps = reader_gate_3_steps_2[t]
        reader_c_hat_steps = reader_c_hat_steps_2[t]
        for t_2 in range(T):
            add_2 = work[t_2]
            reader_a_prev = reader_a_states[t_2]
            reader_c_prev = reader_c_states[t_2]

            np.matmul(reader_a_prev, W_packed.T, out=work_2)
            np.add(add_2, work_2, out=work_2)

            # reader: gate = sigmoid(W_g @ xc + b_g)
            reader_gate_1 = sigmoid_into(work_2[:, :n_a], reader_gate_1_steps[t_2])
            reader_gate_2 = sigmoid_into(work_2[:, n_a:2 * n_a], reader_gate_2_steps[t_2])
            reader_gate_3 = sigmoid_into(work_2[:, 2 * n_a:3 * n_a], reader_gate_3_steps[t_2])

            # reader: c_hat = tanh(W_c @ xc + b_c)
            reader_c_hat = np.tanh(work_2[:, 3 * n_a:], out=reader_c_hat_steps[t_2])

            # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
            np.multiply(reader_gate_1, reader_c_hat, out=work_3)
            np.multiply(reader_gate_2, reader_c_prev, out=work_4)
            reader_c = np.add(work_3, work_4, out=reader_c_states[t_2 + 1])

            # reader: a = gate[2*n_a:] * tanh(c)
            np.tanh(reader_c, out=work_3)
            np.multiply(reader_gate_3, work_3, out=reader_a_states[t_2 + 1])  # reader_a

        a = reader_a_states[-1].T
        c = reader_c_states[-1].T

        # for every step at once: no later step reads it
        where_2 = np.where(target[:, None] == np.arange(n_c)[:, None], 1, 0).astype(dtype)
        where_2_T = np.swapaxes(where_2, -1, -2)
        reader_a_steps_rows = np.reshape(reader_a_states[1:], (T * m, n_a))
        np.matmul(reader_a_steps_rows, head_W.T, out=work_5)
        head_scores = np.add(np.reshape(work_5, (T, m, n_c)), head_b.T, out=work_6)
        log_softmax_2_steps = log_softmax(head_scores, axis=2)
        np.multiply(where_2_T, log_softmax_2_steps, out=work_7)
        np.negative(np.sum(np.swapaxes(work_7, -1, -2), axis=(1, 2)), out=work_8)
        np.divide(work_8, m, out=work_8)
        scores = np.swapaxes(head_scores, -1, -2)

        # 5. loss = mean(result.loss)
        loss = np.mean(work_8)

        # of this step: what is kept, and what the next one starts from
        loss_steps[t] = loss
        scores_steps[t] = scores
        where_2_T_steps[t] = where_2_T
        log_softmax_2_steps_2[t] = log_softmax_2_steps
        reader_a_steps_rows_steps[t] = reader_a_steps_rows
        reader_c_prev_steps_2[t] = reader_c_states[:-1]
        reader_c_steps_2[t] = reader_c_states[1:]
        reader_a_prev_steps_2[t] = reader_a_states[:-1]
        a_prev[...] = a
        c_prev[...] = c

    return (
        Outputs(loss=loss_steps, scores=scores_steps),
        State(a=a_prev, c=c_prev),
        SequenceResiduals(
            where_rows=where_rows, W_packed=W_packed, where_2_T_steps=where_2_T_steps,
            log_softmax_2_steps_2=log_softmax_2_steps_2, reader_c_prev_steps_2=reader_c_prev_steps_2,
            reader_gate_1_steps_2=reader_gate_1_steps_2, reader_gate_2_steps_2=reader_gate_2_steps_2,
            reader_gate_3_steps_2=reader_gate_3_steps_2, reader_c_hat_steps_2=reader_c_hat_steps_2,
            reader_c_steps_2=reader_c_steps_2, reader_a_prev_steps_2=reader_a_prev_steps_2,
            reader_a_steps_rows_steps=reader_a_steps_rows_steps,
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
    dtype = _BACKWARD_SEQUENCE.check(parameters, residuals, d_outputs, d_final)
    (
        where_rows, W_packed, where_2_T_steps, log_softmax_2_steps_2, reader_c_prev_steps_2,
        reader_gate_1_steps_2, reader_gate_2_steps_2, reader_gate_3_steps_2, reader_c_hat_steps_2,
        reader_c_steps_2, reader_a_prev_steps_2, reader_a_steps_rows_steps,
    ) = residuals
    head_W = parameters.head.W
    n_c = where_rows.shape[1]       # characters known
    n_a = W_packed.shape[1]         # hidden units
    T_2 = where_2_T_steps.shape[0]  # steps
    T = where_2_T_steps.shape[1]    # steps
    m = where_2_T_steps.shape[2]    # batch
    workspace = Workspace() if workspace is None else workspace

    # the cotangents handed in; None counts as zero
    dloss_steps = _cotangent(d_outputs.loss, (T_2,), dtype)
    dscores_steps = _cotangent(d_outputs.scores, (T_2, T, n_c, m), dtype)
    da = _cotangent(d_final.a, (n_a, m), dtype)
    dc = _cotangent(d_final.c, (n_a, m), dtype)

    # room for every step and for one; the workspace's is written again by the next call
    da_2 = np.array(da, dtype, order="C")
    dc_2 = np.array(dc, dtype, order="C")
    db_packed_T_2 = np.zeros((1, 4 * n_a), dtype)
    db_T_2 = np.zeros((1, n_c), dtype)
    dmatmul_2_steps = workspace.array("backward_sequence.dmatmul_2_steps", (T_2, T * m, 4 * n_a), dtype)
    dhead_scores_steps = workspace.array("backward_sequence.dhead_scores_steps", (T_2, T, m, n_c), dtype)
    dreader_a_state = workspace.array("backward_sequence.dreader_a_state", (m, n_a), dtype)
    dreader_c_state = workspace.array("backward_sequence.dreader_c_state", (m, n_a), dtype)
    dsums_steps = workspace.array("backward_sequence.dsums_steps", (T, m, 4 * n_a), dtype)
    work_5, work_6, work_7, work_8, work_9 = workspace.array("backward_sequence.work_5", (5, m, n_a), dtype)
    work = workspace.array("backward_sequence.work", (T,), dtype)
    work_2, work_3 = workspace.array("backward_sequence.work_2", (2, T, m, n_c), dtype)
    work_4 = workspace.array("backward_sequence.work_4", (T * m, n_a), dtype)
    for t in reversed(range(T_2)):
        dloss = dloss_steps[t]
        dscores = dscores_steps[t]
        where_2_T = where_2_T_steps[t]
        log_softmax_2_steps = log_softmax_2_steps_2[t]
        reader_c_prev_steps = reader_c_prev_steps_2[t]
        reader_gate_1_steps = reader_gate_1_steps_2[t]
        reader_gate_2_steps = reader_gate_2_steps_2[t]
        reader_gate_3_steps = reader_gate_3_steps_2[t]
        reader_c_hat_steps = reader_c_hat_steps_2[t]
        reader_c_steps = reader_c_steps_2[t]

        # 5. loss = mean(result.loss)
        dhead_loss_divide = np.broadcast_to((dloss / T)[None], (T,))  # mean
        dhead_scores = np.swapaxes(dscores, -1, -2)  # transpose

        # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
        dnegative_steps = np.divide(dhead_loss_divide, m, out=work)  # quotient
        dtotal_steps = np.negative(dnegative_steps, out=work)     # negative
        dmultiply_steps_T = np.broadcast_to(dtotal_steps[:, None, None], (T, n_c, m))  # sum
        dmultiply_steps = np.swapaxes(dmultiply_steps_T, -1, -2)  # transpose
        dlog_softmax_2_steps = np.multiply(dmultiply_steps, where_2_T, out=work_2)  # hadamard
        np.exp(log_softmax_2_steps, out=work_3)
        np.multiply(work_3, np.sum(dlog_softmax_2_steps, axis=2, keepdims=True), out=work_3)
        dhead_scores_head_loss = np.subtract(dlog_softmax_2_steps, work_3, out=work_2)  # log_softmax

        # head: scores = W @ h + b
        # split: the sum over its uses
        dhead_scores_2 = np.add(dhead_scores, dhead_scores_head_loss, out=dhead_scores_steps[t])
        db_T_2 += np.sum(dhead_scores_2, axis=(0, 1))[None]   # addition, summed where it was broadcast
        dmatmul_3 = np.reshape(dhead_scores_2, (T * m, n_c))  # reshape
        dreader_a_steps_rows = np.matmul(dmatmul_3, head_W, out=work_4)  # matrix product
        dreader_a_steps = np.reshape(dreader_a_steps_rows, (T, m, n_a))  # reshape
        dreader_c_final = dc_2.T                              # transpose
        dreader_a_final = da_2.T                              # transpose

        # of the loop within: what it starts from, and where it keeps what is read later
        dreader_a_state[...] = dreader_a_final
        dreader_c_state[...] = dreader_c_final
        for t_2 in reversed(range(T)):
            dreader_a_output = dreader_a_steps[t_2]
            reader_c_prev = reader_c_prev_steps[t_2]
            reader_gate_1 = reader_gate_1_steps[t_2]
            reader_gate_2 = reader_gate_2_steps[t_2]
            reader_gate_3 = reader_gate_3_steps[t_2]
            reader_c_hat = reader_c_hat_steps[t_2]
            reader_c = reader_c_steps[t_2]

            # reader: a = gate[2*n_a:] * tanh(c)
            # split: the sum over its uses
            dreader_a = np.add(dreader_a_state, dreader_a_output, out=dreader_a_state)
            np.tanh(reader_c, out=work_5)
            dreader_gate_3 = np.multiply(dreader_a, work_5, out=work_6)  # hadamard
            dtanh_reader_c = np.multiply(dreader_a, reader_gate_3, out=dreader_a_state)  # hadamard
            np.multiply(work_5, work_5, out=work_5)
            np.subtract(1, work_5, out=work_5)
            dreader_c_reader_a = np.multiply(dtanh_reader_c, work_5, out=dreader_a_state)  # tanh

            # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
            # split: the sum over its uses
            dreader_c = np.add(dreader_c_state, dreader_c_reader_a, out=dreader_c_state)
            dreader_gate_2 = np.multiply(dreader_c, reader_c_prev, out=work_5)  # hadamard
            dreader_gate_1 = np.multiply(dreader_c, reader_c_hat, out=work_7)  # hadamard
            dreader_c_hat = np.multiply(dreader_c, reader_gate_1, out=work_8)  # hadamard
            np.multiply(dreader_c, reader_gate_2, out=dreader_c_state)  # dreader_c_prev: hadamard

            # reader: c_hat = tanh(W_c @ xc + b_c)
            np.multiply(reader_c_hat, reader_c_hat, out=work_9)
            np.subtract(1, work_9, out=work_9)
            dsums = dsums_steps[t_2]
            np.multiply(dreader_c_hat, work_9, out=dsums[:, 3 * n_a:])  # dreader_c_hat_slice: tanh

            # reader: gate = sigmoid(W_g @ xc + b_g)
            np.subtract(1, reader_gate_3, out=work_8)
            np.multiply(reader_gate_3, work_8, out=work_8)
            np.multiply(dreader_gate_3, work_8, out=dsums[:, 2 * n_a:3 * n_a])  # dpart_3: sigmoid
            np.subtract(1, reader_gate_2, out=work_6)
            np.multiply(reader_gate_2, work_6, out=work_6)
            np.multiply(dreader_gate_2, work_6, out=dsums[:, n_a:2 * n_a])  # dpart_2: sigmoid
            np.subtract(1, reader_gate_1, out=work_5)
            np.multiply(reader_gate_1, work_5, out=work_5)
            np.multiply(dreader_gate_1, work_5, out=dsums[:, :n_a])  # dpart: sigmoid
            np.matmul(dsums, W_packed, out=dreader_a_state)          # dreader_a_prev: matrix product

        db_packed_T_2 += np.sum(dsums_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast

        # for every step at once: no later step reads it
        dmatmul_2 = np.reshape(dsums_steps, (T * m, 4 * n_a))
        dc_prev = dreader_c_state.T  # transpose
        da_prev = dreader_a_state.T  # transpose

        # of this step: what is kept, and what the next one starts from
        dmatmul_2_steps[t] = dmatmul_2
        da_2[...] = da_prev
        dc_2[...] = dc_prev

    dhead_b = db_T_2.T  # transpose

    # for every step at once: no later step reads it
    reader_a_steps_rows_steps_rows = np.reshape(reader_a_steps_rows_steps, (T * T_2 * m, n_a))
    dhead_W = workspace.result("backward_sequence.dhead_W", (n_c, n_a), dtype)
    # transpose
    np.matmul(np.reshape(dhead_scores_steps, (T * T_2 * m, n_c)).T,
        reader_a_steps_rows_steps_rows,
        out=dhead_W)
    dmatmul_4 = np.reshape(dmatmul_2_steps, (T * T_2 * m, 4 * n_a))
    dW_packed = dmatmul_4.T @ np.reshape(reader_a_prev_steps_2, (T * T_2 * m, n_a))  # transpose
    dreader_W_g_2 = dW_packed[:3 * n_a]     # concat
    dreader_W_c_2 = dW_packed[3 * n_a:]     # concat
    db_packed = db_packed_T_2.T             # transpose
    dreader_b_g = db_packed[:3 * n_a]       # concat
    dreader_b_c = db_packed[3 * n_a:]       # concat
    dW_packed_2 = dmatmul_4.T @ where_rows  # transpose
    dreader_W_g_1 = dW_packed_2[:3 * n_a]   # concat
    dreader_W_c_1 = dW_packed_2[3 * n_a:]   # concat
    dreader_W_c = workspace.result("backward_sequence.dreader_W_c", (n_a, n_a + n_c), dtype)
    np.concatenate([dreader_W_c_2, dreader_W_c_1], axis=1, out=dreader_W_c)  # split: side by side
    dreader_W_g = workspace.result("backward_sequence.dreader_W_g", (3 * n_a, n_a + n_c), dtype)
    np.concatenate([dreader_W_g_2, dreader_W_g_1], axis=1, out=dreader_W_g)  # split: side by side

    return Gradients(
        Parameters(
            reader=ReaderParameters(W_g=dreader_W_g, b_g=dreader_b_g, W_c=dreader_W_c, b_c=dreader_b_c),
            head=HeadParameters(W=dhead_W, b=dhead_b),
        ),
        Inputs(characters=None, target=None),
        State(a=da_2, c=dc_2),
    )


def trace_nan(
    parameters: Parameters,
    inputs: Inputs,
    state: State,
    d_outputs: Outputs | None = None,
    d_final: State | None = None,
) -> None:
    """Run T_2 steps one by one: FloatingPointError from the operation that makes the first NaN.

    The traceback ends at the operation under its equation; the message tells the element, and what it was made of.
    Then the same for the gradients, if cotangents are given.
    """
    _FORWARD_SEQUENCE.check(parameters, inputs, state)
    kept = []

    for t, step in enumerate(zip(*inputs)):
        where = f"character_language_model.forward at step {t}"
        _, state, residuals = _traced(
            where,
            forward,
            parameters,
            Inputs(*step),
            state,
            workspace=_WatchedWorkspace(),
        )
        kept.append(residuals)

    if d_outputs is None and d_final is None:
        return
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    d_final = State(None, None) if d_final is None else d_final
    for t in reversed(range(len(kept))):
        where = f"character_language_model.backward at step {t}"
        d_step = Outputs(*(None if d is None else d[t] for d in d_outputs))
        d_final = _traced(
            where,
            backward,
            parameters,
            kept[t],
            d_step,
            d_final,
            workspace=_WatchedWorkspace(),
        ).state


# What the functions call.


def _cotangent(value: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A cotangent as an array; None counts as zero."""
    return np.zeros(shape, dtype) if value is None else np.asarray(value, dtype)


def _glorot(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Uniform within sqrt(6 / (fan in + fan out)) of zero (Glorot and Bengio, 2010); shape is [out, in, ...]."""
    fans = (shape[0] + shape[1]) * int(np.prod(shape[2:]))
    limit = np.sqrt(6 / max(1, fans))
    return rng.uniform(-limit, limit, shape).astype(dtype)


class _Shapes:
    """The shapes of what a function is handed, as the annotations of its records have them.

    `steps` is the axis that the inputs and d_outputs of a sequence have before all others.
    """

    def __init__(self, steps: str = "", **records: Any) -> None:
        self.records = records
        self.right: dict[Any, np.dtype[Any]] = {}  # what was found to be right: shapes, dtypes and records
        self.last: tuple[Any, np.dtype[Any]] = ((), np.dtype(float))
        self.fields: list[tuple[str, str, list[str]]] = []
        self.nested = False
        for argument, record in records.items():
            self._enter(argument, record, [steps] if steps and argument in ("inputs", "d_outputs") else [])

    def _enter(self, path: str, record: Any, lead: list[str]) -> None:
        """Enter the fields of a record, and of the records within it."""
        for field, annotation in record.__annotations__.items():
            if hasattr(annotation, "_fields"):
                self.nested = True
                self._enter(f"{path}.{field}", annotation, lead)
                continue
            kind, _, dims = ("size", "", "") if annotation is int else annotation.__metadata__[0].partition("[")
            self.fields.append((f"{path}.{field}", kind, [*lead, *filter(None, dims[:-1].split(", "))]))

    def check(self, *given: Any, **sizes: int) -> np.dtype[Any]:
        """The dtype of all floats; ValueError for the first array that is not what its record says.

        What was found to be right is remembered, so that the next call costs little.
        """
        try:
            arrays = [array for record in given for array in _flat(record)] if self.nested else sum(given, ())
            seen = [getattr(array, "shape", array) for array in arrays]
            seen += [getattr(array, "dtype", type(array)) for array in arrays]
            seen += [*map(type, given), *sizes.values()]
            known, dtype = self.last  # a look that costs less than one into a dict
            if seen == known:
                return dtype
            dtype = self.right[tuple(seen)]
        except (KeyError, TypeError, ValueError):  # seen for the first time, or no records of arrays at all
            dtype = self._compare(given, dict(sizes))
            if len(self.right) >= 1000:
                self.right.clear()
            if all(type(value).__hash__ for value in seen):  # a list can stand for a cotangent that nobody reads
                self.right[tuple(seen)] = dtype
        self.last = seen, dtype
        return dtype

    def _compare(self, given: Any, sizes: dict[str, int]) -> np.dtype[Any]:
        """Compare one array after the other: the first one with a size in its shape tells it to the others."""
        for (argument, record), values in zip(self.records.items(), given):
            _compare_record(argument, record, values)
        rows = [
            (*row, array) for row, array in zip(self.fields, [array for record in given for array in _flat(record)])
        ]
        sizes |= {name.partition(".")[2]: array for name, kind, _, array in rows if kind == "size"}
        rows = [row for row in rows if row[1] != "size" and not _is_left_out(*row)]
        floats = [(name, array.dtype) for name, kind, _, array in rows if not kind and _is_float(array)]
        leader, dtype = floats[0] if floats else ("", np.dtype(float))
        for name, kind, dims, array in rows * 2:  # again when every size is told
            if _fits(array, dims, sizes) and _holds(array, kind, dtype, name):
                continue
            told = [f"{size}={sizes[size]}" for size in dict.fromkeys(_symbols(", ".join(dims))) if size in sizes]
            expected = f"{kind or dtype} of shape [{', '.join(dims)}]{' with ' * bool(told)}{', '.join(told)}"
            why = f", as {leader} is {dtype}" if not kind and _is_float(array) and array.dtype != dtype else ""
            raise ValueError(f"{name} is {_what(array)}, expected {expected}{why}")
        return dtype


def _flat(record: Any) -> Any:
    """The arrays of a record, and of the records within it."""
    for value in record:
        yield from _flat(value) if hasattr(value, "_fields") else [value]


def _compare_record(path: str, record: Any, values: Any) -> None:
    """ValueError unless a value has the fields of a record, and so within it."""
    if getattr(values, "_fields", None) != record._fields:
        raise ValueError(f"{path} is {_what(values)}, expected {record.__name__}({', '.join(record._fields)})")
    for field, annotation in record.__annotations__.items():
        if hasattr(annotation, "_fields"):
            _compare_record(f"{path}.{field}", annotation, getattr(values, field))


def _is_left_out(name: str, kind: str, dims: list[str], array: Any) -> bool:
    """Whether a cotangent is None; integers and booleans have none that is read."""
    return name.startswith("d_") and (array is None or kind != "")


def _what(value: Any) -> str:
    """What was handed in, in a few words."""
    if value is None:
        return "None"
    return f"{value.dtype} of shape {value.shape}" if hasattr(value, "dtype") else f"a {type(value).__name__}"


def _is_float(array: Any) -> bool:
    """Whether a value is an array of floats, or of complex numbers, which the complex step hands in."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "fc"


def _holds(array: Any, kind: str, dtype: Any, name: str) -> bool:
    """Whether an array holds numbers of a kind; a single number adapts, if it is Python's or a cotangent."""
    if not hasattr(array, "dtype") or (name.startswith("d_") and array.ndim == 0):
        return True
    return array.dtype.kind in {"int": "iu", "bool": "b"}[kind] if kind else bool(array.dtype == dtype)


def _fits(array: Any, dims: list[str], sizes: dict[str, int]) -> bool:
    """Whether an array has the shape of some dims; a size that is not known yet is told by it."""
    if not isinstance(array, (np.ndarray, np.generic, float, int)) or np.ndim(array) != len(dims):
        return False
    found = dict(sizes)
    for dim, size in zip(dims, np.shape(array)):
        unknown = [symbol for symbol in _symbols(dim) if symbol not in found]
        if len(unknown) == 1 and "//" not in dim:  # so it is linear in it
            none, one = (_value(dim, {**found, unknown[0]: number}) for number in (0, 1))
            if one != none:
                found[unknown.pop()] = max(0, (size - none) // (one - none))
        if not unknown and _value(dim, found) != size:
            return False
    sizes.update(found)
    return True


def _symbols(dims: str) -> list[str]:
    """The names in some dims."""
    words = dims.translate(str.maketrans("()*/+-,", " " * 7)).split()
    return [word for word in words if not word.isdigit()]


def _value(dim: str, sizes: dict[str, int]) -> int:
    """The value of a dim, a sum of products such as 2*n + 1; a quotient in it stands as ((n - 1)//2)."""
    while "((" in dim:
        before, _, rest = dim.rpartition("((")
        dividend, _, rest = rest.partition(")//")
        divisor, _, after = rest.partition(")")
        dim = f"{before}{_value(dividend, sizes) // int(divisor)}{after}"
    terms = dim.replace(" - ", " + -").replace("-", "-1*").split(" + ")
    return sum(int(np.prod([sizes[f] if f in sizes else int(f) for f in term.split("*")])) for term in terms)


class _Watched(np.ndarray):
    """An array whose operations raise FloatingPointError as soon as there is a NaN in what they compute."""

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        operands, options = _plain(operands), _plain(options)
        if "out" in options:  # which may be one of the operands
            operands = tuple(np.array(operand) for operand in operands)
        result = getattr(ufunc, method)(*operands, **options)
        each = method == "__call__" and ufunc.signature is None  # one element of the result comes from one of each
        return _watched(result, ufunc.__name__, operands if each else ())

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> Any:
        return _watched(function(*_plain(operands), **_plain(options)), function.__name__)


class _WatchedWorkspace(Workspace):
    """Room that is watched as well; zeros, since a NaN that nobody computed would be noticed."""

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        return np.zeros(shape, dtype).view(_Watched)

    result = array


def _plain(value: Any) -> Any:
    """A value with arrays that are not watched, in tuples, lists and dicts too."""
    if isinstance(value, (tuple, list)):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.view(np.ndarray) if isinstance(value, _Watched) else value


def _watched(array: Any, name: str, operands: Any = ()) -> Any:
    """An array, watched from now on; FloatingPointError if there is a NaN in it."""
    if not isinstance(array, (np.ndarray, np.generic)) or array.dtype.kind not in "fc":
        return array
    if np.isnan(array).any():
        index = tuple(np.argwhere(np.isnan(array))[0].tolist())
        values = ", ".join(str(np.broadcast_to(operand, array.shape)[index]) for operand in operands)
        raise FloatingPointError(
            f"{name}{f'({values})' if values else ''} is NaN{f' in element {list(index)}' * bool(index)}"
        )
    return np.asarray(array).view(_Watched)


def _arrays(results: Any, name: str = "") -> Any:
    """The arrays in records, and in records of records, with their names."""
    if not isinstance(results, tuple):
        yield name, results
        return
    fields = getattr(results, "_fields", [""] * len(results))
    for field, value in zip(fields, results):
        yield from _arrays(value, f"{type(results).__name__.lower()}.{field}" if field else name)


def _record_watched(value: Any, name: str) -> Any:
    """An array watched; a record with every array watched, in records within it too."""
    if not hasattr(value, "_fields"):
        return _watched(value, name)
    return type(value)(*(_record_watched(v, f"{name}.{field}") for field, v in zip(value._fields, value)))


def _traced(where: str, function: Any, *records: Any, workspace: Any = None, **sizes: int) -> Any:
    """What a function returns; if there is a NaN in it, FloatingPointError from the operation that made it."""
    room = {} if workspace is None else {"workspace": workspace}
    try:
        with np.errstate(all="ignore"):
            results = function(*records, **sizes)
            if not any(np.isnan(array).any() for _, array in _arrays(results) if array is not None):
                return results
            watched = (_record_watched(record, type(record).__name__.lower()) for record in records)
            function(*watched, **room, **sizes)
            for name, array in _arrays(results):
                _watched(array, name)
    except FloatingPointError as error:
        error.args = (f"{where}: {error}",)
        raise


def sigmoid_into(x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The logistic function of x, written into out."""
    with np.errstate(over="ignore"):  # exp(-x) may be infinite: the quotient is 0 then, as it should be
        np.exp(np.negative(x, out=out), out=out)
    np.add(out, 1, out=out)
    return np.divide(1, out, out=out)


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log(softmax(x)) along an axis, exact where softmax(x) is too small to be a number."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs, state=State)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs, d_state=State)
_FORWARD_SEQUENCE = _Shapes("T_2", parameters=Parameters, inputs=Inputs, state=State)
_BACKWARD_SEQUENCE = _Shapes(
    "T_2", parameters=Parameters, residuals=SequenceResiduals, d_outputs=Outputs, d_final=State,
)
