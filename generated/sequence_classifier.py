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

    target: Annotated[np.ndarray, "[n_y, m]"]
    mask: Annotated[np.ndarray, "[2*n_a, m]"]
    goes_on_steps: Annotated[np.ndarray, "bool[T, m]"]
    sequence_concat: Annotated[np.ndarray, "[2*n_a, m]"]
    sequence_maximum: Annotated[np.ndarray, "[m]"]
    sequence: Annotated[np.ndarray, "[2*n_a, m]"]
    head_loss_log_softmax: Annotated[np.ndarray, "[n_y, m]"]
    forwards_c_prev_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    forwards_gate_steps: Annotated[np.ndarray, "[T, 3*n_a, m]"]
    forwards_c_hat_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    tanh_forwards_c_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    forwards_xc_steps: Annotated[np.ndarray, "[T, n_a + n_x, m]"]
    backwards_c_prev_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    backwards_gate_steps: Annotated[np.ndarray, "[T, 3*n_a, m]"]
    backwards_c_hat_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    tanh_backwards_c_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    backwards_xc_steps: Annotated[np.ndarray, "[T, n_a + n_x, m]"]


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


def forward(parameters: Parameters, inputs: Inputs) -> tuple[Outputs, Residuals]:
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
    T, n_x, m = x.shape          # steps, input features, sequences

    # 1. there = scan(forwards, x=x, lengths=lengths)
    goes_on_steps = np.expand_dims(np.arange(T), 1) < np.expand_dims(lengths, 0)
    forwards_a_prev = np.zeros((n_a, m), dtype)
    forwards_c_prev = np.zeros((n_a, m), dtype)
    forwards_a_to_end_steps = np.empty((T, n_a, m), dtype)
    forwards_c_prev_steps = np.empty((T, n_a, m), dtype)
    forwards_gate_steps = np.empty((T, 3 * n_a, m), dtype)
    forwards_c_hat_steps = np.empty((T, n_a, m), dtype)
    tanh_forwards_c_steps = np.empty((T, n_a, m), dtype)
    forwards_xc_steps = np.empty((T, n_a + n_x, m), dtype)
    for t in range(T):
        forwards_x = x[t]
        forwards_goes_on = goes_on_steps[t]

        # forwards: xc = concat(a_prev, x)
        forwards_xc = np.concatenate([forwards_a_prev, forwards_x], axis=0)

        # forwards: gate = sigmoid(W_g @ xc + b_g)
        forwards_gate = sigmoid(forwards_W_g @ forwards_xc + forwards_b_g)

        # forwards: c_hat = tanh(W_c @ xc + b_c)
        forwards_c_hat = np.tanh(forwards_W_c @ forwards_xc + forwards_b_c)

        # forwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        forwards_c = forwards_gate[:n_a] * forwards_c_hat + forwards_gate[n_a:2 * n_a] * forwards_c_prev

        # forwards: a = gate[2*n_a:] * tanh(c)
        tanh_forwards_c = np.tanh(forwards_c)
        forwards_a = forwards_gate[2 * n_a:] * tanh_forwards_c

        # 1. there = scan(forwards, x=x, lengths=lengths)
        forwards_a_to_end = np.where(forwards_goes_on, forwards_a, 0)
        forwards_a_held = np.where(forwards_goes_on, forwards_a, forwards_a_prev)
        forwards_c_held = np.where(forwards_goes_on, forwards_c, forwards_c_prev)

        # of this step: what is kept, and what the next one starts from
        forwards_a_to_end_steps[t] = forwards_a_to_end
        forwards_c_prev_steps[t] = forwards_c_prev
        forwards_gate_steps[t] = forwards_gate
        forwards_c_hat_steps[t] = forwards_c_hat
        tanh_forwards_c_steps[t] = tanh_forwards_c
        forwards_xc_steps[t] = forwards_xc
        forwards_a_prev, forwards_c_prev = forwards_a_held, forwards_c_held

    backwards_a_prev = np.zeros((n_a, m), dtype)
    backwards_c_prev = np.zeros((n_a, m), dtype)
    backwards_a_to_end_steps = np.empty((T, n_a, m), dtype)
    backwards_c_prev_steps = np.empty((T, n_a, m), dtype)
    backwards_gate_steps = np.empty((T, 3 * n_a, m), dtype)
    backwards_c_hat_steps = np.empty((T, n_a, m), dtype)
    tanh_backwards_c_steps = np.empty((T, n_a, m), dtype)
    backwards_xc_steps = np.empty((T, n_a + n_x, m), dtype)
    for t in reversed(range(T)):
        backwards_x = x[t]
        backwards_goes_on = goes_on_steps[t]

        # backwards: xc = concat(a_prev, x)
        backwards_xc = np.concatenate([backwards_a_prev, backwards_x], axis=0)

        # backwards: gate = sigmoid(W_g @ xc + b_g)
        backwards_gate = sigmoid(backwards_W_g @ backwards_xc + backwards_b_g)

        # backwards: c_hat = tanh(W_c @ xc + b_c)
        backwards_c_hat = np.tanh(backwards_W_c @ backwards_xc + backwards_b_c)

        # backwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        backwards_c = backwards_gate[:n_a] * backwards_c_hat + backwards_gate[n_a:2 * n_a] * backwards_c_prev

        # backwards: a = gate[2*n_a:] * tanh(c)
        tanh_backwards_c = np.tanh(backwards_c)
        backwards_a = backwards_gate[2 * n_a:] * tanh_backwards_c

        # 2. back = scan(backwards, x=x, lengths=lengths, reverse=True)
        backwards_a_to_end = np.where(backwards_goes_on, backwards_a, 0)
        backwards_a_held = np.where(backwards_goes_on, backwards_a, backwards_a_prev)
        backwards_c_held = np.where(backwards_goes_on, backwards_c, backwards_c_prev)

        # of this step: what is kept, and what the next one starts from
        backwards_a_to_end_steps[t] = backwards_a_to_end
        backwards_c_prev_steps[t] = backwards_c_prev
        backwards_gate_steps[t] = backwards_gate
        backwards_c_hat_steps[t] = backwards_c_hat
        tanh_backwards_c_steps[t] = tanh_backwards_c
        backwards_xc_steps[t] = backwards_xc
        backwards_a_prev, backwards_c_prev = backwards_a_held, backwards_c_held

    # 3. sequence = mask * concat(sum(there.a, axis=0), sum(back.a, axis=0)) / maximum(lengths, 1)
    sequence_sum_2 = np.sum(backwards_a_to_end_steps, axis=0)
    sequence_concat = np.concatenate([np.sum(forwards_a_to_end_steps, axis=0), sequence_sum_2], axis=0)
    sequence_maximum = np.maximum(lengths.astype(dtype), 1)
    sequence = mask * sequence_concat / sequence_maximum

    # head: scores = W @ h + b
    head_scores = head_W @ sequence + head_b

    # head: loss = -sum(target * log_softmax(scores, axis=0)) / m
    head_loss_log_softmax = log_softmax(head_scores, axis=0)
    head_loss = -np.sum(target * head_loss_log_softmax) / m

    return (
        Outputs(loss=head_loss, scores=head_scores),
        Residuals(
            target=target, mask=mask, goes_on_steps=goes_on_steps, sequence_concat=sequence_concat,
            sequence_maximum=sequence_maximum, sequence=sequence,
            head_loss_log_softmax=head_loss_log_softmax, forwards_c_prev_steps=forwards_c_prev_steps,
            forwards_gate_steps=forwards_gate_steps, forwards_c_hat_steps=forwards_c_hat_steps,
            tanh_forwards_c_steps=tanh_forwards_c_steps, forwards_xc_steps=forwards_xc_steps,
            backwards_c_prev_steps=backwards_c_prev_steps, backwards_gate_steps=backwards_gate_steps,
            backwards_c_hat_steps=backwards_c_hat_steps, tanh_backwards_c_steps=tanh_backwards_c_steps,
            backwards_xc_steps=backwards_xc_steps,
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
    dtype = _BACKWARD.check(parameters, residuals, d_outputs)
    (
        target, mask, goes_on_steps, sequence_concat, sequence_maximum, sequence, head_loss_log_softmax,
        forwards_c_prev_steps, forwards_gate_steps, forwards_c_hat_steps, tanh_forwards_c_steps,
        forwards_xc_steps, backwards_c_prev_steps, backwards_gate_steps, backwards_c_hat_steps,
        tanh_backwards_c_steps, backwards_xc_steps,
    ) = residuals
    forwards_W_g, forwards_W_c = parameters.forwards.W_g, parameters.forwards.W_c
    backwards_W_g, backwards_W_c = parameters.backwards.W_g, parameters.backwards.W_c
    head_W = parameters.head.W
    n_y, m = target.shape                   # classes, sequences
    T = goes_on_steps.shape[0]              # steps
    n_a = forwards_c_prev_steps.shape[1]    # hidden units
    n_x = forwards_xc_steps.shape[1] - n_a  # input features

    # the cotangents handed in; None counts as zero
    dloss = _cotangent(d_outputs.loss, (), dtype)
    dscores_output = _cotangent(d_outputs.scores, (n_y, m), dtype)

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

    # 3. sequence = mask * concat(sum(there.a, axis=0), sum(back.a, axis=0)) / maximum(lengths, 1)
    dsequence_multiply = dsequence / sequence_maximum  # quotient
    dmask = dsequence_multiply * sequence_concat       # hadamard
    dsequence_concat = dsequence_multiply * mask       # hadamard
    dsequence_sum = dsequence_concat[:n_a]             # concat
    dsequence_sum_2 = dsequence_concat[n_a:]           # concat
    dbackwards_a_to_end_steps = np.broadcast_to(np.expand_dims(dsequence_sum_2, 0), (T, n_a, m))  # sum
    dforwards_a_to_end_steps = np.broadcast_to(np.expand_dims(dsequence_sum, 0), (T, n_a, m))  # sum
    dbackwards_a = np.zeros((n_a, m), dtype)
    dbackwards_c = np.zeros((n_a, m), dtype)
    dbackwards_x_steps = np.empty((T, n_x, m), dtype)
    dbackwards_gate_add_steps = np.empty((T, 3 * n_a, m), dtype)
    dbackwards_c_hat_add_steps = np.empty((T, n_a, m), dtype)
    for t in range(T):
        dbackwards_a_2 = dbackwards_a_to_end_steps[t]
        backwards_goes_on = goes_on_steps[t]
        backwards_c_prev = backwards_c_prev_steps[t]
        backwards_gate = backwards_gate_steps[t]
        backwards_c_hat = backwards_c_hat_steps[t]
        tanh_backwards_c = tanh_backwards_c_steps[t]

        # 2. back = scan(backwards, x=x, lengths=lengths, reverse=True)
        dbackwards_c_back = np.where(backwards_goes_on, dbackwards_c, 0)  # where
        dbackwards_c_prev_back = np.where(backwards_goes_on, 0, dbackwards_c)  # where
        dbackwards_a_back = np.where(backwards_goes_on, dbackwards_a, 0)  # where
        dbackwards_a_prev_back = np.where(backwards_goes_on, 0, dbackwards_a)  # where
        dbackwards_a_back_2 = np.where(backwards_goes_on, dbackwards_a_2, 0)  # where

        # backwards: a = gate[2*n_a:] * tanh(c)
        dbackwards_a_3 = dbackwards_a_back + dbackwards_a_back_2  # split: the sum over its uses
        dbackwards_gate_3 = dbackwards_a_3 * tanh_backwards_c     # hadamard
        dtanh_backwards_c = dbackwards_a_3 * backwards_gate[2 * n_a:]  # hadamard
        dbackwards_c_backwards_a = dtanh_backwards_c * (1 - tanh_backwards_c * tanh_backwards_c)  # tanh

        # backwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dbackwards_c_2 = dbackwards_c_back + dbackwards_c_backwards_a  # split: the sum over its uses
        dbackwards_gate_2 = dbackwards_c_2 * backwards_c_prev     # hadamard
        dbackwards_c_prev_backwards_c = dbackwards_c_2 * backwards_gate[n_a:2 * n_a]  # hadamard
        dbackwards_gate_1 = dbackwards_c_2 * backwards_c_hat      # hadamard
        dbackwards_c_hat = dbackwards_c_2 * backwards_gate[:n_a]  # hadamard

        # backwards: c_hat = tanh(W_c @ xc + b_c)
        dbackwards_c_hat_add = dbackwards_c_hat * (1 - backwards_c_hat * backwards_c_hat)  # tanh
        dbackwards_xc_backwards_c_hat = backwards_W_c.T @ dbackwards_c_hat_add  # matrix product

        # backwards: gate = sigmoid(W_g @ xc + b_g)
        # split: side by side
        dbackwards_gate = np.concatenate([dbackwards_gate_1, dbackwards_gate_2, dbackwards_gate_3], axis=0)
        dbackwards_gate_add = dbackwards_gate * (backwards_gate * (1 - backwards_gate))  # sigmoid
        dbackwards_xc_backwards_gate = backwards_W_g.T @ dbackwards_gate_add  # matrix product

        # backwards: xc = concat(a_prev, x)
        # split: the sum over its uses
        dbackwards_xc = dbackwards_xc_backwards_c_hat + dbackwards_xc_backwards_gate
        dbackwards_a_prev_backwards_xc = dbackwards_xc[:n_a]  # concat
        dbackwards_x = dbackwards_xc[n_a:]                    # concat
        # split: the sum over its uses
        dbackwards_c_prev = dbackwards_c_prev_back + dbackwards_c_prev_backwards_c
        # split: the sum over its uses
        dbackwards_a_prev = dbackwards_a_prev_back + dbackwards_a_prev_backwards_xc

        # of this step: what is kept, and what the next one starts from
        dbackwards_x_steps[t] = dbackwards_x
        dbackwards_gate_add_steps[t] = dbackwards_gate_add
        dbackwards_c_hat_add_steps[t] = dbackwards_c_hat_add
        dbackwards_a, dbackwards_c = dbackwards_a_prev, dbackwards_c_prev

    # for every step at once: no later step reads it
    multiply_steps_T = np.reshape(np.swapaxes(dbackwards_gate_add_steps, -1, -2), (T * m, 3 * n_a)).T
    backwards_xc_steps_rows = np.reshape(np.swapaxes(backwards_xc_steps, -1, -2), (T * m, n_a + n_x))
    dbackwards_W_g = multiply_steps_T @ backwards_xc_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dbackwards_b_g = np.expand_dims(np.sum(dbackwards_gate_add_steps, axis=(0, 2)), 1)
    multiply_2_steps_T = np.reshape(np.swapaxes(dbackwards_c_hat_add_steps, -1, -2), (T * m, n_a)).T
    dbackwards_W_c = multiply_2_steps_T @ backwards_xc_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dbackwards_b_c = np.expand_dims(np.sum(dbackwards_c_hat_add_steps, axis=(0, 2)), 1)
    dforwards_a = np.zeros((n_a, m), dtype)
    dforwards_c = np.zeros((n_a, m), dtype)
    dforwards_x_steps = np.empty((T, n_x, m), dtype)
    dforwards_gate_add_steps = np.empty((T, 3 * n_a, m), dtype)
    dforwards_c_hat_add_steps = np.empty((T, n_a, m), dtype)
    for t in reversed(range(T)):
        dforwards_a_2 = dforwards_a_to_end_steps[t]
        forwards_goes_on = goes_on_steps[t]
        forwards_c_prev = forwards_c_prev_steps[t]
        forwards_gate = forwards_gate_steps[t]
        forwards_c_hat = forwards_c_hat_steps[t]
        tanh_forwards_c = tanh_forwards_c_steps[t]

        # 1. there = scan(forwards, x=x, lengths=lengths)
        dforwards_c_there = np.where(forwards_goes_on, dforwards_c, 0)  # where
        dforwards_c_prev_there = np.where(forwards_goes_on, 0, dforwards_c)  # where
        dforwards_a_there = np.where(forwards_goes_on, dforwards_a, 0)  # where
        dforwards_a_prev_there = np.where(forwards_goes_on, 0, dforwards_a)  # where
        dforwards_a_there_2 = np.where(forwards_goes_on, dforwards_a_2, 0)  # where

        # forwards: a = gate[2*n_a:] * tanh(c)
        dforwards_a_3 = dforwards_a_there + dforwards_a_there_2  # split: the sum over its uses
        dforwards_gate_3 = dforwards_a_3 * tanh_forwards_c       # hadamard
        dtanh_forwards_c = dforwards_a_3 * forwards_gate[2 * n_a:]  # hadamard
        dforwards_c_forwards_a = dtanh_forwards_c * (1 - tanh_forwards_c * tanh_forwards_c)  # tanh

        # forwards: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dforwards_c_2 = dforwards_c_there + dforwards_c_forwards_a  # split: the sum over its uses
        dforwards_gate_2 = dforwards_c_2 * forwards_c_prev     # hadamard
        dforwards_c_prev_forwards_c = dforwards_c_2 * forwards_gate[n_a:2 * n_a]  # hadamard
        dforwards_gate_1 = dforwards_c_2 * forwards_c_hat      # hadamard
        dforwards_c_hat = dforwards_c_2 * forwards_gate[:n_a]  # hadamard

        # forwards: c_hat = tanh(W_c @ xc + b_c)
        dforwards_c_hat_add = dforwards_c_hat * (1 - forwards_c_hat * forwards_c_hat)  # tanh
        dforwards_xc_forwards_c_hat = forwards_W_c.T @ dforwards_c_hat_add  # matrix product

        # forwards: gate = sigmoid(W_g @ xc + b_g)
        # split: side by side
        dforwards_gate = np.concatenate([dforwards_gate_1, dforwards_gate_2, dforwards_gate_3], axis=0)
        dforwards_gate_add = dforwards_gate * (forwards_gate * (1 - forwards_gate))  # sigmoid
        dforwards_xc_forwards_gate = forwards_W_g.T @ dforwards_gate_add  # matrix product

        # forwards: xc = concat(a_prev, x)
        # split: the sum over its uses
        dforwards_xc = dforwards_xc_forwards_c_hat + dforwards_xc_forwards_gate
        dforwards_a_prev_forwards_xc = dforwards_xc[:n_a]  # concat
        dforwards_x = dforwards_xc[n_a:]                   # concat
        # split: the sum over its uses
        dforwards_c_prev = dforwards_c_prev_there + dforwards_c_prev_forwards_c
        # split: the sum over its uses
        dforwards_a_prev = dforwards_a_prev_there + dforwards_a_prev_forwards_xc

        # of this step: what is kept, and what the next one starts from
        dforwards_x_steps[t] = dforwards_x
        dforwards_gate_add_steps[t] = dforwards_gate_add
        dforwards_c_hat_add_steps[t] = dforwards_c_hat_add
        dforwards_a, dforwards_c = dforwards_a_prev, dforwards_c_prev

    multiply_3_steps_T = np.reshape(np.swapaxes(dforwards_gate_add_steps, -1, -2), (T * m, 3 * n_a)).T
    forwards_xc_steps_rows = np.reshape(np.swapaxes(forwards_xc_steps, -1, -2), (T * m, n_a + n_x))
    dforwards_W_g = multiply_3_steps_T @ forwards_xc_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dforwards_b_g = np.expand_dims(np.sum(dforwards_gate_add_steps, axis=(0, 2)), 1)
    multiply_4_steps_T = np.reshape(np.swapaxes(dforwards_c_hat_add_steps, -1, -2), (T * m, n_a)).T
    dforwards_W_c = multiply_4_steps_T @ forwards_xc_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dforwards_b_c = np.expand_dims(np.sum(dforwards_c_hat_add_steps, axis=(0, 2)), 1)
    dx = dbackwards_x_steps + dforwards_x_steps  # split: the sum over its uses

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
    _, residuals = _traced("sequence_classifier.forward", forward, parameters, inputs)
    if d_outputs is None:
        return
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    _traced("sequence_classifier.backward", backward, parameters, residuals, d_outputs)


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
        self.right: dict[Any, tuple[Any, np.dtype[Any]]] = {}  # shapes that were found to be right, with their dtypes
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
            arrays = [array for record in given for array in (_flat(record) if self.nested else record)]
            dtypes = [getattr(array, "dtype", None) for array in arrays]
            shapes = (*map(type, given), *sizes.values(), *[getattr(array, "shape", array) for array in arrays])
            known, dtype = self.right[shapes]
            if known == dtypes:
                return dtype
        except (KeyError, TypeError):  # seen for the first time, or no arrays at all
            pass
        dtype = self._compare(given, dict(sizes))
        if len(self.right) >= 1000:
            self.right.clear()
        self.right[shapes] = dtypes, dtype
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


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log(softmax(x)) along an axis, exact where softmax(x) is too small to be a number."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs)
