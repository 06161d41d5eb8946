# Made by graphgen 0.1.0 -O2 from sentence_classifier_mean.yaml (sha256 686a8e8fa55812e8).
# Do not edit: change the spec and build again.
"""A sentence is classified as one of two kinds from the mean of the states after each of its words:
words are looked up in an embedding, an LSTM reads them, and a dense layer with a sigmoid decides.
Dropout on the embedded words and on what is read of the sentence has its masks as inputs: 0 where a
unit is dropped, else 1 / (1 - rate).

Source: Dai and Le, "Semi-supervised sequence learning", NIPS 2015; the sentiment classifier of
Mukul Rathi's "Backpropagation through, well, anything!", 2018

Uses:
    reader: lstm
    head: sigmoid_cross_entropy

Sizes:
    T: words in the longest sentence
    n_w: words known
    n_e: embedding
    n_a: hidden units
    m: sentences
"""

import sys
from typing import Annotated, Any, NamedTuple

import numpy as np


class ReaderParameters(NamedTuple):
    """What reader, which is lstm, learns."""

    W_g: Annotated[np.ndarray, "[3*n_a, n_a + n_e]"]
    b_g: Annotated[np.ndarray, "[3*n_a, 1]"]
    W_c: Annotated[np.ndarray, "[n_a, n_a + n_e]"]
    b_c: Annotated[np.ndarray, "[n_a, 1]"]


class HeadParameters(NamedTuple):
    """What head, which is sigmoid_cross_entropy, learns."""

    W: Annotated[np.ndarray, "[1, n_a]"]
    b: Annotated[np.ndarray, "[1, 1]"]


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    E: Annotated[np.ndarray, "[n_w, n_e]"]
    reader: ReaderParameters
    head: HeadParameters


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    words: Annotated[np.ndarray, "int[T, m]"]
    lengths: Annotated[np.ndarray, "int[m]"]
    target: Annotated[np.ndarray, "[1, m]"]
    mask_in: Annotated[np.ndarray, "[T, n_e, m]"]
    mask_out: Annotated[np.ndarray, "[n_a, m]"]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: Annotated[np.ndarray, "[]"]
    prediction: Annotated[np.ndarray, "[1, m]"]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    words: Annotated[np.ndarray, "int[T, m]"]
    target: Annotated[np.ndarray, "[1, m]"]
    mask_in: Annotated[np.ndarray, "[T, n_e, m]"]
    mask_out: Annotated[np.ndarray, "[n_a, m]"]
    x_take_T: Annotated[np.ndarray, "[T, n_e, m]"]
    goes_on_steps: Annotated[np.ndarray, "bool[T, m]"]
    W_packed: Annotated[np.ndarray, "[4*n_a, n_e]"]
    W_packed_2: Annotated[np.ndarray, "[4*n_a, n_a]"]
    sentence_sum: Annotated[np.ndarray, "[n_a, m]"]
    sentence_maximum: Annotated[np.ndarray, "[m]"]
    sentence: Annotated[np.ndarray, "[n_a, m]"]
    head_score: Annotated[np.ndarray, "[1, m]"]
    head_prediction: Annotated[np.ndarray, "[1, m]"]
    log_sigmoid_head_score: Annotated[np.ndarray, "[1, m]"]
    head_loss_log_sigmoid: Annotated[np.ndarray, "[1, m]"]
    reader_c_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_gate_1_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_gate_2_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_gate_3_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_c_hat_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    tanh_reader_c_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    reader_a_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]


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
        for at in range(len(results)):
            unheld = sys.getrefcount(results[at]) == 2  # by the list, and by this very call
            if unheld and results[at].shape == shape and results[at].dtype == dtype:
                return results[at]
        results.append(np.empty(shape, dtype))
        del results[:-2]  # one that the caller still holds, and this one
        return results[-1]


def init_parameters(
    rng: np.random.Generator,
    *,
    n_w: int,
    n_e: int,
    n_a: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        E=_normal(rng, 0.1, (n_w, n_e), dtype),
        reader=ReaderParameters(
            W_g=_glorot(rng, (3 * n_a, n_a + n_e), dtype),
            b_g=np.zeros((3 * n_a, 1), dtype),
            W_c=_glorot(rng, (n_a, n_a + n_e), dtype),
            b_c=np.zeros((n_a, 1), dtype),
        ),
        head=HeadParameters(W=_glorot(rng, (1, n_a), dtype), b=np.zeros((1, 1), dtype)),
    )


