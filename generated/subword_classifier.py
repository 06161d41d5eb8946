# Made by graphgen 0.1.0 -O2 from subword_classifier.yaml (sha256 cfa6720014e05307).
# Do not edit: change the spec and build again.
"""A sentence is classified as one of two kinds. A word is the weighted sum of vectors of its pieces,
such as the word itself and every few letters of it that stand in a row; one LSTM reads the words
from the beginning and another from the end, and the largest value over the sentence that each unit
has goes to a dense layer with a sigmoid. `pieces` and `weight` have a row for each different word
of a batch, and a weight is 0 where a word has fewer pieces. Dropout on the words and on what is
read of the sentence has its masks as inputs: 0 where a unit is dropped, else 1 / (1 - rate).

Source: Bojanowski, Grave, Joulin and Mikolov, "Enriching word vectors with subword information",
TACL 2017; Conneau, Kiela, Schwenk, Barrault and Bordes, "Supervised learning of universal sentence
representations", EMNLP 2017

Uses:
    there: lstm
    back: lstm
    head: sigmoid_cross_entropy

Sizes:
    T: words in the longest sentence
    n_d: different words
    n_k: pieces of a word
    n_p: pieces known
    n_e: embedding
    n_a: hidden units
    m: sentences
"""

from typing import Annotated, Any, NamedTuple

import numpy as np


class ThereParameters(NamedTuple):
    """What there, which is lstm, learns."""

    W_g: Annotated[np.ndarray, "[3*n_a, n_a + n_e]"]
    b_g: Annotated[np.ndarray, "[3*n_a, 1]"]
    W_c: Annotated[np.ndarray, "[n_a, n_a + n_e]"]
    b_c: Annotated[np.ndarray, "[n_a, 1]"]


class BackParameters(NamedTuple):
    """What back, which is lstm, learns."""

    W_g: Annotated[np.ndarray, "[3*n_a, n_a + n_e]"]
    b_g: Annotated[np.ndarray, "[3*n_a, 1]"]
    W_c: Annotated[np.ndarray, "[n_a, n_a + n_e]"]
    b_c: Annotated[np.ndarray, "[n_a, 1]"]


class HeadParameters(NamedTuple):
    """What head, which is sigmoid_cross_entropy, learns."""

    W: Annotated[np.ndarray, "[1, 2*n_a]"]
    b: Annotated[np.ndarray, "[1, 1]"]


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    E: Annotated[np.ndarray, "[n_p, n_e]"]
    there: ThereParameters
    back: BackParameters
    head: HeadParameters


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    pieces: Annotated[np.ndarray, "int[n_d, n_k]"]
    weight: Annotated[np.ndarray, "[n_d, n_k]"]
    words: Annotated[np.ndarray, "int[T, m]"]
    lengths: Annotated[np.ndarray, "int[m]"]
    target: Annotated[np.ndarray, "[1, m]"]
    mask_in: Annotated[np.ndarray, "[n_e, m]"]
    mask_out: Annotated[np.ndarray, "[2*n_a, m]"]


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

    pieces: Annotated[np.ndarray, "int[n_d, n_k]"]
    weight: Annotated[np.ndarray, "[n_d, n_k]"]
    words: Annotated[np.ndarray, "int[T, m]"]
    target: Annotated[np.ndarray, "[1, m]"]
    mask_in: Annotated[np.ndarray, "[n_e, m]"]
    mask_out: Annotated[np.ndarray, "[2*n_a, m]"]
    vectors_take: Annotated[np.ndarray, "[n_d, n_k, n_e]"]
    x_take_T: Annotated[np.ndarray, "[T, n_e, m]"]
    goes_on_steps: Annotated[np.ndarray, "bool[T, m]"]
    largest_less: Annotated[np.ndarray, "bool[T, 1, m]"]
    largest_where: Annotated[np.ndarray, "[T, 2*n_a, m]"]
    largest: Annotated[np.ndarray, "[2*n_a, m]"]
    head_score: Annotated[np.ndarray, "[1, m]"]
    head_prediction: Annotated[np.ndarray, "[1, m]"]
    log_sigmoid_head_score: Annotated[np.ndarray, "[1, m]"]
    head_loss_log_sigmoid: Annotated[np.ndarray, "[1, m]"]
    back_c_prev_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    back_gate_steps: Annotated[np.ndarray, "[T, 3*n_a, m]"]
    back_c_hat_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    tanh_back_c_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    there_c_prev_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    there_gate_steps: Annotated[np.ndarray, "[T, 3*n_a, m]"]
    there_c_hat_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    tanh_there_c_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    there_xc_steps: Annotated[np.ndarray, "[T, n_a + n_e, m]"]
    back_xc_steps: Annotated[np.ndarray, "[T, n_a + n_e, m]"]


