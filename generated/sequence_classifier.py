# Made by graphgen 0.1.0 -O1 from sequence_classifier.yaml (sha256 5c45f957cd831818).
# Do not edit: change the spec and build again.
"""A sequence of features is classified as one of several kinds: a bidirectional LSTM reads it, the
mean of what it returns over the steps of the sequence, as many as there are, is scored by a dense
layer with a softmax. Dropout on that mean has its mask as an input: 0 where a unit is dropped, else
1 / (1 - rate).

Source: Graves and Schmidhuber, "Framewise phoneme classification with bidirectional LSTM", Neural
Networks 2005, here with one label a sequence

Uses:
    reader: bidirectional_lstm
    head: softmax_cross_entropy

Sizes:
    T: steps
    n_x: input features
    n_a: hidden units
    n_y: classes
    m: sequences
"""

from typing import Any, NamedTuple

import numpy as np


class ReaderForwardsParameters(NamedTuple):
    """What reader.forwards, which is lstm, learns."""

    W_g: np.ndarray  # [3*n_a, n_a + n_x]
    b_g: np.ndarray  # [3*n_a, 1]
    W_c: np.ndarray  # [n_a, n_a + n_x]
    b_c: np.ndarray  # [n_a, 1]


class ReaderBackwardsParameters(NamedTuple):
    """What reader.backwards, which is lstm, learns."""

    W_g: np.ndarray  # [3*n_a, n_a + n_x]
    b_g: np.ndarray  # [3*n_a, 1]
    W_c: np.ndarray  # [n_a, n_a + n_x]
    b_c: np.ndarray  # [n_a, 1]


class ReaderParameters(NamedTuple):
    """What reader, which is bidirectional_lstm, learns."""

    forwards: ReaderForwardsParameters
    backwards: ReaderBackwardsParameters


class HeadParameters(NamedTuple):
    """What head, which is softmax_cross_entropy, learns."""

    W: np.ndarray  # [n_y, 2*n_a]
    b: np.ndarray  # [n_y, 1]


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    reader: ReaderParameters
    head: HeadParameters


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: np.ndarray  # [T, n_x, m]
    lengths: np.ndarray  # [m]
    target: np.ndarray  # [n_y, m]
    mask: np.ndarray  # [2*n_a, m]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: np.ndarray  # []
    scores: np.ndarray  # [n_y, m]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    target: np.ndarray  # [n_y, m]
    mask: np.ndarray  # [2*n_a, m]
    goes_on_steps: np.ndarray  # [T, m]
    sequence_sum: np.ndarray  # [2*n_a, m]
    sequence_maximum: np.ndarray  # [m]
    sequence: np.ndarray  # [2*n_a, m]
    head_loss_log_softmax: np.ndarray  # [n_y, m]
    reader_forwards_c_prev_steps: np.ndarray  # [T, n_a, m]
    reader_forwards_xc_steps: np.ndarray  # [T, n_a + n_x, m]
    reader_forwards_gate_steps: np.ndarray  # [T, 3*n_a, m]
    reader_forwards_c_hat_steps: np.ndarray  # [T, n_a, m]
    tanh_reader_forwards_c_steps: np.ndarray  # [T, n_a, m]
    reader_backwards_c_prev_steps: np.ndarray  # [T, n_a, m]
    reader_backwards_xc_steps: np.ndarray  # [T, n_a + n_x, m]
    reader_backwards_gate_steps: np.ndarray  # [T, 3*n_a, m]
    reader_backwards_c_hat_steps: np.ndarray  # [T, n_a, m]
    tanh_reader_backwards_c_steps: np.ndarray  # [T, n_a, m]


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
    n_x: int,
    n_a: int,
    n_y: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        reader=ReaderParameters(
            forwards=ReaderForwardsParameters(
                W_g=_glorot(rng, (3 * n_a, n_a + n_x), dtype),
                b_g=np.zeros((3 * n_a, 1), dtype),
                W_c=_glorot(rng, (n_a, n_a + n_x), dtype),
                b_c=np.zeros((n_a, 1), dtype),
            ),
            backwards=ReaderBackwardsParameters(
                W_g=_glorot(rng, (3 * n_a, n_a + n_x), dtype),
                b_g=np.zeros((3 * n_a, 1), dtype),
                W_c=_glorot(rng, (n_a, n_a + n_x), dtype),
                b_c=np.zeros((n_a, 1), dtype),
            ),
        ),
        head=HeadParameters(W=_glorot(rng, (n_y, 2 * n_a), dtype), b=np.zeros((n_y, 1), dtype)),
    )


