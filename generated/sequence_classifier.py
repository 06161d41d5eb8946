# Made by graphgen 0.1.0 -O2 from sequence_classifier.yaml (sha256 b6512bdd845bdea3).
# Do not edit: change the spec and build again.
"""A sequence of features is classified as one of several kinds: an LSTM reads it from the beginning
and another from the end, the mean of what they return over the steps of the sequence, as many as
there are, is scored by a dense layer with a softmax. Dropout on that mean has its mask as an input:
0 where a unit is dropped, else 1 / (1 - rate).

Source: Graves and Schmidhuber, "Framewise phoneme classification with bidirectional LSTM", Neural
Networks 2005, here with one label a sequence

Uses:
    forwards: lstm
    backwards: lstm
    head: softmax_cross_entropy

Sizes:
    T: steps
    n_x: input features
    n_a: hidden units
    n_y: classes
    m: sequences
"""

import sys
from typing import Annotated, Any, NamedTuple

import numpy as np


class ForwardsParameters(NamedTuple):
    """What forwards, which is lstm, learns."""

    W_g: Annotated[np.ndarray, "[3*n_a, n_a + n_x]"]
    b_g: Annotated[np.ndarray, "[3*n_a, 1]"]
    W_c: Annotated[np.ndarray, "[n_a, n_a + n_x]"]
    b_c: Annotated[np.ndarray, "[n_a, 1]"]


class BackwardsParameters(NamedTuple):
    """What backwards, which is lstm, learns."""

    W_g: Annotated[np.ndarray, "[3*n_a, n_a + n_x]"]
    b_g: Annotated[np.ndarray, "[3*n_a, 1]"]
    W_c: Annotated[np.ndarray, "[n_a, n_a + n_x]"]
    b_c: Annotated[np.ndarray, "[n_a, 1]"]


class HeadParameters(NamedTuple):
    """What head, which is softmax_cross_entropy, learns."""

    W: Annotated[np.ndarray, "[n_y, 2*n_a]"]
    b: Annotated[np.ndarray, "[n_y, 1]"]


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    forwards: ForwardsParameters
    backwards: BackwardsParameters
    head: HeadParameters


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: Annotated[np.ndarray, "[T, n_x, m]"]
    lengths: Annotated[np.ndarray, "int[m]"]
    target: Annotated[np.ndarray, "[n_y, m]"]
    mask: Annotated[np.ndarray, "[2*n_a, m]"]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: Annotated[np.ndarray, "[]"]
    scores: Annotated[np.ndarray, "[n_y, m]"]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    x: Annotated[np.ndarray, "[T, n_x, m]"]
    target: Annotated[np.ndarray, "[n_y, m]"]
    mask: Annotated[np.ndarray, "[2*n_a, m]"]
    goes_on_steps: Annotated[np.ndarray, "bool[T, m]"]
    W_packed: Annotated[np.ndarray, "[4*n_a, n_x]"]
    W_packed_2: Annotated[np.ndarray, "[4*n_a, n_a]"]
    W_packed_3: Annotated[np.ndarray, "[4*n_a, n_x]"]
    W_packed_4: Annotated[np.ndarray, "[4*n_a, n_a]"]
    sequence_concat: Annotated[np.ndarray, "[2*n_a, m]"]
    sequence_maximum: Annotated[np.ndarray, "[m]"]
    sequence: Annotated[np.ndarray, "[2*n_a, m]"]
    head_loss_log_softmax: Annotated[np.ndarray, "[n_y, m]"]
    forwards_c_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    forwards_gate_1_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    forwards_gate_2_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    forwards_gate_3_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    forwards_c_hat_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    tanh_forwards_c_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    forwards_a_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    backwards_c_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    backwards_gate_1_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    backwards_gate_2_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    backwards_gate_3_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    backwards_c_hat_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    tanh_backwards_c_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    backwards_a_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]


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
    n_x: int,
    n_a: int,
    n_y: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        forwards=ForwardsParameters(
            W_g=_glorot(rng, (3 * n_a, n_a + n_x), dtype),
            b_g=np.zeros((3 * n_a, 1), dtype),
            W_c=_glorot(rng, (n_a, n_a + n_x), dtype),
            b_c=np.zeros((n_a, 1), dtype),
        ),
        backwards=BackwardsParameters(
            W_g=_glorot(rng, (3 * n_a, n_a + n_x), dtype),
            b_g=np.zeros((3 * n_a, 1), dtype),
            W_c=_glorot(rng, (n_a, n_a + n_x), dtype),
            b_c=np.zeros((n_a, 1), dtype),
        ),
        head=HeadParameters(W=_glorot(rng, (n_y, 2 * n_a), dtype), b=np.zeros((n_y, 1), dtype)),
    )