def init_parameters(
    rng: np.random.Generator,
    *,
    n_p: int,
    n_e: int,
    n_a: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        E=_normal(rng, 0.1, (n_p, n_e), dtype),
        there=ThereParameters(
            W_g=_glorot(rng, (3 * n_a, n_a + n_e), dtype),
            b_g=np.zeros((3 * n_a, 1), dtype),
            W_c=_glorot(rng, (n_a, n_a + n_e), dtype),
            b_c=np.zeros((n_a, 1), dtype),
        ),
        back=BackParameters(
            W_g=_glorot(rng, (3 * n_a, n_a + n_e), dtype),
            b_g=np.zeros((3 * n_a, 1), dtype),
            W_c=_glorot(rng, (n_a, n_a + n_e), dtype),
            b_c=np.zeros((n_a, 1), dtype),
        ),
        head=HeadParameters(W=_glorot(rng, (1, 2 * n_a), dtype), b=np.zeros((1, 1), dtype)),
    )


def forward(parameters: Parameters, inputs: Inputs) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. vectors = sum(weight[:, :, None] * E[pieces], axis=1)
    2. x = mask_in * swapaxes(vectors[words], -1, -2)
    3. forwards = scan(there, x=x, lengths=lengths)
    4. backwards = scan(back, x=x, lengths=lengths, reverse=True)
    5. both = concat(forwards.a, backwards.a, axis=1)
    6. largest = max(where(arange(T)[:, None, None] < lengths, both, -1), axis=0)
    7. result = head(h=mask_out * largest, target=target)
    8. loss = result.loss
    9. prediction = result.prediction
    """
    dtype = _FORWARD.check(parameters, inputs)
    E = parameters.E
    there_W_g, there_b_g, there_W_c, there_b_c = parameters.there
    back_W_g, back_b_g, back_W_c, back_b_c = parameters.back
    head_W, head_b = parameters.head
    pieces, weight, words, lengths, target, mask_in, mask_out = inputs
    n_e = E.shape[1]          # embedding
    n_a = there_W_c.shape[0]  # hidden units
    T, m = words.shape        # words in the longest sentence, sentences

    # 1. vectors = sum(weight[:, :, None] * E[pieces], axis=1)
    vectors_take = np.take(E, pieces, axis=0)
    vectors = np.sum(np.expand_dims(weight, 2) * vectors_take, axis=1)

    # 2. x = mask_in * swapaxes(vectors[words], -1, -2)
    x_take_T = np.transpose(np.take(vectors, words, axis=0), (0, 2, 1))
    x = mask_in * x_take_T

    # 3. forwards = scan(there, x=x, lengths=lengths)
    goes_on_steps = np.expand_dims(np.arange(T), 1) < np.expand_dims(lengths, 0)
    there_a_prev = np.zeros((n_a, m), dtype)
    there_c_prev = np.zeros((n_a, m), dtype)
    there_a_to_end_steps = np.empty((T, n_a, m), dtype)
    there_c_prev_steps = np.empty((T, n_a, m), dtype)
    there_gate_steps = np.empty((T, 3 * n_a, m), dtype)
    there_c_hat_steps = np.empty((T, n_a, m), dtype)
    tanh_there_c_steps = np.empty((T, n_a, m), dtype)
    there_xc_steps = np.empty((T, n_a + n_e, m), dtype)
    for t in range(T):
        there_x = x[t]
        there_goes_on = goes_on_steps[t]

        # there: xc = concat(a_prev, x)
        there_xc = np.concatenate([there_a_prev, there_x], axis=0)

        # there: gate = sigmoid(W_g @ xc + b_g)
        there_gate = sigmoid(there_W_g @ there_xc + there_b_g)

        # there: c_hat = tanh(W_c @ xc + b_c)
        there_c_hat = np.tanh(there_W_c @ there_xc + there_b_c)

        # there: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        there_c = there_gate[:n_a] * there_c_hat + there_gate[n_a:2 * n_a] * there_c_prev

        # there: a = gate[2*n_a:] * tanh(c)
        tanh_there_c = np.tanh(there_c)
        there_a = there_gate[2 * n_a:] * tanh_there_c

        # 3. forwards = scan(there, x=x, lengths=lengths)
        there_a_to_end = np.where(there_goes_on, there_a, 0)
        there_a_held = np.where(there_goes_on, there_a, there_a_prev)
        there_c_held = np.where(there_goes_on, there_c, there_c_prev)

        # of this step: what is kept, and what the next one starts from
        there_a_to_end_steps[t] = there_a_to_end
        there_c_prev_steps[t] = there_c_prev
        there_gate_steps[t] = there_gate
        there_c_hat_steps[t] = there_c_hat
        tanh_there_c_steps[t] = tanh_there_c
        there_xc_steps[t] = there_xc
        there_a_prev, there_c_prev = there_a_held, there_c_held

    back_a_prev = np.zeros((n_a, m), dtype)
    back_c_prev = np.zeros((n_a, m), dtype)
    back_a_to_end_steps = np.empty((T, n_a, m), dtype)
    back_c_prev_steps = np.empty((T, n_a, m), dtype)
    back_gate_steps = np.empty((T, 3 * n_a, m), dtype)
    back_c_hat_steps = np.empty((T, n_a, m), dtype)
    tanh_back_c_steps = np.empty((T, n_a, m), dtype)
    back_xc_steps = np.empty((T, n_a + n_e, m), dtype)
    for t in reversed(range(T)):
        back_x = x[t]
        back_goes_on = goes_on_steps[t]

        # back: xc = concat(a_prev, x)
        back_xc = np.concatenate([back_a_prev, back_x], axis=0)

        # back: gate = sigmoid(W_g @ xc + b_g)
        back_gate = sigmoid(back_W_g @ back_xc + back_b_g)

        # back: c_hat = tanh(W_c @ xc + b_c)
        back_c_hat = np.tanh(back_W_c @ back_xc + back_b_c)

        # back: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        back_c = back_gate[:n_a] * back_c_hat + back_gate[n_a:2 * n_a] * back_c_prev

        # back: a = gate[2*n_a:] * tanh(c)
        tanh_back_c = np.tanh(back_c)
        back_a = back_gate[2 * n_a:] * tanh_back_c

        # 4. backwards = scan(back, x=x, lengths=lengths, reverse=True)
        back_a_to_end = np.where(back_goes_on, back_a, 0)
        back_a_held = np.where(back_goes_on, back_a, back_a_prev)
        back_c_held = np.where(back_goes_on, back_c, back_c_prev)

        # of this step: what is kept, and what the next one starts from
        back_a_to_end_steps[t] = back_a_to_end
        back_c_prev_steps[t] = back_c_prev
        back_gate_steps[t] = back_gate
        back_c_hat_steps[t] = back_c_hat
        tanh_back_c_steps[t] = tanh_back_c
        back_xc_steps[t] = back_xc
        back_a_prev, back_c_prev = back_a_held, back_c_held

    # 5. both = concat(forwards.a, backwards.a, axis=1)
    both = np.concatenate([there_a_to_end_steps, back_a_to_end_steps], axis=1)

    # 6. largest = max(where(arange(T)[:, None, None] < lengths, both, -1), axis=0)
    largest_less = np.expand_dims(np.expand_dims(np.arange(T), 1), 1) < lengths
    largest_where = np.where(largest_less, both, -1)
    largest = np.max(largest_where, axis=0)

    # head: score = W @ h + b
    head_score = head_W @ (mask_out * largest) + head_b

    # head: prediction = sigmoid(score)
    head_prediction = sigmoid(head_score)

    # head: loss = -mean(target * log_sigmoid(score) + (1 - target) * log_sigmoid(-score))
    log_sigmoid_head_score = log_sigmoid(head_score)
    head_loss_log_sigmoid = log_sigmoid(-head_score)
    head_loss = -np.mean(target * log_sigmoid_head_score + (1 - target) * head_loss_log_sigmoid)

    return (
        Outputs(loss=head_loss, prediction=head_prediction),
        Residuals(
            pieces=pieces, weight=weight, words=words, target=target, mask_in=mask_in, mask_out=mask_out,
            vectors_take=vectors_take, x_take_T=x_take_T, goes_on_steps=goes_on_steps,
            largest_less=largest_less, largest_where=largest_where, largest=largest,
            head_score=head_score, head_prediction=head_prediction,
            log_sigmoid_head_score=log_sigmoid_head_score, head_loss_log_sigmoid=head_loss_log_sigmoid,
            back_c_prev_steps=back_c_prev_steps, back_gate_steps=back_gate_steps,
            back_c_hat_steps=back_c_hat_steps, tanh_back_c_steps=tanh_back_c_steps,
            there_c_prev_steps=there_c_prev_steps, there_gate_steps=there_gate_steps,
            there_c_hat_steps=there_c_hat_steps, tanh_there_c_steps=tanh_there_c_steps,
            there_xc_steps=there_xc_steps, back_xc_steps=back_xc_steps,
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
        pieces, weight, words, target, mask_in, mask_out, vectors_take, x_take_T, goes_on_steps,
        largest_less, largest_where, largest, head_score, head_prediction, log_sigmoid_head_score,
        head_loss_log_sigmoid, back_c_prev_steps, back_gate_steps, back_c_hat_steps, tanh_back_c_steps,
        there_c_prev_steps, there_gate_steps, there_c_hat_steps, tanh_there_c_steps, there_xc_steps,
        back_xc_steps,
    ) = residuals
    there_W_g, there_W_c = parameters.there.W_g, parameters.there.W_c
    back_W_g, back_W_c = parameters.back.W_g, parameters.back.W_c
    head_W = parameters.head.W
    n_d, n_k = pieces.shape           # different words, pieces of a word
    T, m = words.shape                # words in the longest sentence, sentences
    n_e = mask_in.shape[0]            # embedding
    n_a = back_c_prev_steps.shape[1]  # hidden units
    n_p = parameters.E.shape[0]       # pieces known

    # the cotangents handed in; None counts as zero
    dloss = _cotangent(d_outputs.loss, (), dtype)
    dprediction = _cotangent(d_outputs.prediction, (1, m), dtype)

    # head: loss = -mean(target * log_sigmoid(score) + (1 - target) * log_sigmoid(-score))
    dhead_loss_mean = -dloss                              # negative
    dhead_loss_divide = dhead_loss_mean / m
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
    dhead_W = dhead_score @ (mask_out * largest).T        # matrix product
    dresult_multiply = head_W.T @ dhead_score             # matrix product

    # 7. result = head(h=mask_out * largest, target=target)
    dmask_out = dresult_multiply * largest  # hadamard
    dlargest = dresult_multiply * mask_out  # hadamard

    # 6. largest = max(where(arange(T)[:, None, None] < lengths, both, -1), axis=0)
    dlargest_where = np.where(largest_where == largest, 1, 0).astype(dtype)
    dlargest_where_2 = dlargest * dlargest_where / np.sum(dlargest_where, axis=0, keepdims=True)  # max
    dboth = np.where(largest_less, dlargest_where_2, 0)  # where

    # 5. both = concat(forwards.a, backwards.a, axis=1)
    dthere_a_to_end_steps = dboth[:, :n_a]  # concat
    dback_a_to_end_steps = dboth[:, n_a:]   # concat
    dback_a = np.zeros((n_a, m), dtype)
    dback_c = np.zeros((n_a, m), dtype)
    dback_x_steps = np.empty((T, n_e, m), dtype)
    dback_gate_add_steps = np.empty((T, 3 * n_a, m), dtype)
    dback_c_hat_add_steps = np.empty((T, n_a, m), dtype)
    for t in range(T):
        dback_a_2 = dback_a_to_end_steps[t]
        back_goes_on = goes_on_steps[t]
        back_c_prev = back_c_prev_steps[t]
        back_gate = back_gate_steps[t]
        back_c_hat = back_c_hat_steps[t]
        tanh_back_c = tanh_back_c_steps[t]

        # 4. backwards = scan(back, x=x, lengths=lengths, reverse=True)
        dback_c_backwards = np.where(back_goes_on, dback_c, 0)  # where
        dback_c_prev_backwards = np.where(back_goes_on, 0, dback_c)  # where
        dback_a_backwards = np.where(back_goes_on, dback_a, 0)  # where
        dback_a_prev_backwards = np.where(back_goes_on, 0, dback_a)  # where
        dback_a_backwards_2 = np.where(back_goes_on, dback_a_2, 0)  # where

        # back: a = gate[2*n_a:] * tanh(c)
        dback_a_3 = dback_a_backwards + dback_a_backwards_2  # split: the sum over its uses
        dback_gate_3 = dback_a_3 * tanh_back_c               # hadamard
        dtanh_back_c = dback_a_3 * back_gate[2 * n_a:]       # hadamard
        dback_c_back_a = dtanh_back_c * (1 - tanh_back_c * tanh_back_c)  # tanh

        # back: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dback_c_2 = dback_c_backwards + dback_c_back_a            # split: the sum over its uses
        dback_gate_2 = dback_c_2 * back_c_prev                    # hadamard
        dback_c_prev_back_c = dback_c_2 * back_gate[n_a:2 * n_a]  # hadamard
        dback_gate_1 = dback_c_2 * back_c_hat                     # hadamard
        dback_c_hat = dback_c_2 * back_gate[:n_a]                 # hadamard

        # back: c_hat = tanh(W_c @ xc + b_c)
        dback_c_hat_add = dback_c_hat * (1 - back_c_hat * back_c_hat)  # tanh
        dback_xc_back_c_hat = back_W_c.T @ dback_c_hat_add  # matrix product

        # back: gate = sigmoid(W_g @ xc + b_g)
        dback_gate = np.concatenate([dback_gate_1, dback_gate_2, dback_gate_3], axis=0)  # split: side by side
        dback_gate_add = dback_gate * (back_gate * (1 - back_gate))  # sigmoid
        dback_xc_back_gate = back_W_g.T @ dback_gate_add  # matrix product

        # back: xc = concat(a_prev, x)
        dback_xc = dback_xc_back_c_hat + dback_xc_back_gate  # split: the sum over its uses
        dback_a_prev_back_xc = dback_xc[:n_a]                # concat
        dback_x = dback_xc[n_a:]                             # concat
        dback_c_prev = dback_c_prev_backwards + dback_c_prev_back_c  # split: the sum over its uses
        dback_a_prev = dback_a_prev_backwards + dback_a_prev_back_xc  # split: the sum over its uses

        # of this step: what is kept, and what the next one starts from
        dback_x_steps[t] = dback_x
        dback_gate_add_steps[t] = dback_gate_add
        dback_c_hat_add_steps[t] = dback_c_hat_add
        dback_a, dback_c = dback_a_prev, dback_c_prev

    # for every step at once: no later step reads it
    multiply_steps_T = np.reshape(np.swapaxes(dback_gate_add_steps, -1, -2), (T * m, 3 * n_a)).T
    # matrix product
    dback_W_g = multiply_steps_T @ np.reshape(np.swapaxes(back_xc_steps, -1, -2), (T * m, n_a + n_e))
    # addition, summed where it was broadcast
    dback_b_g = np.expand_dims(np.sum(dback_gate_add_steps, axis=(0, 2)), 1)
    multiply_2_steps_T = np.reshape(np.swapaxes(dback_c_hat_add_steps, -1, -2), (T * m, n_a)).T
    # matrix product
    dback_W_c = multiply_2_steps_T @ np.reshape(np.swapaxes(back_xc_steps, -1, -2), (T * m, n_a + n_e))
    # addition, summed where it was broadcast
    dback_b_c = np.expand_dims(np.sum(dback_c_hat_add_steps, axis=(0, 2)), 1)
    dthere_a = np.zeros((n_a, m), dtype)
    dthere_c = np.zeros((n_a, m), dtype)
    dthere_x_steps = np.empty((T, n_e, m), dtype)
    dthere_gate_add_steps = np.empty((T, 3 * n_a, m), dtype)
    dthere_c_hat_add_steps = np.empty((T, n_a, m), dtype)
    for t in reversed(range(T)):
        dthere_a_2 = dthere_a_to_end_steps[t]
        there_goes_on = goes_on_steps[t]
        there_c_prev = there_c_prev_steps[t]
        there_gate = there_gate_steps[t]
        there_c_hat = there_c_hat_steps[t]
        tanh_there_c = tanh_there_c_steps[t]

        # 3. forwards = scan(there, x=x, lengths=lengths)
        dthere_c_forwards = np.where(there_goes_on, dthere_c, 0)  # where
        dthere_c_prev_forwards = np.where(there_goes_on, 0, dthere_c)  # where
        dthere_a_forwards = np.where(there_goes_on, dthere_a, 0)  # where
        dthere_a_prev_forwards = np.where(there_goes_on, 0, dthere_a)  # where
        dthere_a_forwards_2 = np.where(there_goes_on, dthere_a_2, 0)  # where

        # there: a = gate[2*n_a:] * tanh(c)
        dthere_a_3 = dthere_a_forwards + dthere_a_forwards_2  # split: the sum over its uses
        dthere_gate_3 = dthere_a_3 * tanh_there_c             # hadamard
        dtanh_there_c = dthere_a_3 * there_gate[2 * n_a:]     # hadamard
        dthere_c_there_a = dtanh_there_c * (1 - tanh_there_c * tanh_there_c)  # tanh

        # there: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dthere_c_2 = dthere_c_forwards + dthere_c_there_a  # split: the sum over its uses
        dthere_gate_2 = dthere_c_2 * there_c_prev          # hadamard
        dthere_c_prev_there_c = dthere_c_2 * there_gate[n_a:2 * n_a]  # hadamard
        dthere_gate_1 = dthere_c_2 * there_c_hat           # hadamard
        dthere_c_hat = dthere_c_2 * there_gate[:n_a]       # hadamard

        # there: c_hat = tanh(W_c @ xc + b_c)
        dthere_c_hat_add = dthere_c_hat * (1 - there_c_hat * there_c_hat)  # tanh
        dthere_xc_there_c_hat = there_W_c.T @ dthere_c_hat_add  # matrix product

        # there: gate = sigmoid(W_g @ xc + b_g)
        # split: side by side
        dthere_gate = np.concatenate([dthere_gate_1, dthere_gate_2, dthere_gate_3], axis=0)
        dthere_gate_add = dthere_gate * (there_gate * (1 - there_gate))  # sigmoid
        dthere_xc_there_gate = there_W_g.T @ dthere_gate_add  # matrix product

        # there: xc = concat(a_prev, x)
        dthere_xc = dthere_xc_there_c_hat + dthere_xc_there_gate  # split: the sum over its uses
        dthere_a_prev_there_xc = dthere_xc[:n_a]                  # concat
        dthere_x = dthere_xc[n_a:]                                # concat
        dthere_c_prev = dthere_c_prev_forwards + dthere_c_prev_there_c  # split: the sum over its uses
        dthere_a_prev = dthere_a_prev_forwards + dthere_a_prev_there_xc  # split: the sum over its uses

        # of this step: what is kept, and what the next one starts from
        dthere_x_steps[t] = dthere_x
        dthere_gate_add_steps[t] = dthere_gate_add
        dthere_c_hat_add_steps[t] = dthere_c_hat_add
        dthere_a, dthere_c = dthere_a_prev, dthere_c_prev

    multiply_3_steps_T = np.reshape(np.swapaxes(dthere_gate_add_steps, -1, -2), (T * m, 3 * n_a)).T
    # matrix product
    dthere_W_g = multiply_3_steps_T @ np.reshape(np.swapaxes(there_xc_steps, -1, -2), (T * m, n_a + n_e))
    # addition, summed where it was broadcast
    dthere_b_g = np.expand_dims(np.sum(dthere_gate_add_steps, axis=(0, 2)), 1)
    multiply_4_steps_T = np.reshape(np.swapaxes(dthere_c_hat_add_steps, -1, -2), (T * m, n_a)).T
    # matrix product
    dthere_W_c = multiply_4_steps_T @ np.reshape(np.swapaxes(there_xc_steps, -1, -2), (T * m, n_a + n_e))
    # addition, summed where it was broadcast
    dthere_b_c = np.expand_dims(np.sum(dthere_c_hat_add_steps, axis=(0, 2)), 1)

    # 2. x = mask_in * swapaxes(vectors[words], -1, -2)
    dx = dback_x_steps + dthere_x_steps               # split: the sum over its uses
    dmask_in = np.sum(dx * x_take_T, axis=0)          # hadamard, summed where it was broadcast
    dx_take_T = dx * mask_in                          # hadamard
    dx_take = np.transpose(dx_take_T, (0, 2, 1))      # transpose
    dvectors = add_at(dx_take, words, axis=0, n=n_d)  # take

    # 1. vectors = sum(weight[:, :, None] * E[pieces], axis=1)
    dvectors_multiply = np.broadcast_to(np.expand_dims(dvectors, 1), (n_d, n_k, n_e))  # sum
    # hadamard, summed where it was broadcast
    dweight_wide = np.sum(np.expand_dims(dvectors, 1) * vectors_take, axis=2, keepdims=True)
    dvectors_take = dvectors_multiply * np.expand_dims(weight, 2)  # hadamard
    dE = add_at(dvectors_take, pieces, axis=0, n=n_p)  # take
    dweight = np.squeeze(dweight_wide, axis=2)         # expand_dims
    dtarget = dtarget_head_loss - dhead_loss_subtract  # split: the sum over its uses

    return Gradients(
        Parameters(
            E=dE,
            there=ThereParameters(W_g=dthere_W_g, b_g=dthere_b_g, W_c=dthere_W_c, b_c=dthere_b_c),
            back=BackParameters(W_g=dback_W_g, b_g=dback_b_g, W_c=dback_W_c, b_c=dback_b_c),
            head=HeadParameters(W=dhead_W, b=dhead_b),
        ),
        Inputs(
            pieces=None, weight=dweight, words=None, lengths=None, target=dtarget, mask_in=dmask_in,
            mask_out=dmask_out,
        ),
    )


def trace_nan(parameters: Parameters, inputs: Inputs, d_outputs: Outputs | None = None) -> None:
    """Run one step: FloatingPointError from the operation that makes the first NaN.

    The traceback ends at the operation under its equation; the message tells the element, and what it was made of.
    Then the same for the gradients, if cotangents are given.
    """
    _FORWARD.check(parameters, inputs)
    _, residuals = _traced("subword_classifier.forward", forward, parameters, inputs)
    if d_outputs is None:
        return
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    _traced("subword_classifier.backward", backward, parameters, residuals, d_outputs)


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