def forward(
    parameters: Parameters,
    inputs: Inputs,
    workspace: Workspace | None = None,
) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. x = mask_in * swapaxes(E[words], -1, -2)
    2. steps = scan(reader, x=x, lengths=lengths)
    3. sentence = mask_out * sum(steps.a, axis=0) / maximum(lengths, 1)
    4. result = head(h=sentence, target=target)
    5. loss = result.loss
    6. prediction = result.prediction
    """
    dtype = _FORWARD.check(parameters, inputs)
    E = parameters.E
    reader_W_g, reader_b_g, reader_W_c, reader_b_c = parameters.reader
    head_W, head_b = parameters.head
    words, lengths, target, mask_in, mask_out = inputs
    n_e = E.shape[1]           # embedding
    n_a = reader_W_c.shape[0]  # hidden units
    T, m = words.shape         # words in the longest sentence, sentences
    workspace = Workspace() if workspace is None else workspace

    # 1. x = mask_in * swapaxes(E[words], -1, -2)
    x_take_T = np.transpose(np.take(E, words, axis=0), (0, 2, 1))
    x = workspace.array("forward.x", (T, n_e, m), dtype)
    np.multiply(mask_in, x_take_T, out=x)

    # 2. steps = scan(reader, x=x, lengths=lengths)
    goes_on_steps = np.expand_dims(np.arange(T), 1) < np.expand_dims(lengths, 0)

    # for every step at once: does not read the state
    W_packed = workspace.result("forward.W_packed", (4 * n_a, n_e), dtype)
    np.concatenate([reader_W_g[:, n_a:], reader_W_c[:, n_a:]], axis=0, out=W_packed)
    reader_x_W = workspace.array("forward.reader_x_W", (T, m, 4 * n_a), dtype)
    np.matmul(np.reshape(np.swapaxes(x, -1, -2), (T * m, n_e)), W_packed.T,
        out=np.reshape(reader_x_W, (T * m, 4 * n_a)))
    np.add(reader_x_W, np.concatenate([reader_b_g, reader_b_c], axis=0).T, out=reader_x_W)

    # once for all steps: the same at each
    W_packed_2 = workspace.result("forward.W_packed_2", (4 * n_a, n_a), dtype)
    np.concatenate([reader_W_g[:, :n_a], reader_W_c[:, :n_a]], axis=0, out=W_packed_2)

    # room for every step and for one; the workspace's is written again by the next call
    reader_a_states = workspace.result("forward.reader_a_states", (T + 1, m, n_a), dtype)
    reader_a_states[0] = np.zeros((n_a, m), dtype).T
    reader_c_states = workspace.result("forward.reader_c_states", (T + 1, m, n_a), dtype)
    reader_c_states[0] = np.zeros((n_a, m), dtype).T
    reader_a_to_end_steps = workspace.array("forward.reader_a_to_end_steps", (T, m, n_a), dtype)
    reader_gate_1_steps, reader_gate_2_steps, reader_gate_3_steps = (
        workspace.result("forward.reader_gate_1_steps", (3, T, m, n_a), dtype)
    )
    reader_c_hat_steps, tanh_reader_c_steps = workspace.result("forward.reader_c_hat_steps", (2, T, m, n_a), dtype)
    work = workspace.array("forward.work", (m, 4 * n_a), dtype)
    work_2, work_3 = workspace.array("forward.work_2", (2, m, n_a), dtype)
    for t in range(T):
        reader_goes_on = goes_on_steps[t]
        add_2 = reader_x_W[t]
        reader_a_prev = reader_a_states[t]
        reader_c_prev = reader_c_states[t]

        np.matmul(reader_a_prev, W_packed_2.T, out=work)
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
        reader_c = np.add(work_2, work_3, out=work_2)

        # reader: a = gate[2*n_a:] * tanh(c)
        tanh_reader_c = np.tanh(reader_c, out=tanh_reader_c_steps[t])
        reader_a = np.multiply(reader_gate_3, tanh_reader_c, out=work_3)

        # 2. steps = scan(reader, x=x, lengths=lengths)
        reader_a_to_end = np.where(np.expand_dims(reader_goes_on, 1), reader_a, 0)
        reader_a_held = np.where(np.expand_dims(reader_goes_on, 1), reader_a, reader_a_prev)
        reader_c_held = np.where(np.expand_dims(reader_goes_on, 1), reader_c, reader_c_prev)

        # of this step: what is kept, and what the next one starts from
        reader_a_to_end_steps[t] = reader_a_to_end
        reader_a_states[t + 1] = reader_a_held
        reader_c_states[t + 1] = reader_c_held

    # 3. sentence = mask_out * sum(steps.a, axis=0) / maximum(lengths, 1)
    sentence_sum = np.sum(np.swapaxes(reader_a_to_end_steps, -1, -2), axis=0)
    sentence_maximum = workspace.result("forward.sentence_maximum", (m,), dtype)
    np.maximum(lengths.astype(dtype), 1, out=sentence_maximum)
    sentence = workspace.result("forward.sentence", (n_a, m), dtype)
    np.divide(mask_out * sentence_sum, sentence_maximum, out=sentence)

    # head: score = W @ h + b
    head_score = workspace.result("forward.head_score", (1, m), dtype)
    np.add(head_W @ sentence, head_b, out=head_score)

    # head: prediction = sigmoid(score)
    head_prediction = workspace.result("forward.head_prediction", (1, m), dtype)
    sigmoid_into(head_score, head_prediction)

    # head: loss = -mean(target * log_sigmoid(score) + (1 - target) * log_sigmoid(-score))
    log_sigmoid_head_score = log_sigmoid(head_score)
    head_loss_log_sigmoid = log_sigmoid(-head_score)
    head_loss = -np.mean(target * log_sigmoid_head_score + (1 - target) * head_loss_log_sigmoid)

    return (
        Outputs(loss=head_loss, prediction=head_prediction),
        Residuals(
            words=words, target=target, mask_in=mask_in, mask_out=mask_out, x_take_T=x_take_T,
            goes_on_steps=goes_on_steps, W_packed=W_packed, W_packed_2=W_packed_2,
            sentence_sum=sentence_sum, sentence_maximum=sentence_maximum, sentence=sentence,
            head_score=head_score, head_prediction=head_prediction,
            log_sigmoid_head_score=log_sigmoid_head_score, head_loss_log_sigmoid=head_loss_log_sigmoid,
            reader_c_prev_steps=reader_c_states[:-1], reader_gate_1_steps=reader_gate_1_steps,
            reader_gate_2_steps=reader_gate_2_steps, reader_gate_3_steps=reader_gate_3_steps,
            reader_c_hat_steps=reader_c_hat_steps, tanh_reader_c_steps=tanh_reader_c_steps,
            reader_a_prev_steps=reader_a_states[:-1],
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
        words, target, mask_in, mask_out, x_take_T, goes_on_steps, W_packed, W_packed_2, sentence_sum,
        sentence_maximum, sentence, head_score, head_prediction, log_sigmoid_head_score,
        head_loss_log_sigmoid, reader_c_prev_steps, reader_gate_1_steps, reader_gate_2_steps,
        reader_gate_3_steps, reader_c_hat_steps, tanh_reader_c_steps, reader_a_prev_steps,
    ) = residuals
    head_W = parameters.head.W
    T, m = words.shape           # words in the longest sentence, sentences
    n_e = mask_in.shape[1]       # embedding
    n_a = mask_out.shape[0]      # hidden units
    n_w = parameters.E.shape[0]  # words known
    workspace = Workspace() if workspace is None else workspace

    # the cotangents handed in; None counts as zero
    dloss = _cotangent(d_outputs.loss, (), dtype)
    dprediction = _cotangent(d_outputs.prediction, (1, m), dtype)

    # head: loss = -mean(target * log_sigmoid(score) + (1 - target) * log_sigmoid(-score))
    dhead_loss_mean = -dloss                              # negative
    dhead_loss_divide = dhead_loss_mean / m
    x = workspace.array("backward.x", (T, n_e, m), dtype)
    np.multiply(mask_in, x_take_T, out=x)
    dhead_loss_subtract = dhead_loss_divide * head_loss_log_sigmoid  # hadamard
    dhead_loss_log_sigmoid = dhead_loss_divide * (1 - target)  # hadamard
    dnegative_head_score = dhead_loss_log_sigmoid * head_prediction  # log_sigmoid
    dtarget_head_loss = dhead_loss_divide * log_sigmoid_head_score  # hadamard
    dlog_sigmoid_head_score = dhead_loss_divide * target  # hadamard
    dhead_score_head_loss = dlog_sigmoid_head_score * sigmoid(-head_score)  # log_sigmoid

    # head: prediction = sigmoid(score)
    dhead_score_head_prediction = dprediction * (head_prediction * (1 - head_prediction))  # sigmoid

    # head: score = W @ h + b
    # split: the sum over its uses
    dhead_score = dhead_score_head_loss - dnegative_head_score + dhead_score_head_prediction
    dhead_b = np.sum(dhead_score, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dhead_W = workspace.result("backward.dhead_W", (1, n_a), dtype)
    np.matmul(dhead_score, sentence.T, out=dhead_W)       # matrix product
    dsentence = head_W.T @ dhead_score                    # matrix product

    # 3. sentence = mask_out * sum(steps.a, axis=0) / maximum(lengths, 1)
    dsentence_multiply = dsentence / sentence_maximum  # quotient
    dmask_out = workspace.result("backward.dmask_out", (n_a, m), dtype)
    np.multiply(dsentence_multiply, sentence_sum, out=dmask_out)  # hadamard
    dsentence_sum = dsentence_multiply * mask_out      # hadamard
    dreader_a_to_end_steps_T = np.broadcast_to(np.expand_dims(dsentence_sum, 0), (T, n_a, m))  # sum
    dreader_a_to_end_steps = workspace.array("backward.dreader_a_to_end_steps", (T, m, n_a), dtype)
    dreader_a_to_end_steps[...] = np.swapaxes(dreader_a_to_end_steps_T, -1, -2)  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dreader_a_2 = np.zeros((m, n_a), dtype)
    dreader_c = np.zeros((m, n_a), dtype)
    dsum_steps = workspace.array("backward.dsum_steps", (T, m, 4 * n_a), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward.work", (5, m, n_a), dtype)
    work_6 = workspace.array("backward.work_6", (m, n_a), dtype)
    for t in reversed(range(T)):
        dreader_a = dreader_a_to_end_steps[t]
        reader_goes_on = goes_on_steps[t]
        reader_c_prev = reader_c_prev_steps[t]
        reader_gate_1 = reader_gate_1_steps[t]
        reader_gate_2 = reader_gate_2_steps[t]
        reader_gate_3 = reader_gate_3_steps[t]
        reader_c_hat = reader_c_hat_steps[t]
        tanh_reader_c = tanh_reader_c_steps[t]

        # 2. steps = scan(reader, x=x, lengths=lengths)
        dreader_c_steps = np.where(np.expand_dims(reader_goes_on, 1), dreader_c, 0)  # where
        dreader_c_prev_steps = np.where(np.expand_dims(reader_goes_on, 1), 0, dreader_c)  # where
        dreader_a_steps = np.where(np.expand_dims(reader_goes_on, 1), dreader_a_2, 0)  # where
        dreader_a_prev_steps = np.where(np.expand_dims(reader_goes_on, 1), 0, dreader_a_2)  # where
        dreader_a_steps_2 = np.where(np.expand_dims(reader_goes_on, 1), dreader_a, 0)  # where

        # reader: a = gate[2*n_a:] * tanh(c)
        dreader_a_3 = np.add(dreader_a_steps, dreader_a_steps_2, out=work)  # split: the sum over its uses
        dreader_gate_3 = np.multiply(dreader_a_3, tanh_reader_c, out=work_2)  # hadamard
        dtanh_reader_c = np.multiply(dreader_a_3, reader_gate_3, out=work)  # hadamard
        np.multiply(tanh_reader_c, tanh_reader_c, out=work_3)
        np.subtract(1, work_3, out=work_3)
        dreader_c_reader_a = np.multiply(dtanh_reader_c, work_3, out=work)  # tanh

        # reader: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dreader_c_2 = np.add(dreader_c_steps, dreader_c_reader_a, out=work)  # split: the sum over its uses
        dreader_gate_2 = np.multiply(dreader_c_2, reader_c_prev, out=work_3)  # hadamard
        dreader_c_prev_reader_c = np.multiply(dreader_c_2, reader_gate_2, out=work_4)  # hadamard
        dreader_gate_1 = np.multiply(dreader_c_2, reader_c_hat, out=work_5)  # hadamard
        dreader_c_hat = np.multiply(dreader_c_2, reader_gate_1, out=work)  # hadamard

        # reader: c_hat = tanh(W_c @ xc + b_c)
        np.multiply(reader_c_hat, reader_c_hat, out=work_6)
        np.subtract(1, work_6, out=work_6)
        dsum = dsum_steps[t]
        np.multiply(dreader_c_hat, work_6, out=dsum[:, 3 * n_a:])  # dreader_c_hat_slice: tanh

        # reader: gate = sigmoid(W_g @ xc + b_g)
        np.subtract(1, reader_gate_3, out=work)
        np.multiply(reader_gate_3, work, out=work)
        np.multiply(dreader_gate_3, work, out=dsum[:, 2 * n_a:3 * n_a])  # dslice_3: sigmoid
        np.subtract(1, reader_gate_2, out=work)
        np.multiply(reader_gate_2, work, out=work)
        np.multiply(dreader_gate_2, work, out=dsum[:, n_a:2 * n_a])  # dslice_2: sigmoid
        np.subtract(1, reader_gate_1, out=work)
        np.multiply(reader_gate_1, work, out=work)
        np.multiply(dreader_gate_1, work, out=dsum[:, :n_a])    # dslice: sigmoid
        dreader_a_prev = np.matmul(dsum, W_packed_2, out=work)  # matrix product
        # dreader_c_prev: split: the sum over its uses
        np.add(dreader_c_prev_steps, dreader_c_prev_reader_c, out=dreader_c)
        # dreader_a_prev_2: split: the sum over its uses
        np.add(dreader_a_prev_steps, dreader_a_prev, out=dreader_a_2)

    # for every step at once: no later step reads it
    dmatmul = np.reshape(dsum_steps, (T * m, 4 * n_a))
    dW_packed_2 = dmatmul.T @ np.reshape(reader_a_prev_steps, (T * m, n_a))  # transpose
    dreader_W_g_2 = dW_packed_2[:3 * n_a]  # concat
    dreader_W_c_2 = dW_packed_2[3 * n_a:]  # concat
    # addition, summed where it was broadcast
    db_packed_T = np.expand_dims(np.sum(dsum_steps, axis=(0, 1)), 0)
    db_packed = db_packed_T.T              # transpose
    dreader_b_g = db_packed[:3 * n_a]      # concat
    dreader_b_c = db_packed[3 * n_a:]      # concat
    dx_T = workspace.array("backward.dx_T", (T, m, n_e), dtype)
    np.matmul(dmatmul, W_packed, out=np.reshape(dx_T, (T * m, n_e)))  # matrix product
    dW_packed = dmatmul.T @ np.reshape(np.swapaxes(x, -1, -2), (T * m, n_e))  # transpose
    dreader_W_g_1 = dW_packed[:3 * n_a]    # concat
    dreader_W_c_1 = dW_packed[3 * n_a:]    # concat
    dx = np.swapaxes(dx_T, -1, -2)         # transpose

    # 1. x = mask_in * swapaxes(E[words], -1, -2)
    dmask_in = workspace.result("backward.dmask_in", (T, n_e, m), dtype)
    np.multiply(dx, x_take_T, out=dmask_in)       # hadamard
    dx_take_T = workspace.array("backward.dx_take_T", (T, n_e, m), dtype)
    np.multiply(dx, mask_in, out=dx_take_T)       # hadamard
    dx_take = np.transpose(dx_take_T, (0, 2, 1))  # transpose
    dE = add_at(dx_take, words, axis=0, n=n_w)    # take
    dreader_W_c = workspace.result("backward.dreader_W_c", (n_a, n_a + n_e), dtype)
    np.concatenate([dreader_W_c_2, dreader_W_c_1], axis=1, out=dreader_W_c)  # split: side by side
    dreader_W_g = workspace.result("backward.dreader_W_g", (3 * n_a, n_a + n_e), dtype)
    np.concatenate([dreader_W_g_2, dreader_W_g_1], axis=1, out=dreader_W_g)  # split: side by side
    dtarget = workspace.result("backward.dtarget", (1, m), dtype)
    np.subtract(dtarget_head_loss, dhead_loss_subtract, out=dtarget)  # split: the sum over its uses

    return Gradients(
        Parameters(
            E=dE,
            reader=ReaderParameters(W_g=dreader_W_g, b_g=dreader_b_g, W_c=dreader_W_c, b_c=dreader_b_c),
            head=HeadParameters(W=dhead_W, b=dhead_b),
        ),
        Inputs(words=None, lengths=None, target=dtarget, mask_in=dmask_in, mask_out=dmask_out),
    )


def trace_nan(parameters: Parameters, inputs: Inputs, d_outputs: Outputs | None = None) -> None:
    """Run one step: FloatingPointError from the operation that makes the first NaN.

    The traceback ends at the operation under its equation; the message tells the element, and what it was made of.
    Then the same for the gradients, if cotangents are given.
    """
    _FORWARD.check(parameters, inputs)
    _, residuals = _traced("sentence_classifier_mean.forward", forward, parameters, inputs)
    if d_outputs is None:
        return
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    _traced("sentence_classifier_mean.backward", backward, parameters, residuals, d_outputs)


# What the functions call.


def _cotangent(value: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A cotangent as an array; None counts as zero."""
    return np.zeros(shape, dtype) if value is None else np.asarray(value, dtype)