def forward(
    parameters: Parameters,
    inputs: Inputs,
    workspace: Workspace | None = None,
) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. there = scan(forwards, x=x, lengths=lengths)
    2. back = scan(backwards, x=x, lengths=lengths, reverse=True)
    3. sequence = mask * concat(sum(there.a, axis=0), sum(back.a, axis=0)) / maximum(lengths, 1)
    4. result = head(h=sequence, target=target)
    5. loss = result.loss
    6. scores = result.scores
    """
    dtype = _FORWARD.check(parameters, inputs)
    forwards_W_g, forwards_b_g, forwards_W_c, forwards_b_c = parameters.forwards
    backwards_W_g, backwards_b_g, backwards_W_c, backwards_b_c = parameters.backwards
    head_W, head_b = parameters.head
    x, lengths, target, mask = inputs
    n_a = forwards_W_c.shape[0]  # hidden units
    n_y = head_W.shape[0]        # classes
    T, n_x, m = x.shape          # steps, input features, sequences
    workspace = Workspace() if workspace is None else workspace

    # 1. there = scan(forwards, x=x, lengths=lengths)
    goes_on_steps = before_end(lengths, T, 'lengths')

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(x, -1, -2), (T * m, n_x))
    W_packed = workspace.result("forward.W_packed", (4 * n_a, n_x), dtype)
    np.concatenate([forwards_W_g[:, n_a:], forwards_W_c[:, n_a:]], axis=0, out=W_packed)
    forwards_x_W = workspace.array("forward.forwards_x_W", (T, m, 4 * n_a), dtype)
    np.matmul(x_rows, W_packed.T, out=np.reshape(forwards_x_W, (T * m, 4 * n_a)))
    np.add(forwards_x_W, np.concatenate([forwards_b_g, forwards_b_c], axis=0).T,
        out=forwards_x_W)

    # once for all steps: the same at each
    W_packed_2 = workspace.result("forward.W_packed_2", (4 * n_a, n_a), dtype)
    np.concatenate([forwards_W_g[:, :n_a], forwards_W_c[:, :n_a]], axis=0, out=W_packed_2)

    # room for every step and for one; the workspace's is written again by the next call
    forwards_a_states = workspace.result("forward.forwards_a_states", (T + 1, m, n_a), dtype)
    forwards_a_states[0] = 0
    forwards_c_states = workspace.result("forward.forwards_c_states", (T + 1, m, n_a), dtype)
    forwards_c_states[0] = 0
    forwards_a_to_end_steps = workspace.array("forward.forwards_a_to_end_steps", (T, m, n_a), dtype)
    forwards_gate_1_steps, forwards_gate_2_steps = (
        workspace.result("forward.forwards_gate_1_steps", (2, T, m, n_a), dtype)
    )
    forwards_gate_3_steps, forwards_c_hat_steps = (
        workspace.result("forward.forwards_gate_3_steps", (2, T, m, n_a), dtype)
    )
    tanh_forwards_c_steps = workspace.result("forward.tanh_forwards_c_steps", (T, m, n_a), dtype)
    work = workspace.array("forward.work", (m, 4 * n_a), dtype)
    work_2, work_3 = workspace.array("forward.work_2", (2, m, n_a), dtype)
    for t in range(T):
        forwards_goes_on = goes_on_steps[t]
        add_2 = forwards_x_W[t]
        forwards_a_prev = forwards_a_states[t]
        forwards_c_prev = forwards_c_states[t]

        np.matmul(forwards_a_prev, W_packed_2.T, out=work)
        np.add(add_2, work, out=work)

        # forwards: gate = sigmoid(W_g @ xc + b_g)
        forwards_gate_1 = sigmoid_into(work[:, :n_a], forwards_gate_1_steps[t])
        forwards_gate_2 = sigmoid_into(work[:, n_a:2 * n_a], forwards_gate_2_steps[t])
        forwards_gate_3 = sigmoid_into(work[:, 2 * n_a:3 * n_a], forwards_gate_3_steps[t])

        # forwards: c_hat = tanh(W_c @ xc + b_c)
        forwards_c_hat = np.tanh(work[:, 3 * n_a:], out=forwards_c_hat_steps[t])

        # forwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        np.multiply(forwards_gate_1, forwards_c_hat, out=work_2)
        np.multiply(forwards_gate_2, forwards_c_prev, out=work_3)
        forwards_c = np.add(work_2, work_3, out=work_2)

        # forwards: a = gate[2*n_a:] * tanh(c)
        tanh_forwards_c = np.tanh(forwards_c, out=tanh_forwards_c_steps[t])
        forwards_a = np.multiply(forwards_gate_3, tanh_forwards_c, out=work_3)

        # 1. there = scan(forwards, x=x, lengths=lengths)
        forwards_a_to_end = np.where(forwards_goes_on[:, None], forwards_a, 0)
        forwards_a_held = np.where(forwards_goes_on[:, None], forwards_a, forwards_a_prev)
        forwards_c_held = np.where(forwards_goes_on[:, None], forwards_c, forwards_c_prev)

        # of this step: what is kept, and what the next one starts from
        forwards_a_to_end_steps[t] = forwards_a_to_end
        forwards_a_states[t + 1] = forwards_a_held
        forwards_c_states[t + 1] = forwards_c_held

    # for every step at once: does not read the state
    W_packed_3 = workspace.result("forward.W_packed_3", (4 * n_a, n_x), dtype)
    np.concatenate([backwards_W_g[:, n_a:], backwards_W_c[:, n_a:]], axis=0,
        out=W_packed_3)
    backwards_x_W = workspace.array("forward.backwards_x_W", (T, m, 4 * n_a), dtype)
    np.matmul(x_rows, W_packed_3.T, out=np.reshape(backwards_x_W, (T * m, 4 * n_a)))
    np.add(backwards_x_W, np.concatenate([backwards_b_g, backwards_b_c], axis=0).T,
        out=backwards_x_W)

    # once for all steps: the same at each
    W_packed_4 = workspace.result("forward.W_packed_4", (4 * n_a, n_a), dtype)
    np.concatenate([backwards_W_g[:, :n_a], backwards_W_c[:, :n_a]], axis=0,
        out=W_packed_4)

    # room for every step and for one; the workspace's is written again by the next call
    backwards_a_states = workspace.result("forward.backwards_a_states", (T + 1, m, n_a), dtype)
    backwards_a_states[-1] = 0
    backwards_c_states = workspace.result("forward.backwards_c_states", (T + 1, m, n_a), dtype)
    backwards_c_states[-1] = 0
    backwards_a_to_end_steps = workspace.array("forward.backwards_a_to_end_steps", (T, m, n_a), dtype)
    backwards_gate_1_steps, backwards_gate_2_steps = (
        workspace.result("forward.backwards_gate_1_steps", (2, T, m, n_a), dtype)
    )
    backwards_gate_3_steps, backwards_c_hat_steps = (
        workspace.result("forward.backwards_gate_3_steps", (2, T, m, n_a), dtype)
    )
    tanh_backwards_c_steps = workspace.result("forward.tanh_backwards_c_steps", (T, m, n_a), dtype)
    work_4 = workspace.array("forward.work_4", (m, 4 * n_a), dtype)
    work_5, work_6 = workspace.array("forward.work_5", (2, m, n_a), dtype)
    for t in reversed(range(T)):
        backwards_goes_on = goes_on_steps[t]
        add_2_2 = backwards_x_W[t]
        backwards_a_prev = backwards_a_states[t + 1]
        backwards_c_prev = backwards_c_states[t + 1]

        np.matmul(backwards_a_prev, W_packed_4.T, out=work_4)
        np.add(add_2_2, work_4, out=work_4)

        # backwards: gate = sigmoid(W_g @ xc + b_g)
        backwards_gate_1 = sigmoid_into(work_4[:, :n_a], backwards_gate_1_steps[t])
        backwards_gate_2 = sigmoid_into(work_4[:, n_a:2 * n_a], backwards_gate_2_steps[t])
        backwards_gate_3 = sigmoid_into(work_4[:, 2 * n_a:3 * n_a], backwards_gate_3_steps[t])

        # backwards: c_hat = tanh(W_c @ xc + b_c)
        backwards_c_hat = np.tanh(work_4[:, 3 * n_a:], out=backwards_c_hat_steps[t])

        # backwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        np.multiply(backwards_gate_1, backwards_c_hat, out=work_5)
        np.multiply(backwards_gate_2, backwards_c_prev, out=work_6)
        backwards_c = np.add(work_5, work_6, out=work_5)

        # backwards: a = gate[2*n_a:] * tanh(c)
        tanh_backwards_c = np.tanh(backwards_c, out=tanh_backwards_c_steps[t])
        backwards_a = np.multiply(backwards_gate_3, tanh_backwards_c, out=work_6)

        # 2. back = scan(backwards, x=x, lengths=lengths, reverse=True)
        backwards_a_to_end = np.where(backwards_goes_on[:, None], backwards_a, 0)
        backwards_a_held = np.where(backwards_goes_on[:, None], backwards_a, backwards_a_prev)
        backwards_c_held = np.where(backwards_goes_on[:, None], backwards_c, backwards_c_prev)

        # of this step: what is kept, and what the next one starts from
        backwards_a_to_end_steps[t] = backwards_a_to_end
        backwards_a_states[t] = backwards_a_held
        backwards_c_states[t] = backwards_c_held

    # 3. sequence = mask * concat(sum(there.a, axis=0), sum(back.a, axis=0)) / maximum(lengths, 1)
    sequence_sum_2 = np.sum(np.swapaxes(backwards_a_to_end_steps, -1, -2), axis=0)
    sequence_sum = np.sum(np.swapaxes(forwards_a_to_end_steps, -1, -2), axis=0)
    sequence_concat = workspace.result("forward.sequence_concat", (2 * n_a, m), dtype)
    np.concatenate([sequence_sum, sequence_sum_2], axis=0, out=sequence_concat)
    sequence_maximum = workspace.result("forward.sequence_maximum", (m,), dtype)
    np.maximum(lengths.astype(dtype), 1, out=sequence_maximum)
    sequence = workspace.result("forward.sequence", (2 * n_a, m), dtype)
    np.divide(mask * sequence_concat, sequence_maximum, out=sequence)

    # head: scores = W @ h + b
    head_scores = workspace.result("forward.head_scores", (n_y, m), dtype)
    np.add(head_W @ sequence, head_b, out=head_scores)

    # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
    head_loss_log_softmax = log_softmax(head_scores, axis=0)
    head_loss = -np.sum(target * head_loss_log_softmax) / m

    return (
        Outputs(loss=head_loss, scores=head_scores),
        Residuals(
            x=x, target=target, mask=mask, goes_on_steps=goes_on_steps, W_packed=W_packed,
            W_packed_2=W_packed_2, W_packed_3=W_packed_3, W_packed_4=W_packed_4,
            sequence_concat=sequence_concat, sequence_maximum=sequence_maximum, sequence=sequence,
            head_loss_log_softmax=head_loss_log_softmax, forwards_c_prev_steps=forwards_c_states[:-1],
            forwards_gate_1_steps=forwards_gate_1_steps, forwards_gate_2_steps=forwards_gate_2_steps,
            forwards_gate_3_steps=forwards_gate_3_steps, forwards_c_hat_steps=forwards_c_hat_steps,
            tanh_forwards_c_steps=tanh_forwards_c_steps, forwards_a_prev_steps=forwards_a_states[:-1],
            backwards_c_prev_steps=backwards_c_states[1:], backwards_gate_1_steps=backwards_gate_1_steps,
            backwards_gate_2_steps=backwards_gate_2_steps, backwards_gate_3_steps=backwards_gate_3_steps,
            backwards_c_hat_steps=backwards_c_hat_steps, tanh_backwards_c_steps=tanh_backwards_c_steps,
            backwards_a_prev_steps=backwards_a_states[1:],
        ),
    )


def backward(
    parameters: Parameters,
    residuals: Residuals,
    d_outputs: Outputs | None = None,
    workspace: Workspace | None = None,
) -> Gradients:
    """The gradients of one step, from the cotangents of its results.

    A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    dtype = _BACKWARD.check(parameters, residuals, d_outputs)
    (
        x, target, mask, goes_on_steps, W_packed, W_packed_2, W_packed_3, W_packed_4, sequence_concat,
        sequence_maximum, sequence, head_loss_log_softmax, forwards_c_prev_steps, forwards_gate_1_steps,
        forwards_gate_2_steps, forwards_gate_3_steps, forwards_c_hat_steps, tanh_forwards_c_steps,
        forwards_a_prev_steps, backwards_c_prev_steps, backwards_gate_1_steps, backwards_gate_2_steps,
        backwards_gate_3_steps, backwards_c_hat_steps, tanh_backwards_c_steps, backwards_a_prev_steps,
    ) = residuals
    head_W = parameters.head.W
    T, n_x, m = x.shape        # steps, input features, sequences
    n_y = target.shape[0]      # classes
    n_a = W_packed_2.shape[1]  # hidden units
    workspace = Workspace() if workspace is None else workspace

    # the cotangents handed in; None counts as zero
    dloss = _cotangent(d_outputs.loss, (), dtype)
    dscores_output = _cotangent(d_outputs.scores, (n_y, m), dtype)

    # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
    dhead_loss_negative = dloss / m                   # quotient
    dhead_loss_sum = -dhead_loss_negative             # negative
    x_rows = np.reshape(np.swapaxes(x, -1, -2), (T * m, n_x))
    dtarget = workspace.result("backward.dtarget", (n_y, m), dtype)
    np.multiply(dhead_loss_sum, head_loss_log_softmax, out=dtarget)  # hadamard
    dhead_loss_log_softmax = dhead_loss_sum * target  # hadamard
    dhead_loss_multiply = np.exp(head_loss_log_softmax) * np.sum(dhead_loss_log_softmax, axis=0, keepdims=True)
    dhead_scores_head_loss = dhead_loss_log_softmax - dhead_loss_multiply  # log_softmax

    # head: scores = W @ h + b
    dhead_scores = dscores_output + dhead_scores_head_loss  # split: the sum over its uses
    dhead_b = np.sum(dhead_scores, axis=1, keepdims=True)   # addition, summed where it was broadcast
    dhead_W = workspace.result("backward.dhead_W", (n_y, 2 * n_a), dtype)
    np.matmul(dhead_scores, sequence.T, out=dhead_W)        # matrix product
    dsequence = head_W.T @ dhead_scores                     # matrix product

    # 3. sequence = mask * concat(sum(there.a, axis=0), sum(back.a, axis=0)) / maximum(lengths, 1)
    dsequence_multiply = dsequence / sequence_maximum  # quotient
    dmask = workspace.result("backward.dmask", (2 * n_a, m), dtype)
    np.multiply(dsequence_multiply, sequence_concat, out=dmask)  # hadamard
    dsequence_concat = dsequence_multiply * mask       # hadamard
    dsequence_sum = dsequence_concat[:n_a]             # concat
    dsequence_sum_2 = dsequence_concat[n_a:]           # concat
    dbackwards_a_to_end_steps_T = np.broadcast_to(dsequence_sum_2[None], (T, n_a, m))  # sum
    dforwards_a_to_end_steps_T = np.broadcast_to(dsequence_sum[None], (T, n_a, m))  # sum
    dbackwards_a_to_end_steps = workspace.array("backward.dbackwards_a_to_end_steps", (T, m, n_a), dtype)
    dbackwards_a_to_end_steps[...] = np.swapaxes(dbackwards_a_to_end_steps_T, -1, -2)  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dbackwards_a_2 = np.zeros((m, n_a), dtype)
    dbackwards_c = np.zeros((m, n_a), dtype)
    dsums_steps = workspace.array("backward.dsums_steps", (T, m, 4 * n_a), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward.work", (5, m, n_a), dtype)
    work_6 = workspace.array("backward.work_6", (m, n_a), dtype)
    for t in range(T):
        dbackwards_a = dbackwards_a_to_end_steps[t]
        backwards_goes_on = goes_on_steps[t]
        backwards_c_prev = backwards_c_prev_steps[t]
        backwards_gate_1 = backwards_gate_1_steps[t]
        backwards_gate_2 = backwards_gate_2_steps[t]
        backwards_gate_3 = backwards_gate_3_steps[t]
        backwards_c_hat = backwards_c_hat_steps[t]
        tanh_backwards_c = tanh_backwards_c_steps[t]

        # 2. back = scan(backwards, x=x, lengths=lengths, reverse=True)
        dbackwards_c_back = np.where(backwards_goes_on[:, None], dbackwards_c, 0)  # where
        dbackwards_c_prev_back = np.where(backwards_goes_on[:, None], 0, dbackwards_c)  # where
        dbackwards_a_back = np.where(backwards_goes_on[:, None], dbackwards_a_2, 0)  # where
        dbackwards_a_prev_back = np.where(backwards_goes_on[:, None], 0, dbackwards_a_2)  # where
        dbackwards_a_back_2 = np.where(backwards_goes_on[:, None], dbackwards_a, 0)  # where

        # backwards: a = gate[2*n_a:] * tanh(c)
        # split: the sum over its uses
        dbackwards_a_3 = np.add(dbackwards_a_back, dbackwards_a_back_2, out=work)
        dbackwards_gate_3 = np.multiply(dbackwards_a_3, tanh_backwards_c, out=work_2)  # hadamard
        dtanh_backwards_c = np.multiply(dbackwards_a_3, backwards_gate_3, out=work)  # hadamard
        np.multiply(tanh_backwards_c, tanh_backwards_c, out=work_3)
        np.subtract(1, work_3, out=work_3)
        dbackwards_c_backwards_a = np.multiply(dtanh_backwards_c, work_3, out=work)  # tanh

        # backwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        # split: the sum over its uses
        dbackwards_c_2 = np.add(dbackwards_c_back, dbackwards_c_backwards_a, out=work)
        dbackwards_gate_2 = np.multiply(dbackwards_c_2, backwards_c_prev, out=work_3)  # hadamard
        dbackwards_c_prev_backwards_c = np.multiply(dbackwards_c_2, backwards_gate_2, out=work_4)  # hadamard
        dbackwards_gate_1 = np.multiply(dbackwards_c_2, backwards_c_hat, out=work_5)  # hadamard
        dbackwards_c_hat = np.multiply(dbackwards_c_2, backwards_gate_1, out=work)  # hadamard

        # backwards: c_hat = tanh(W_c @ xc + b_c)
        np.multiply(backwards_c_hat, backwards_c_hat, out=work_6)
        np.subtract(1, work_6, out=work_6)
        dsums = dsums_steps[t]
        np.multiply(dbackwards_c_hat, work_6, out=dsums[:, 3 * n_a:])  # dbackwards_c_hat_slice: tanh

        # backwards: gate = sigmoid(W_g @ xc + b_g)
        np.subtract(1, backwards_gate_3, out=work)
        np.multiply(backwards_gate_3, work, out=work)
        np.multiply(dbackwards_gate_3, work, out=dsums[:, 2 * n_a:3 * n_a])  # dpart_6: sigmoid
        np.subtract(1, backwards_gate_2, out=work)
        np.multiply(backwards_gate_2, work, out=work)
        np.multiply(dbackwards_gate_2, work, out=dsums[:, n_a:2 * n_a])  # dpart_5: sigmoid
        np.subtract(1, backwards_gate_1, out=work)
        np.multiply(backwards_gate_1, work, out=work)
        np.multiply(dbackwards_gate_1, work, out=dsums[:, :n_a])  # dpart_4: sigmoid
        dbackwards_a_prev = np.matmul(dsums, W_packed_4, out=work)  # matrix product
        # dbackwards_c_prev: split: the sum over its uses
        np.add(dbackwards_c_prev_back, dbackwards_c_prev_backwards_c, out=dbackwards_c)
        # dbackwards_a_prev_2: split: the sum over its uses
        np.add(dbackwards_a_prev_back, dbackwards_a_prev, out=dbackwards_a_2)

    # for every step at once: no later step reads it
    dmatmul = np.reshape(dsums_steps, (T * m, 4 * n_a))
    dW_packed_4 = dmatmul.T @ np.reshape(backwards_a_prev_steps, (T * m, n_a))  # transpose
    dbackwards_W_g_2 = dW_packed_4[:3 * n_a]              # concat
    dbackwards_W_c_2 = dW_packed_4[3 * n_a:]              # concat
    db_packed_T = np.sum(dsums_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed = db_packed_T.T                             # transpose
    dbackwards_b_g = db_packed[:3 * n_a]                  # concat
    dbackwards_b_c = db_packed[3 * n_a:]                  # concat
    dx_rows = workspace.array("backward.dx_rows", (T * m, n_x), dtype)
    np.matmul(dmatmul, W_packed_3, out=dx_rows)           # matrix product
    dW_packed_3 = dmatmul.T @ x_rows                      # transpose
    dbackwards_W_g_1 = dW_packed_3[:3 * n_a]              # concat
    dbackwards_W_c_1 = dW_packed_3[3 * n_a:]              # concat
    dforwards_a_to_end_steps = workspace.array("backward.dforwards_a_to_end_steps", (T, m, n_a), dtype)
    dforwards_a_to_end_steps[...] = np.swapaxes(dforwards_a_to_end_steps_T, -1, -2)  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dforwards_a_2 = np.zeros((m, n_a), dtype)
    dforwards_c = np.zeros((m, n_a), dtype)
    dsums_2_steps = workspace.array("backward.dsums_2_steps", (T, m, 4 * n_a), dtype)
    work_7, work_8, work_9, work_10 = workspace.array("backward.work_7", (4, m, n_a), dtype)
    work_11, work_12 = workspace.array("backward.work_11", (2, m, n_a), dtype)
    for t in reversed(range(T)):
        dforwards_a = dforwards_a_to_end_steps[t]
        forwards_goes_on = goes_on_steps[t]
        forwards_c_prev = forwards_c_prev_steps[t]
        forwards_gate_1 = forwards_gate_1_steps[t]
        forwards_gate_2 = forwards_gate_2_steps[t]
        forwards_gate_3 = forwards_gate_3_steps[t]
        forwards_c_hat = forwards_c_hat_steps[t]
        tanh_forwards_c = tanh_forwards_c_steps[t]

        # 1. there = scan(forwards, x=x, lengths=lengths)
        dforwards_c_there = np.where(forwards_goes_on[:, None], dforwards_c, 0)  # where
        dforwards_c_prev_there = np.where(forwards_goes_on[:, None], 0, dforwards_c)  # where
        dforwards_a_there = np.where(forwards_goes_on[:, None], dforwards_a_2, 0)  # where
        dforwards_a_prev_there = np.where(forwards_goes_on[:, None], 0, dforwards_a_2)  # where
        dforwards_a_there_2 = np.where(forwards_goes_on[:, None], dforwards_a, 0)  # where

        # forwards: a = gate[2*n_a:] * tanh(c)
        # split: the sum over its uses
        dforwards_a_3 = np.add(dforwards_a_there, dforwards_a_there_2, out=work_7)
        dforwards_gate_3 = np.multiply(dforwards_a_3, tanh_forwards_c, out=work_8)  # hadamard
        dtanh_forwards_c = np.multiply(dforwards_a_3, forwards_gate_3, out=work_7)  # hadamard
        np.multiply(tanh_forwards_c, tanh_forwards_c, out=work_9)
        np.subtract(1, work_9, out=work_9)
        dforwards_c_forwards_a = np.multiply(dtanh_forwards_c, work_9, out=work_7)  # tanh

        # forwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        # split: the sum over its uses
        dforwards_c_2 = np.add(dforwards_c_there, dforwards_c_forwards_a, out=work_7)
        dforwards_gate_2 = np.multiply(dforwards_c_2, forwards_c_prev, out=work_9)  # hadamard
        dforwards_c_prev_forwards_c = np.multiply(dforwards_c_2, forwards_gate_2, out=work_10)  # hadamard
        dforwards_gate_1 = np.multiply(dforwards_c_2, forwards_c_hat, out=work_11)  # hadamard
        dforwards_c_hat = np.multiply(dforwards_c_2, forwards_gate_1, out=work_7)  # hadamard

        # forwards: c_hat = tanh(W_c @ xc + b_c)
        np.multiply(forwards_c_hat, forwards_c_hat, out=work_12)
        np.subtract(1, work_12, out=work_12)
        dsums_2 = dsums_2_steps[t]
        np.multiply(dforwards_c_hat, work_12, out=dsums_2[:, 3 * n_a:])  # dforwards_c_hat_slice: tanh

        # forwards: gate = sigmoid(W_g @ xc + b_g)
        np.subtract(1, forwards_gate_3, out=work_7)
        np.multiply(forwards_gate_3, work_7, out=work_7)
        np.multiply(dforwards_gate_3, work_7, out=dsums_2[:, 2 * n_a:3 * n_a])  # dpart_3: sigmoid
        np.subtract(1, forwards_gate_2, out=work_7)
        np.multiply(forwards_gate_2, work_7, out=work_7)
        np.multiply(dforwards_gate_2, work_7, out=dsums_2[:, n_a:2 * n_a])  # dpart_2: sigmoid
        np.subtract(1, forwards_gate_1, out=work_7)
        np.multiply(forwards_gate_1, work_7, out=work_7)
        np.multiply(dforwards_gate_1, work_7, out=dsums_2[:, :n_a])  # dpart: sigmoid
        dforwards_a_prev = np.matmul(dsums_2, W_packed_2, out=work_7)  # matrix product
        # dforwards_c_prev: split: the sum over its uses
        np.add(dforwards_c_prev_there, dforwards_c_prev_forwards_c, out=dforwards_c)
        # dforwards_a_prev_2: split: the sum over its uses
        np.add(dforwards_a_prev_there, dforwards_a_prev, out=dforwards_a_2)

    # for every step at once: no later step reads it
    dmatmul_2 = np.reshape(dsums_2_steps, (T * m, 4 * n_a))
    dW_packed_2 = dmatmul_2.T @ np.reshape(forwards_a_prev_steps, (T * m, n_a))  # transpose
    dforwards_W_g_2 = dW_packed_2[:3 * n_a]                   # concat
    dforwards_W_c_2 = dW_packed_2[3 * n_a:]                   # concat
    db_packed_2_T = np.sum(dsums_2_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed_2 = db_packed_2_T.T                             # transpose
    dforwards_b_g = db_packed_2[:3 * n_a]                     # concat
    dforwards_b_c = db_packed_2[3 * n_a:]                     # concat
    dx_rows_2 = workspace.array("backward.dx_rows_2", (T * m, n_x), dtype)
    np.matmul(dmatmul_2, W_packed, out=dx_rows_2)             # matrix product
    dW_packed = dmatmul_2.T @ x_rows                          # transpose
    dforwards_W_g_1 = dW_packed[:3 * n_a]                     # concat
    dforwards_W_c_1 = dW_packed[3 * n_a:]                     # concat
    dx_T = workspace.result("backward.dx_T", (T, m, n_x), dtype)
    np.add(dx_rows, dx_rows_2, out=np.reshape(dx_T, (T * m, n_x)))  # split: the sum over its uses
    dx = np.swapaxes(dx_T, -1, -2)                            # transpose
    dbackwards_W_c = workspace.result("backward.dbackwards_W_c", (n_a, n_a + n_x), dtype)
    np.concatenate([dbackwards_W_c_2, dbackwards_W_c_1], axis=1, out=dbackwards_W_c)  # split: side by side
    dbackwards_W_g = workspace.result("backward.dbackwards_W_g", (3 * n_a, n_a + n_x), dtype)
    np.concatenate([dbackwards_W_g_2, dbackwards_W_g_1], axis=1, out=dbackwards_W_g)  # split: side by side
    dforwards_W_c = workspace.result("backward.dforwards_W_c", (n_a, n_a + n_x), dtype)
    np.concatenate([dforwards_W_c_2, dforwards_W_c_1], axis=1, out=dforwards_W_c)  # split: side by side
    dforwards_W_g = workspace.result("backward.dforwards_W_g", (3 * n_a, n_a + n_x), dtype)
    np.concatenate([dforwards_W_g_2, dforwards_W_g_1], axis=1, out=dforwards_W_g)  # split: side by side

    return Gradients(
        Parameters(
            forwards=ForwardsParameters(W_g=dforwards_W_g, b_g=dforwards_b_g, W_c=dforwards_W_c, b_c=dforwards_b_c),
            backwards=BackwardsParameters(
                W_g=dbackwards_W_g, b_g=dbackwards_b_g, W_c=dbackwards_W_c, b_c=dbackwards_b_c,
            ),
            head=HeadParameters(W=dhead_W, b=dhead_b),
        ),
        Inputs(x=dx, lengths=None, target=dtarget, mask=dmask),
    )


def trace_nan(parameters: Parameters, inputs: Inputs, d_outputs: Outputs | None = None) -> None:
    """Run one step: FloatingPointError from the operation that makes the first NaN.

    The traceback ends at the operation under its equation; the message tells the element, and what it was made of.
    Then the same for the gradients, if cotangents are given.
    """
    _FORWARD.check(parameters, inputs)
    _, residuals = _traced(
        "sequence_classifier.forward",
        forward,
        parameters,
        inputs,
        workspace=_WatchedWorkspace(),
    )
    if d_outputs is None:
        return
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    _traced(
        "sequence_classifier.backward",
        backward,
        parameters,
        residuals,
        d_outputs,
        workspace=_WatchedWorkspace(),
    )


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


def before_end(lengths: np.ndarray, steps: int, name: str) -> np.ndarray:
    """Whether each step is before the end of each example; ValueError for a length that is not from 0 to steps."""
    outside = (lengths < 0) | (lengths > steps)
    if outside.any():
        at = np.argwhere(outside)[0].tolist()
        raise ValueError(
            f"{name} is {lengths[tuple(at)]} in element {at}, expected 0 to {steps}, the number of steps"
        )
    return np.arange(steps)[:, None] < lengths[..., None, :]


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs)