def forward(parameters: Parameters, inputs: Inputs) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. read = reader(x=x, lengths=lengths)
    2. sequence = mask * sum(read.y, axis=0) / maximum(lengths, 1)
    3. result = head(h=sequence, target=target)
    4. loss = result.loss
    5. scores = result.scores
    """
    (
        reader_forwards_W_g, reader_forwards_b_g, reader_forwards_W_c, reader_forwards_b_c,
    ) = parameters.reader.forwards
    (
        reader_backwards_W_g, reader_backwards_b_g, reader_backwards_W_c, reader_backwards_b_c,
    ) = parameters.reader.backwards
    head_W, head_b = parameters.head
    x, lengths, target, mask = inputs
    n_a = reader_forwards_W_c.shape[0]  # hidden units
    T, n_x, m = x.shape                 # steps, input features, sequences
    dtype = _dtype(parameters, parameters.reader.forwards, parameters.reader.backwards, parameters.head, inputs)

    # reader: there = scan(forwards, x=x, lengths=lengths)
    goes_on_steps = np.expand_dims(np.arange(T), 1) < np.expand_dims(lengths, 0)
    reader_forwards_a_prev = np.zeros((n_a, m), dtype)
    reader_forwards_c_prev = np.zeros((n_a, m), dtype)
    reader_forwards_a_to_end_steps = np.empty((T, n_a, m), dtype)
    reader_forwards_c_prev_steps = np.empty((T, n_a, m), dtype)
    reader_forwards_xc_steps = np.empty((T, n_a + n_x, m), dtype)
    reader_forwards_gate_steps = np.empty((T, 3 * n_a, m), dtype)
    reader_forwards_c_hat_steps = np.empty((T, n_a, m), dtype)
    tanh_reader_forwards_c_steps = np.empty((T, n_a, m), dtype)
    for t in range(T):
        reader_forwards_x = x[t]
        reader_forwards_goes_on = goes_on_steps[t]

        # reader.forwards: xc = concat(a_prev, x)
        reader_forwards_xc = np.concatenate([reader_forwards_a_prev, reader_forwards_x], axis=0)

        # reader.forwards: gate = sigmoid(W_g @ xc + b_g)
        reader_forwards_gate = sigmoid(reader_forwards_W_g @ reader_forwards_xc + reader_forwards_b_g)

        # reader.forwards: c_hat = tanh(W_c @ xc + b_c)
        reader_forwards_c_hat = np.tanh(reader_forwards_W_c @ reader_forwards_xc + reader_forwards_b_c)

        # reader.forwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        reader_forwards_c_multiply = reader_forwards_gate[n_a:2 * n_a] * reader_forwards_c_prev
        reader_forwards_c = reader_forwards_gate[:n_a] * reader_forwards_c_hat + reader_forwards_c_multiply

        # reader.forwards: a = gate[2*n_a:] * tanh(c)
        tanh_reader_forwards_c = np.tanh(reader_forwards_c)
        reader_forwards_a = reader_forwards_gate[2 * n_a:] * tanh_reader_forwards_c

        # reader: there = scan(forwards, x=x, lengths=lengths)
        reader_forwards_a_to_end = np.where(reader_forwards_goes_on, reader_forwards_a, 0)
        reader_forwards_a_held = np.where(reader_forwards_goes_on, reader_forwards_a, reader_forwards_a_prev)
        reader_forwards_c_held = np.where(reader_forwards_goes_on, reader_forwards_c, reader_forwards_c_prev)

        # of this step: what is kept, and what the next one starts from
        reader_forwards_a_to_end_steps[t] = reader_forwards_a_to_end
        reader_forwards_c_prev_steps[t] = reader_forwards_c_prev
        reader_forwards_xc_steps[t] = reader_forwards_xc
        reader_forwards_gate_steps[t] = reader_forwards_gate
        reader_forwards_c_hat_steps[t] = reader_forwards_c_hat
        tanh_reader_forwards_c_steps[t] = tanh_reader_forwards_c
        reader_forwards_a_prev, reader_forwards_c_prev = reader_forwards_a_held, reader_forwards_c_held

    # reader: back = scan(backwards, x=x, lengths=lengths, reverse=True)
    reader_backwards_a_prev = np.zeros((n_a, m), dtype)
    reader_backwards_c_prev = np.zeros((n_a, m), dtype)
    reader_backwards_a_to_end_steps = np.empty((T, n_a, m), dtype)
    reader_backwards_c_prev_steps = np.empty((T, n_a, m), dtype)
    reader_backwards_xc_steps = np.empty((T, n_a + n_x, m), dtype)
    reader_backwards_gate_steps = np.empty((T, 3 * n_a, m), dtype)
    reader_backwards_c_hat_steps = np.empty((T, n_a, m), dtype)
    tanh_reader_backwards_c_steps = np.empty((T, n_a, m), dtype)
    for t in reversed(range(T)):
        reader_backwards_x = x[t]
        reader_backwards_goes_on = goes_on_steps[t]

        # reader.backwards: xc = concat(a_prev, x)
        reader_backwards_xc = np.concatenate([reader_backwards_a_prev, reader_backwards_x], axis=0)

        # reader.backwards: gate = sigmoid(W_g @ xc + b_g)
        reader_backwards_gate = sigmoid(reader_backwards_W_g @ reader_backwards_xc + reader_backwards_b_g)

        # reader.backwards: c_hat = tanh(W_c @ xc + b_c)
        reader_backwards_c_hat = np.tanh(reader_backwards_W_c @ reader_backwards_xc + reader_backwards_b_c)

        # reader.backwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        reader_backwards_c_multiply = reader_backwards_gate[n_a:2 * n_a] * reader_backwards_c_prev
        reader_backwards_c = reader_backwards_gate[:n_a] * reader_backwards_c_hat + reader_backwards_c_multiply

        # reader.backwards: a = gate[2*n_a:] * tanh(c)
        tanh_reader_backwards_c = np.tanh(reader_backwards_c)
        reader_backwards_a = reader_backwards_gate[2 * n_a:] * tanh_reader_backwards_c

        # reader: back = scan(backwards, x=x, lengths=lengths, reverse=True)
        reader_backwards_a_to_end = np.where(reader_backwards_goes_on, reader_backwards_a, 0)
        reader_backwards_a_held = np.where(reader_backwards_goes_on, reader_backwards_a, reader_backwards_a_prev)
        reader_backwards_c_held = np.where(reader_backwards_goes_on, reader_backwards_c, reader_backwards_c_prev)

        # of this step: what is kept, and what the next one starts from
        reader_backwards_a_to_end_steps[t] = reader_backwards_a_to_end
        reader_backwards_c_prev_steps[t] = reader_backwards_c_prev
        reader_backwards_xc_steps[t] = reader_backwards_xc
        reader_backwards_gate_steps[t] = reader_backwards_gate
        reader_backwards_c_hat_steps[t] = reader_backwards_c_hat
        tanh_reader_backwards_c_steps[t] = tanh_reader_backwards_c
        reader_backwards_a_prev, reader_backwards_c_prev = reader_backwards_a_held, reader_backwards_c_held

    # reader: y = concat(there.a, back.a, axis=1)
    reader_y = np.concatenate([reader_forwards_a_to_end_steps, reader_backwards_a_to_end_steps], axis=1)

    # 2. sequence = mask * sum(read.y, axis=0) / maximum(lengths, 1)
    sequence_sum = np.sum(reader_y, axis=0)
    sequence_maximum = np.maximum(lengths.astype(dtype), 1)
    sequence = mask * sequence_sum / sequence_maximum

    # head: scores = W @ h + b
    head_scores = head_W @ sequence + head_b

    # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
    head_loss_log_softmax = log_softmax(head_scores, axis=0)
    head_loss = -np.sum(target * head_loss_log_softmax) / m

    return (
        Outputs(loss=head_loss, scores=head_scores),
        Residuals(
            target=target, mask=mask, goes_on_steps=goes_on_steps, sequence_sum=sequence_sum,
            sequence_maximum=sequence_maximum, sequence=sequence,
            head_loss_log_softmax=head_loss_log_softmax,
            reader_forwards_c_prev_steps=reader_forwards_c_prev_steps,
            reader_forwards_xc_steps=reader_forwards_xc_steps,
            reader_forwards_gate_steps=reader_forwards_gate_steps,
            reader_forwards_c_hat_steps=reader_forwards_c_hat_steps,
            tanh_reader_forwards_c_steps=tanh_reader_forwards_c_steps,
            reader_backwards_c_prev_steps=reader_backwards_c_prev_steps,
            reader_backwards_xc_steps=reader_backwards_xc_steps,
            reader_backwards_gate_steps=reader_backwards_gate_steps,
            reader_backwards_c_hat_steps=reader_backwards_c_hat_steps,
            tanh_reader_backwards_c_steps=tanh_reader_backwards_c_steps,
        ),
    )


def backward(
    parameters: Parameters,
    residuals: Residuals,
    d_outputs: Outputs | None = None,
) -> Gradients:
    """The gradients of one step, from the cotangents of its results.

    A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    (
        target, mask, goes_on_steps, sequence_sum, sequence_maximum, sequence, head_loss_log_softmax,
        reader_forwards_c_prev_steps, reader_forwards_xc_steps, reader_forwards_gate_steps,
        reader_forwards_c_hat_steps, tanh_reader_forwards_c_steps, reader_backwards_c_prev_steps,
        reader_backwards_xc_steps, reader_backwards_gate_steps, reader_backwards_c_hat_steps,
        tanh_reader_backwards_c_steps,
    ) = residuals
    reader_forwards_W_g, reader_forwards_W_c = parameters.reader.forwards.W_g, parameters.reader.forwards.W_c
    reader_backwards_W_g = parameters.reader.backwards.W_g
    reader_backwards_W_c = parameters.reader.backwards.W_c
    head_W = parameters.head.W
    n_y, m = target.shape                          # classes, sequences
    T = goes_on_steps.shape[0]                     # steps
    n_a = reader_forwards_c_prev_steps.shape[1]    # hidden units
    n_x = reader_forwards_xc_steps.shape[1] - n_a  # input features
    dtype = _dtype(
            parameters, parameters.reader.forwards, parameters.reader.backwards, parameters.head, residuals,
            d_outputs,
        )

    # the cotangents handed in; None counts as zero
    dloss = _cotangent("d_outputs.loss", d_outputs.loss, (), dtype)
    dscores_output = _cotangent("d_outputs.scores", d_outputs.scores, (n_y, m), dtype)

    # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
    dhead_loss_negative = dloss / m                   # quotient
    dhead_loss_sum = -dhead_loss_negative             # negative
    dtarget = dhead_loss_sum * head_loss_log_softmax  # hadamard
    dhead_loss_log_softmax = dhead_loss_sum * target  # hadamard
    dhead_loss_multiply = np.exp(head_loss_log_softmax) * np.sum(dhead_loss_log_softmax, axis=0, keepdims=True)
    dhead_scores_head_loss = dhead_loss_log_softmax - dhead_loss_multiply  # log_softmax

    # head: scores = W @ h + b
    dhead_scores = dscores_output + dhead_scores_head_loss  # split: the sum over its uses
    dhead_b = np.sum(dhead_scores, axis=1, keepdims=True)   # addition, summed where it was broadcast
    dhead_W = dhead_scores @ sequence.T                     # matrix product
    dsequence = head_W.T @ dhead_scores                     # matrix product

    # 2. sequence = mask * sum(read.y, axis=0) / maximum(lengths, 1)
    dsequence_multiply = dsequence / sequence_maximum  # quotient
    dmask = dsequence_multiply * sequence_sum          # hadamard
    dsequence_sum = dsequence_multiply * mask          # hadamard
    dreader_y = np.broadcast_to(np.expand_dims(dsequence_sum, 0), (T, 2 * n_a, m))  # sum

    # reader: y = concat(there.a, back.a, axis=1)
    dreader_forwards_a_to_end_steps = dreader_y[:, :n_a]   # concat
    dreader_backwards_a_to_end_steps = dreader_y[:, n_a:]  # concat

    # reader: back = scan(backwards, x=x, lengths=lengths, reverse=True)
    dreader_backwards_a = np.zeros((n_a, m), dtype)
    dreader_backwards_c = np.zeros((n_a, m), dtype)
    dreader_backwards_W_g = np.zeros((3 * n_a, n_a + n_x), dtype)
    dreader_backwards_b_g = np.zeros((3 * n_a, 1), dtype)
    dreader_backwards_W_c = np.zeros((n_a, n_a + n_x), dtype)
    dreader_backwards_b_c = np.zeros((n_a, 1), dtype)
    dreader_backwards_x_steps = np.empty((T, n_x, m), dtype)
    for t in range(T):
        dreader_backwards_a_2 = dreader_backwards_a_to_end_steps[t]
        reader_backwards_goes_on = goes_on_steps[t]
        reader_backwards_c_prev = reader_backwards_c_prev_steps[t]
        reader_backwards_xc = reader_backwards_xc_steps[t]
        reader_backwards_gate = reader_backwards_gate_steps[t]
        reader_backwards_c_hat = reader_backwards_c_hat_steps[t]
        tanh_reader_backwards_c = tanh_reader_backwards_c_steps[t]

        # reader: back = scan(backwards, x=x, lengths=lengths, reverse=True)
        dreader_backwards_c_reader_back = np.where(reader_backwards_goes_on, dreader_backwards_c, 0)  # where
        # where
        dreader_backwards_c_prev_reader_back = np.where(reader_backwards_goes_on, 0, dreader_backwards_c)
        dreader_backwards_a_reader_back = np.where(reader_backwards_goes_on, dreader_backwards_a, 0)  # where
        # where
        dreader_backwards_a_prev_reader_back = np.where(reader_backwards_goes_on, 0, dreader_backwards_a)
        # where
        dreader_backwards_a_reader_back_2 = np.where(reader_backwards_goes_on, dreader_backwards_a_2, 0)

        # reader.backwards: a = gate[2*n_a:] * tanh(c)
        # split: the sum over its uses
        dreader_backwards_a_3 = dreader_backwards_a_reader_back + dreader_backwards_a_reader_back_2
        dreader_backwards_gate_3 = dreader_backwards_a_3 * tanh_reader_backwards_c  # hadamard
        dtanh_reader_backwards_c = dreader_backwards_a_3 * reader_backwards_gate[2 * n_a:]  # hadamard
        # tanh
        dreader_backwards_c_reader_backwards_a = (
            dtanh_reader_backwards_c * (1 - tanh_reader_backwards_c * tanh_reader_backwards_c)
        )

        # reader.backwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        # split: the sum over its uses
        dreader_backwards_c_2 = dreader_backwards_c_reader_back + dreader_backwards_c_reader_backwards_a
        dreader_backwards_gate_2 = dreader_backwards_c_2 * reader_backwards_c_prev  # hadamard
        # hadamard
        dreader_backwards_c_prev_reader_backwards_c = dreader_backwards_c_2 * reader_backwards_gate[n_a:2 * n_a]
        dreader_backwards_gate_1 = dreader_backwards_c_2 * reader_backwards_c_hat  # hadamard
        dreader_backwards_c_hat = dreader_backwards_c_2 * reader_backwards_gate[:n_a]  # hadamard

        # reader.backwards: c_hat = tanh(W_c @ xc + b_c)
        # tanh
        dreader_backwards_c_hat_add = dreader_backwards_c_hat * (1 - reader_backwards_c_hat * reader_backwards_c_hat)
        # addition, summed where it was broadcast
        dreader_backwards_b_c += np.sum(dreader_backwards_c_hat_add, axis=1, keepdims=True)
        dreader_backwards_W_c += dreader_backwards_c_hat_add @ reader_backwards_xc.T  # matrix product
        # matrix product
        dreader_backwards_xc_reader_backwards_c_hat = reader_backwards_W_c.T @ dreader_backwards_c_hat_add

        # reader.backwards: gate = sigmoid(W_g @ xc + b_g)
        # split: side by side
        dreader_backwards_gate = (
            np.concatenate([dreader_backwards_gate_1, dreader_backwards_gate_2, dreader_backwards_gate_3], axis=0)
        )
        # sigmoid
        dreader_backwards_gate_add = dreader_backwards_gate * (reader_backwards_gate * (1 - reader_backwards_gate))
        # addition, summed where it was broadcast
        dreader_backwards_b_g += np.sum(dreader_backwards_gate_add, axis=1, keepdims=True)
        dreader_backwards_W_g += dreader_backwards_gate_add @ reader_backwards_xc.T  # matrix product
        # matrix product
        dreader_backwards_xc_reader_backwards_gate = reader_backwards_W_g.T @ dreader_backwards_gate_add

        # reader.backwards: xc = concat(a_prev, x)
        # split: the sum over its uses
        dreader_backwards_xc = (
            dreader_backwards_xc_reader_backwards_c_hat + dreader_backwards_xc_reader_backwards_gate
        )
        dreader_backwards_a_prev_reader_backwards_xc = dreader_backwards_xc[:n_a]  # concat
        dreader_backwards_x = dreader_backwards_xc[n_a:]  # concat
        # split: the sum over its uses
        dreader_backwards_c_prev = dreader_backwards_c_prev_reader_back + dreader_backwards_c_prev_reader_backwards_c
        # split: the sum over its uses
        dreader_backwards_a_prev = dreader_backwards_a_prev_reader_back + dreader_backwards_a_prev_reader_backwards_xc

        # of this step: what is kept, and what the next one starts from
        dreader_backwards_x_steps[t] = dreader_backwards_x
        dreader_backwards_a, dreader_backwards_c = dreader_backwards_a_prev, dreader_backwards_c_prev

    # reader: there = scan(forwards, x=x, lengths=lengths)
    dreader_forwards_a = np.zeros((n_a, m), dtype)
    dreader_forwards_c = np.zeros((n_a, m), dtype)
    dreader_forwards_W_g = np.zeros((3 * n_a, n_a + n_x), dtype)
    dreader_forwards_b_g = np.zeros((3 * n_a, 1), dtype)
    dreader_forwards_W_c = np.zeros((n_a, n_a + n_x), dtype)
    dreader_forwards_b_c = np.zeros((n_a, 1), dtype)
    dreader_forwards_x_steps = np.empty((T, n_x, m), dtype)
    for t in reversed(range(T)):
        dreader_forwards_a_2 = dreader_forwards_a_to_end_steps[t]
        reader_forwards_goes_on = goes_on_steps[t]
        reader_forwards_c_prev = reader_forwards_c_prev_steps[t]
        reader_forwards_xc = reader_forwards_xc_steps[t]
        reader_forwards_gate = reader_forwards_gate_steps[t]
        reader_forwards_c_hat = reader_forwards_c_hat_steps[t]
        tanh_reader_forwards_c = tanh_reader_forwards_c_steps[t]

        # reader: there = scan(forwards, x=x, lengths=lengths)
        dreader_forwards_c_reader_there = np.where(reader_forwards_goes_on, dreader_forwards_c, 0)  # where
        # where
        dreader_forwards_c_prev_reader_there = np.where(reader_forwards_goes_on, 0, dreader_forwards_c)
        dreader_forwards_a_reader_there = np.where(reader_forwards_goes_on, dreader_forwards_a, 0)  # where
        # where
        dreader_forwards_a_prev_reader_there = np.where(reader_forwards_goes_on, 0, dreader_forwards_a)
        # where
        dreader_forwards_a_reader_there_2 = np.where(reader_forwards_goes_on, dreader_forwards_a_2, 0)

        # reader.forwards: a = gate[2*n_a:] * tanh(c)
        # split: the sum over its uses
        dreader_forwards_a_3 = dreader_forwards_a_reader_there + dreader_forwards_a_reader_there_2
        dreader_forwards_gate_3 = dreader_forwards_a_3 * tanh_reader_forwards_c  # hadamard
        dtanh_reader_forwards_c = dreader_forwards_a_3 * reader_forwards_gate[2 * n_a:]  # hadamard
        # tanh
        dreader_forwards_c_reader_forwards_a = (
            dtanh_reader_forwards_c * (1 - tanh_reader_forwards_c * tanh_reader_forwards_c)
        )

        # reader.forwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        # split: the sum over its uses
        dreader_forwards_c_2 = dreader_forwards_c_reader_there + dreader_forwards_c_reader_forwards_a
        dreader_forwards_gate_2 = dreader_forwards_c_2 * reader_forwards_c_prev  # hadamard
        # hadamard
        dreader_forwards_c_prev_reader_forwards_c = dreader_forwards_c_2 * reader_forwards_gate[n_a:2 * n_a]
        dreader_forwards_gate_1 = dreader_forwards_c_2 * reader_forwards_c_hat  # hadamard
        dreader_forwards_c_hat = dreader_forwards_c_2 * reader_forwards_gate[:n_a]  # hadamard

        # reader.forwards: c_hat = tanh(W_c @ xc + b_c)
        # tanh
        dreader_forwards_c_hat_add = dreader_forwards_c_hat * (1 - reader_forwards_c_hat * reader_forwards_c_hat)
        # addition, summed where it was broadcast
        dreader_forwards_b_c += np.sum(dreader_forwards_c_hat_add, axis=1, keepdims=True)
        dreader_forwards_W_c += dreader_forwards_c_hat_add @ reader_forwards_xc.T  # matrix product
        # matrix product
        dreader_forwards_xc_reader_forwards_c_hat = reader_forwards_W_c.T @ dreader_forwards_c_hat_add

        # reader.forwards: gate = sigmoid(W_g @ xc + b_g)
        # split: side by side
        dreader_forwards_gate = (
            np.concatenate([dreader_forwards_gate_1, dreader_forwards_gate_2, dreader_forwards_gate_3], axis=0)
        )
        # sigmoid
        dreader_forwards_gate_add = dreader_forwards_gate * (reader_forwards_gate * (1 - reader_forwards_gate))
        # addition, summed where it was broadcast
        dreader_forwards_b_g += np.sum(dreader_forwards_gate_add, axis=1, keepdims=True)
        dreader_forwards_W_g += dreader_forwards_gate_add @ reader_forwards_xc.T  # matrix product
        # matrix product
        dreader_forwards_xc_reader_forwards_gate = reader_forwards_W_g.T @ dreader_forwards_gate_add

        # reader.forwards: xc = concat(a_prev, x)
        # split: the sum over its uses
        dreader_forwards_xc = dreader_forwards_xc_reader_forwards_c_hat + dreader_forwards_xc_reader_forwards_gate
        dreader_forwards_a_prev_reader_forwards_xc = dreader_forwards_xc[:n_a]  # concat
        dreader_forwards_x = dreader_forwards_xc[n_a:]  # concat
        # split: the sum over its uses
        dreader_forwards_c_prev = dreader_forwards_c_prev_reader_there + dreader_forwards_c_prev_reader_forwards_c
        # split: the sum over its uses
        dreader_forwards_a_prev = dreader_forwards_a_prev_reader_there + dreader_forwards_a_prev_reader_forwards_xc

        # of this step: what is kept, and what the next one starts from
        dreader_forwards_x_steps[t] = dreader_forwards_x
        dreader_forwards_a, dreader_forwards_c = dreader_forwards_a_prev, dreader_forwards_c_prev

    dx = dreader_backwards_x_steps + dreader_forwards_x_steps  # split: the sum over its uses

    return Gradients(
        Parameters(
            reader=ReaderParameters(
                forwards=ReaderForwardsParameters(
                    W_g=dreader_forwards_W_g, b_g=dreader_forwards_b_g, W_c=dreader_forwards_W_c,
                    b_c=dreader_forwards_b_c,
                ),
                backwards=ReaderBackwardsParameters(
                    W_g=dreader_backwards_W_g, b_g=dreader_backwards_b_g, W_c=dreader_backwards_W_c,
                    b_c=dreader_backwards_b_c,
                ),
            ),
            head=HeadParameters(W=dhead_W, b=dhead_b),
        ),
        Inputs(x=dx, lengths=None, target=dtarget, mask=dmask),
    )