def _glorot(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Uniform within sqrt(6 / (fan in + fan out)) of zero (Glorot and Bengio, 2010); shape is [out, in, ...]."""
    fans = (shape[0] + shape[1]) * int(np.prod(shape[2:]))
    limit = np.sqrt(6 / max(1, fans))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def _normal(rng: np.random.Generator, deviation: float, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Normal with mean zero and a given standard deviation."""
    return (deviation * rng.standard_normal(shape)).astype(dtype)


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
            seen += [getattr(array, "dtype", None) for array in arrays]
            seen += [*map(type, given), *sizes.values()]
            known, dtype = self.last  # a look that costs less than one into a dict
            if seen == known:
                return dtype
            dtype = self.right[tuple(seen)]
        except (KeyError, TypeError, ValueError):  # seen for the first time, or no records of arrays at all
            dtype = self._compare(given, dict(sizes))
            if len(self.right) >= 1000:
                self.right.clear()
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
        result = getattr(ufunc, method)(*operands, **options)
        each = method == "__call__" and ufunc.signature is None  # one element of the result comes from one of each
        return _watched(result, ufunc.__name__, operands if each else ())

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> Any:
        return _watched(function(*_plain(operands), **_plain(options)), function.__name__)


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


def _traced(where: str, function: Any, *records: Any, **sizes: int) -> Any:
    """What a function returns; if there is a NaN in it, FloatingPointError from the operation that made it."""
    try:
        with np.errstate(all="ignore"):
            results = function(*records, **sizes)
            if not any(np.isnan(array).any() for _, array in _arrays(results) if array is not None):
                return results
            function(*(_record_watched(record, type(record).__name__.lower()) for record in records), **sizes)
            for name, array in _arrays(results):
                _watched(array, name)
    except FloatingPointError as error:
        error.args = (f"{where}: {error}",)
        raise


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function 1 / (1 + exp(-x)), without overflow at either end."""
    z = np.exp(np.minimum(x, -x))
    return np.where(x >= 0, 1, z) / (1 + z)


def sigmoid_into(x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The logistic function of x, written into out."""
    with np.errstate(over="ignore"):  # exp(-x) may be infinite: the quotient is 0 then, as it should be
        np.exp(np.negative(x, out=out), out=out)
    np.add(out, 1, out=out)
    return np.divide(1, out, out=out)


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    """log(sigmoid(x)), exact where sigmoid(x) is too small to be a number."""
    return np.minimum(x, 0) - np.log1p(np.exp(np.minimum(x, -x)))


def add_at(x: np.ndarray, indices: np.ndarray, axis: int, n: int) -> np.ndarray:
    """Zeros of size n along an axis, and x added up at its places; a place that comes twice gets both."""
    x = np.moveaxis(x, range(axis, axis + indices.ndim), range(indices.ndim))
    z = np.zeros((n, *x.shape[indices.ndim :]), x.dtype)
    np.add.at(z, indices, x)
    return np.moveaxis(z, 0, axis)


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs)
