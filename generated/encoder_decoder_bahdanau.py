# Made by graphgen 0.1.0 -O2 from encoder_decoder_bahdanau.yaml (sha256 670efc7f1d5bb13e).
# Do not edit: change the spec and build again.
"""Translation with additive attention. A bidirectional GRU reads the source; a decoder, which starts
from what was read backwards, looks at all of it before each word. Past the end of a source sentence
nothing is read, and past the end of a target sentence nothing counts. The weights are returned, for
a picture.

Source: Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and
translate", ICLR 2015, arXiv 1409.0473

Uses:
    encoder: bidirectional_gru
    decoder: bahdanau_decoder

Sizes:
    S: words in the longest source sentence
    T: words in the longest target sentence
    n_s: source words read
    n_t: target words read
    n_y: target words predicted
    n_e: embedding
    n_h: hidden units
    n_k: units of the score
    m: batch
"""

from typing import Annotated, Any, NamedTuple

import numpy as np


class EncoderForwardsParameters(NamedTuple):
    """What encoder.forwards, which is gru_reset_after, learns."""

    W_r: Annotated[np.ndarray, "[n_h, n_e]"]
    U_r: Annotated[np.ndarray, "[n_h, n_h]"]
    b_r: Annotated[np.ndarray, "[n_h, 1]"]
    W_z: Annotated[np.ndarray, "[n_h, n_e]"]
    U_z: Annotated[np.ndarray, "[n_h, n_h]"]
    b_z: Annotated[np.ndarray, "[n_h, 1]"]
    W_n: Annotated[np.ndarray, "[n_h, n_e]"]
    U_n: Annotated[np.ndarray, "[n_h, n_h]"]
    b_n: Annotated[np.ndarray, "[n_h, 1]"]
    b_hn: Annotated[np.ndarray, "[n_h, 1]"]


class EncoderBackwardsParameters(NamedTuple):
    """What encoder.backwards, which is gru_reset_after, learns."""

    W_r: Annotated[np.ndarray, "[n_h, n_e]"]
    U_r: Annotated[np.ndarray, "[n_h, n_h]"]
    b_r: Annotated[np.ndarray, "[n_h, 1]"]
    W_z: Annotated[np.ndarray, "[n_h, n_e]"]
    U_z: Annotated[np.ndarray, "[n_h, n_h]"]
    b_z: Annotated[np.ndarray, "[n_h, 1]"]
    W_n: Annotated[np.ndarray, "[n_h, n_e]"]
    U_n: Annotated[np.ndarray, "[n_h, n_h]"]
    b_n: Annotated[np.ndarray, "[n_h, 1]"]
    b_hn: Annotated[np.ndarray, "[n_h, 1]"]


class EncoderParameters(NamedTuple):
    """What encoder, which is bidirectional_gru, learns."""

    forwards: EncoderForwardsParameters
    backwards: EncoderBackwardsParameters


class DecoderUnitParameters(NamedTuple):
    """What decoder.unit, which is gru_reset_after, learns."""

    W_r: Annotated[np.ndarray, "[n_h, n_e + 2*n_h]"]
    U_r: Annotated[np.ndarray, "[n_h, n_h]"]
    b_r: Annotated[np.ndarray, "[n_h, 1]"]
    W_z: Annotated[np.ndarray, "[n_h, n_e + 2*n_h]"]
    U_z: Annotated[np.ndarray, "[n_h, n_h]"]
    b_z: Annotated[np.ndarray, "[n_h, 1]"]
    W_n: Annotated[np.ndarray, "[n_h, n_e + 2*n_h]"]
    U_n: Annotated[np.ndarray, "[n_h, n_h]"]
    b_n: Annotated[np.ndarray, "[n_h, 1]"]
    b_hn: Annotated[np.ndarray, "[n_h, 1]"]


class DecoderParameters(NamedTuple):
    """What decoder, which is bahdanau_decoder, learns."""

    W_s: Annotated[np.ndarray, "[n_k, n_h]"]
    v: Annotated[np.ndarray, "[n_k, 1]"]
    unit: DecoderUnitParameters


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    E_s: Annotated[np.ndarray, "[n_s, n_e]"]
    E_t: Annotated[np.ndarray, "[n_t, n_e]"]
    W_h: Annotated[np.ndarray, "[n_h, 2*n_h]"]
    b_h: Annotated[np.ndarray, "[n_h, 1]"]
    U_k: Annotated[np.ndarray, "[n_k, 2*n_h]"]
    W_y: Annotated[np.ndarray, "[n_y, n_e + 3*n_h]"]
    b_y: Annotated[np.ndarray, "[n_y]"]
    encoder: EncoderParameters
    decoder: DecoderParameters


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    source: Annotated[np.ndarray, "int[S, m]"]
    source_lengths: Annotated[np.ndarray, "int[m]"]
    before: Annotated[np.ndarray, "int[T, m]"]
    target: Annotated[np.ndarray, "int[T, m]"]
    target_lengths: Annotated[np.ndarray, "int[m]"]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: Annotated[np.ndarray, "[]"]
    logits: Annotated[np.ndarray, "[T, m, n_y]"]
    weights: Annotated[np.ndarray, "[T, S, m]"]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    source: Annotated[np.ndarray, "int[S, m]"]
    before: Annotated[np.ndarray, "int[T, m]"]
    read_take_T: Annotated[np.ndarray, "[S, n_e, m]"]
    goes_on_steps: Annotated[np.ndarray, "bool[S, m]"]
    encoder_y: Annotated[np.ndarray, "[S, 2*n_h, m]"]
    encoder_last: Annotated[np.ndarray, "[2*n_h, m]"]
    h_0: Annotated[np.ndarray, "[n_h, m]"]
    weights: Annotated[np.ndarray, "[T, S, m]"]
    logits_concat_T: Annotated[np.ndarray, "[T, m, n_e + 3*n_h]"]
    log_p_where: Annotated[np.ndarray, "[T, m, n_y]"]
    log_p_log_softmax: Annotated[np.ndarray, "[T, m, n_y]"]
    counts_less: Annotated[np.ndarray, "bool[T, m]"]
    loss_maximum: Annotated[np.ndarray, "[]"]
    decoder_h_prev_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    decoder_scores_tanh_steps: Annotated[np.ndarray, "[T, S, n_k, m]"]
    decoder_is_word_steps: Annotated[np.ndarray, "bool[T, S, m]"]
    decoder_unit_r_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    decoder_unit_z_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    decoder_unit_n_add_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    decoder_unit_n_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    encoder_backwards_h_prev_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_backwards_r_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_backwards_z_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_backwards_n_add_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_backwards_n_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_forwards_h_prev_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_forwards_r_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_forwards_z_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_forwards_n_add_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    encoder_forwards_n_steps: Annotated[np.ndarray, "[S, n_h, m]"]
    decoder_after_concat_steps: Annotated[np.ndarray, "[T, n_e + 2*n_h, m]"]


def init_parameters(
    rng: np.random.Generator,
    *,
    n_s: int,
    n_t: int,
    n_y: int,
    n_e: int,
    n_h: int,
    n_k: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        E_s=_normal(rng, 0.1, (n_s, n_e), dtype),
        E_t=_normal(rng, 0.1, (n_t, n_e), dtype),
        W_h=_glorot(rng, (n_h, 2 * n_h), dtype),
        b_h=np.zeros((n_h, 1), dtype),
        U_k=_glorot(rng, (n_k, 2 * n_h), dtype),
        W_y=_glorot(rng, (n_y, n_e + 3 * n_h), dtype),
        b_y=np.zeros((n_y,), dtype),
        encoder=EncoderParameters(
            forwards=EncoderForwardsParameters(
                W_r=_glorot(rng, (n_h, n_e), dtype),
                U_r=_orthogonal(rng, (n_h, n_h), dtype),
                b_r=np.zeros((n_h, 1), dtype),
                W_z=_glorot(rng, (n_h, n_e), dtype),
                U_z=_orthogonal(rng, (n_h, n_h), dtype),
                b_z=np.zeros((n_h, 1), dtype),
                W_n=_glorot(rng, (n_h, n_e), dtype),
                U_n=_orthogonal(rng, (n_h, n_h), dtype),
                b_n=np.zeros((n_h, 1), dtype),
                b_hn=np.zeros((n_h, 1), dtype),
            ),
            backwards=EncoderBackwardsParameters(
                W_r=_glorot(rng, (n_h, n_e), dtype),
                U_r=_orthogonal(rng, (n_h, n_h), dtype),
                b_r=np.zeros((n_h, 1), dtype),
                W_z=_glorot(rng, (n_h, n_e), dtype),
                U_z=_orthogonal(rng, (n_h, n_h), dtype),
                b_z=np.zeros((n_h, 1), dtype),
                W_n=_glorot(rng, (n_h, n_e), dtype),
                U_n=_orthogonal(rng, (n_h, n_h), dtype),
                b_n=np.zeros((n_h, 1), dtype),
                b_hn=np.zeros((n_h, 1), dtype),
            ),
        ),
        decoder=DecoderParameters(
            W_s=_glorot(rng, (n_k, n_h), dtype),
            v=_glorot(rng, (n_k, 1), dtype),
            unit=DecoderUnitParameters(
                W_r=_glorot(rng, (n_h, n_e + 2 * n_h), dtype),
                U_r=_orthogonal(rng, (n_h, n_h), dtype),
                b_r=np.zeros((n_h, 1), dtype),
                W_z=_glorot(rng, (n_h, n_e + 2 * n_h), dtype),
                U_z=_orthogonal(rng, (n_h, n_h), dtype),
                b_z=np.zeros((n_h, 1), dtype),
                W_n=_glorot(rng, (n_h, n_e + 2 * n_h), dtype),
                U_n=_orthogonal(rng, (n_h, n_h), dtype),
                b_n=np.zeros((n_h, 1), dtype),
                b_hn=np.zeros((n_h, 1), dtype),
            ),
        ),
    )


def forward(parameters: Parameters, inputs: Inputs) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. read = encoder(x=swapaxes(E_s[source], -1, -2), lengths=source_lengths)
    2. h_0 = tanh(W_h @ read.last + b_h)
    3. x = swapaxes(E_t[before], -1, -2)
    4. keys = U_k @ read.y
    5. steps = scan(decoder, x=x, h=h_0, memory=read.y, keys=keys, source_lengths=source_lengths)
    6. logits = swapaxes(concat(x, steps.h, steps.context, axis=1), -1, -2) @ W_y.T + b_y
    7. log_p = sum(one_hot(target, n_y) * log_softmax(logits), axis=-1)
    8. counts = where(arange(T)[:, None] < target_lengths, log_p, 0)
    9. loss = -sum(counts) / maximum(sum(target_lengths), 1)
    10. weights = steps.weights
    """
    dtype = _FORWARD.check(parameters, inputs)
    E_s = parameters.E_s
    E_t = parameters.E_t
    W_h = parameters.W_h
    b_h = parameters.b_h
    U_k = parameters.U_k
    W_y = parameters.W_y
    b_y = parameters.b_y
    (
        encoder_forwards_W_r, encoder_forwards_U_r, encoder_forwards_b_r, encoder_forwards_W_z,
        encoder_forwards_U_z, encoder_forwards_b_z, encoder_forwards_W_n, encoder_forwards_U_n,
        encoder_forwards_b_n, encoder_forwards_b_hn,
    ) = parameters.encoder.forwards
    (
        encoder_backwards_W_r, encoder_backwards_U_r, encoder_backwards_b_r, encoder_backwards_W_z,
        encoder_backwards_U_z, encoder_backwards_b_z, encoder_backwards_W_n, encoder_backwards_U_n,
        encoder_backwards_b_n, encoder_backwards_b_hn,
    ) = parameters.encoder.backwards
    decoder_W_s, decoder_v = parameters.decoder.W_s, parameters.decoder.v
    (
        decoder_unit_W_r, decoder_unit_U_r, decoder_unit_b_r, decoder_unit_W_z, decoder_unit_U_z,
        decoder_unit_b_z, decoder_unit_W_n, decoder_unit_U_n, decoder_unit_b_n, decoder_unit_b_hn,
    ) = parameters.decoder.unit
    source, source_lengths, before, target, target_lengths = inputs
    n_e = E_s.shape[1]   # embedding
    n_h = W_h.shape[0]   # hidden units
    n_k = U_k.shape[0]   # units of the score
    n_y = W_y.shape[0]   # target words predicted
    S, m = source.shape  # words in the longest source sentence, batch
    T = before.shape[0]  # words in the longest target sentence

    # 1. read = encoder(x=swapaxes(E_s[source], -1, -2), lengths=source_lengths)
    read_take_T = np.transpose(np.take(E_s, source, axis=0), (0, 2, 1))

    # encoder: there = scan(forwards, x=x, lengths=lengths)
    goes_on_steps = np.expand_dims(np.arange(S), 1) < np.expand_dims(source_lengths, 0)
    encoder_forwards_h_prev = np.zeros((n_h, m), dtype)
    encoder_forwards_h_to_end_steps = np.empty((S, n_h, m), dtype)
    encoder_forwards_h_prev_steps = np.empty((S, n_h, m), dtype)
    encoder_forwards_r_steps = np.empty((S, n_h, m), dtype)
    encoder_forwards_z_steps = np.empty((S, n_h, m), dtype)
    encoder_forwards_n_add_steps = np.empty((S, n_h, m), dtype)
    encoder_forwards_n_steps = np.empty((S, n_h, m), dtype)
    for t in range(S):
        encoder_forwards_x = read_take_T[t]
        encoder_forwards_goes_on = goes_on_steps[t]

        # encoder.forwards: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        encoder_forwards_r_matmul = encoder_forwards_U_r @ encoder_forwards_h_prev
        encoder_forwards_r_add_2 = encoder_forwards_W_r @ encoder_forwards_x + encoder_forwards_r_matmul
        encoder_forwards_r_add = encoder_forwards_r_add_2 + encoder_forwards_b_r
        encoder_forwards_r = sigmoid(encoder_forwards_r_add)

        # encoder.forwards: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        encoder_forwards_z_matmul = encoder_forwards_U_z @ encoder_forwards_h_prev
        encoder_forwards_z_add_2 = encoder_forwards_W_z @ encoder_forwards_x + encoder_forwards_z_matmul
        encoder_forwards_z_add = encoder_forwards_z_add_2 + encoder_forwards_b_z
        encoder_forwards_z = sigmoid(encoder_forwards_z_add)

        # encoder.forwards: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        encoder_forwards_n_add = encoder_forwards_U_n @ encoder_forwards_h_prev + encoder_forwards_b_hn
        encoder_forwards_n_add_3 = encoder_forwards_W_n @ encoder_forwards_x + encoder_forwards_b_n
        encoder_forwards_n_add_2 = encoder_forwards_n_add_3 + encoder_forwards_r * encoder_forwards_n_add
        encoder_forwards_n = np.tanh(encoder_forwards_n_add_2)

        # encoder.forwards: h = (1 - z) * n + z * h_prev
        encoder_forwards_h_multiply = (1 - encoder_forwards_z) * encoder_forwards_n
        encoder_forwards_h = encoder_forwards_h_multiply + encoder_forwards_z * encoder_forwards_h_prev

        # encoder: there = scan(forwards, x=x, lengths=lengths)
        encoder_forwards_h_to_end = np.where(encoder_forwards_goes_on, encoder_forwards_h, 0)
        encoder_forwards_h_held = np.where(encoder_forwards_goes_on, encoder_forwards_h, encoder_forwards_h_prev)

        # of this step: what is kept, and what the next one starts from
        encoder_forwards_h_to_end_steps[t] = encoder_forwards_h_to_end
        encoder_forwards_h_prev_steps[t] = encoder_forwards_h_prev
        encoder_forwards_r_steps[t] = encoder_forwards_r
        encoder_forwards_z_steps[t] = encoder_forwards_z
        encoder_forwards_n_add_steps[t] = encoder_forwards_n_add
        encoder_forwards_n_steps[t] = encoder_forwards_n
        encoder_forwards_h_prev = encoder_forwards_h_held

    encoder_backwards_h_prev = np.zeros((n_h, m), dtype)
    encoder_backwards_h_to_end_steps = np.empty((S, n_h, m), dtype)
    encoder_backwards_h_prev_steps = np.empty((S, n_h, m), dtype)
    encoder_backwards_r_steps = np.empty((S, n_h, m), dtype)
    encoder_backwards_z_steps = np.empty((S, n_h, m), dtype)
    encoder_backwards_n_add_steps = np.empty((S, n_h, m), dtype)
    encoder_backwards_n_steps = np.empty((S, n_h, m), dtype)
    for t in reversed(range(S)):
        encoder_backwards_x = read_take_T[t]
        encoder_backwards_goes_on = goes_on_steps[t]

        # encoder.backwards: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        encoder_backwards_r_matmul = encoder_backwards_U_r @ encoder_backwards_h_prev
        encoder_backwards_r_add_2 = encoder_backwards_W_r @ encoder_backwards_x + encoder_backwards_r_matmul
        encoder_backwards_r_add = encoder_backwards_r_add_2 + encoder_backwards_b_r
        encoder_backwards_r = sigmoid(encoder_backwards_r_add)

        # encoder.backwards: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        encoder_backwards_z_matmul = encoder_backwards_U_z @ encoder_backwards_h_prev
        encoder_backwards_z_add_2 = encoder_backwards_W_z @ encoder_backwards_x + encoder_backwards_z_matmul
        encoder_backwards_z_add = encoder_backwards_z_add_2 + encoder_backwards_b_z
        encoder_backwards_z = sigmoid(encoder_backwards_z_add)

        # encoder.backwards: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        encoder_backwards_n_add = encoder_backwards_U_n @ encoder_backwards_h_prev + encoder_backwards_b_hn
        encoder_backwards_n_add_3 = encoder_backwards_W_n @ encoder_backwards_x + encoder_backwards_b_n
        encoder_backwards_n_add_2 = encoder_backwards_n_add_3 + encoder_backwards_r * encoder_backwards_n_add
        encoder_backwards_n = np.tanh(encoder_backwards_n_add_2)

        # encoder.backwards: h = (1 - z) * n + z * h_prev
        encoder_backwards_h_multiply = (1 - encoder_backwards_z) * encoder_backwards_n
        encoder_backwards_h = encoder_backwards_h_multiply + encoder_backwards_z * encoder_backwards_h_prev

        # encoder: back = scan(backwards, x=x, lengths=lengths, reverse=True)
        encoder_backwards_h_to_end = np.where(encoder_backwards_goes_on, encoder_backwards_h, 0)
        encoder_backwards_h_held = np.where(encoder_backwards_goes_on, encoder_backwards_h, encoder_backwards_h_prev)

        # of this step: what is kept, and what the next one starts from
        encoder_backwards_h_to_end_steps[t] = encoder_backwards_h_to_end
        encoder_backwards_h_prev_steps[t] = encoder_backwards_h_prev
        encoder_backwards_r_steps[t] = encoder_backwards_r
        encoder_backwards_z_steps[t] = encoder_backwards_z
        encoder_backwards_n_add_steps[t] = encoder_backwards_n_add
        encoder_backwards_n_steps[t] = encoder_backwards_n
        encoder_backwards_h_prev = encoder_backwards_h_held

    # encoder: y = concat(there.h, back.h, axis=1)
    encoder_y = np.concatenate([encoder_forwards_h_to_end_steps, encoder_backwards_h_to_end_steps], axis=1)

    # encoder: last = concat(there.final.h, back.final.h)
    encoder_last = np.concatenate([encoder_forwards_h_prev, encoder_backwards_h_prev], axis=0)

    # 2. h_0 = tanh(W_h @ read.last + b_h)
    h_0 = np.tanh(W_h @ encoder_last + b_h)

    # 3. x = swapaxes(E_t[before], -1, -2)
    x = np.transpose(np.take(E_t, before, axis=0), (0, 2, 1))

    # 4. keys = U_k @ read.y
    keys = U_k @ encoder_y

    # once for all steps: the same at each
    less_2 = np.expand_dims(np.arange(S), 1) < source_lengths
    decoder_h_prev = h_0
    decoder_unit_h_steps = np.empty((T, n_h, m), dtype)
    decoder_context_steps = np.empty((T, 2 * n_h, m), dtype)
    weights = np.empty((T, S, m), dtype)
    decoder_h_prev_steps = np.empty((T, n_h, m), dtype)
    decoder_scores_tanh_steps = np.empty((T, S, n_k, m), dtype)
    decoder_is_word_steps = np.empty((T, S, m), bool)
    decoder_unit_r_steps = np.empty((T, n_h, m), dtype)
    decoder_unit_z_steps = np.empty((T, n_h, m), dtype)
    decoder_unit_n_add_steps = np.empty((T, n_h, m), dtype)
    decoder_unit_n_steps = np.empty((T, n_h, m), dtype)
    decoder_after_concat_steps = np.empty((T, n_e + 2 * n_h, m), dtype)
    for t in range(T):
        decoder_x = x[t]

        # decoder: scores = sum(v * tanh(W_s @ h_prev + keys), axis=1)
        decoder_scores_tanh = np.tanh(decoder_W_s @ decoder_h_prev + keys)
        decoder_scores = np.sum(decoder_v * decoder_scores_tanh, axis=1)

        # decoder: weights = softmax(where(is_word, scores, -1e9), axis=0)
        decoder_weights = softmax(np.where(less_2, decoder_scores, -1000000000), axis=0)

        # decoder: context = sum(weights[:, None, :] * memory, axis=0)
        decoder_context = np.sum(np.expand_dims(decoder_weights, 1) * encoder_y, axis=0)

        # decoder: after = unit(x=concat(x, context), h=h_prev)
        decoder_after_concat = np.concatenate([decoder_x, decoder_context], axis=0)

        # decoder.unit: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        decoder_unit_r_add = decoder_unit_W_r @ decoder_after_concat + decoder_unit_U_r @ decoder_h_prev
        decoder_unit_r_add_2 = decoder_unit_r_add + decoder_unit_b_r
        decoder_unit_r = sigmoid(decoder_unit_r_add_2)

        # decoder.unit: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        decoder_unit_z_add = decoder_unit_W_z @ decoder_after_concat + decoder_unit_U_z @ decoder_h_prev
        decoder_unit_z_add_2 = decoder_unit_z_add + decoder_unit_b_z
        decoder_unit_z = sigmoid(decoder_unit_z_add_2)

        # decoder.unit: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        decoder_unit_n_add = decoder_unit_U_n @ decoder_h_prev + decoder_unit_b_hn
        decoder_unit_n_add_2 = decoder_unit_W_n @ decoder_after_concat + decoder_unit_b_n
        decoder_unit_n_add_3 = decoder_unit_n_add_2 + decoder_unit_r * decoder_unit_n_add
        decoder_unit_n = np.tanh(decoder_unit_n_add_3)

        # decoder.unit: h = (1 - z) * n + z * h_prev
        decoder_unit_h = (1 - decoder_unit_z) * decoder_unit_n + decoder_unit_z * decoder_h_prev

        # of this step: what is kept, and what the next one starts from
        decoder_unit_h_steps[t] = decoder_unit_h
        decoder_context_steps[t] = decoder_context
        weights[t] = decoder_weights
        decoder_h_prev_steps[t] = decoder_h_prev
        decoder_scores_tanh_steps[t] = decoder_scores_tanh
        decoder_is_word_steps[t] = less_2
        decoder_unit_r_steps[t] = decoder_unit_r
        decoder_unit_z_steps[t] = decoder_unit_z
        decoder_unit_n_add_steps[t] = decoder_unit_n_add
        decoder_unit_n_steps[t] = decoder_unit_n
        decoder_after_concat_steps[t] = decoder_after_concat
        decoder_h_prev = decoder_unit_h

    # 6. logits = swapaxes(concat(x, steps.h, steps.context, axis=1), -1, -2) @ W_y.T + b_y
    logits_concat = np.concatenate([x, decoder_unit_h_steps, decoder_context_steps], axis=1)
    logits_concat_T = np.transpose(logits_concat, (0, 2, 1))
    logits = logits_concat_T @ W_y.T + b_y

    # 7. log_p = sum(one_hot(target, n_y) * log_softmax(logits), axis=-1)
    log_p_where = np.where(np.expand_dims(target, 2) == np.arange(n_y), 1, 0).astype(dtype)
    log_p_log_softmax = log_softmax(logits, axis=2)
    log_p = np.sum(log_p_where * log_p_log_softmax, axis=2)

    # 8. counts = where(arange(T)[:, None] < target_lengths, log_p, 0)
    counts_less = np.expand_dims(np.arange(T), 1) < target_lengths
    counts = np.where(counts_less, log_p, 0)

    # 9. loss = -sum(counts) / maximum(sum(target_lengths), 1)
    loss_maximum = np.maximum(np.sum(target_lengths.astype(dtype)), 1)
    loss = -np.sum(counts) / loss_maximum

    return (
        Outputs(loss=loss, logits=logits, weights=weights),
        Residuals(
            source=source, before=before, read_take_T=read_take_T, goes_on_steps=goes_on_steps,
            encoder_y=encoder_y, encoder_last=encoder_last, h_0=h_0, weights=weights,
            logits_concat_T=logits_concat_T, log_p_where=log_p_where,
            log_p_log_softmax=log_p_log_softmax, counts_less=counts_less, loss_maximum=loss_maximum,
            decoder_h_prev_steps=decoder_h_prev_steps,
            decoder_scores_tanh_steps=decoder_scores_tanh_steps,
            decoder_is_word_steps=decoder_is_word_steps, decoder_unit_r_steps=decoder_unit_r_steps,
            decoder_unit_z_steps=decoder_unit_z_steps, decoder_unit_n_add_steps=decoder_unit_n_add_steps,
            decoder_unit_n_steps=decoder_unit_n_steps,
            encoder_backwards_h_prev_steps=encoder_backwards_h_prev_steps,
            encoder_backwards_r_steps=encoder_backwards_r_steps,
            encoder_backwards_z_steps=encoder_backwards_z_steps,
            encoder_backwards_n_add_steps=encoder_backwards_n_add_steps,
            encoder_backwards_n_steps=encoder_backwards_n_steps,
            encoder_forwards_h_prev_steps=encoder_forwards_h_prev_steps,
            encoder_forwards_r_steps=encoder_forwards_r_steps,
            encoder_forwards_z_steps=encoder_forwards_z_steps,
            encoder_forwards_n_add_steps=encoder_forwards_n_add_steps,
            encoder_forwards_n_steps=encoder_forwards_n_steps,
            decoder_after_concat_steps=decoder_after_concat_steps,
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
    d_outputs = Outputs(None, None, None) if d_outputs is None else d_outputs
    dtype = _BACKWARD.check(parameters, residuals, d_outputs)
    (
        source, before, read_take_T, goes_on_steps, encoder_y, encoder_last, h_0, weights, logits_concat_T,
        log_p_where, log_p_log_softmax, counts_less, loss_maximum, decoder_h_prev_steps,
        decoder_scores_tanh_steps, decoder_is_word_steps, decoder_unit_r_steps, decoder_unit_z_steps,
        decoder_unit_n_add_steps, decoder_unit_n_steps, encoder_backwards_h_prev_steps,
        encoder_backwards_r_steps, encoder_backwards_z_steps, encoder_backwards_n_add_steps,
        encoder_backwards_n_steps, encoder_forwards_h_prev_steps, encoder_forwards_r_steps,
        encoder_forwards_z_steps, encoder_forwards_n_add_steps, encoder_forwards_n_steps,
        decoder_after_concat_steps,
    ) = residuals
    W_h, U_k, W_y = parameters.W_h, parameters.U_k, parameters.W_y
    encoder_forwards_W_r = parameters.encoder.forwards.W_r
    encoder_forwards_U_r = parameters.encoder.forwards.U_r
    encoder_forwards_W_z = parameters.encoder.forwards.W_z
    encoder_forwards_U_z = parameters.encoder.forwards.U_z
    encoder_forwards_W_n = parameters.encoder.forwards.W_n
    encoder_forwards_U_n = parameters.encoder.forwards.U_n
    encoder_backwards_W_r = parameters.encoder.backwards.W_r
    encoder_backwards_U_r = parameters.encoder.backwards.U_r
    encoder_backwards_W_z = parameters.encoder.backwards.W_z
    encoder_backwards_U_z = parameters.encoder.backwards.U_z
    encoder_backwards_W_n = parameters.encoder.backwards.W_n
    encoder_backwards_U_n = parameters.encoder.backwards.U_n
    decoder_W_s, decoder_v = parameters.decoder.W_s, parameters.decoder.v
    decoder_unit_W_r = parameters.decoder.unit.W_r
    decoder_unit_U_r = parameters.decoder.unit.U_r
    decoder_unit_W_z = parameters.decoder.unit.W_z
    decoder_unit_U_z = parameters.decoder.unit.U_z
    decoder_unit_W_n = parameters.decoder.unit.W_n
    decoder_unit_U_n = parameters.decoder.unit.U_n
    S, m = source.shape                       # words in the longest source sentence, batch
    T = before.shape[0]                       # words in the longest target sentence
    n_e = read_take_T.shape[1]                # embedding
    n_h = h_0.shape[0]                        # hidden units
    n_y = log_p_where.shape[2]                # target words predicted
    n_k = decoder_scores_tanh_steps.shape[2]  # units of the score
    n_s = parameters.E_s.shape[0]             # source words read
    n_t = parameters.E_t.shape[0]             # target words read

    # the cotangents handed in; None counts as zero
    dloss = _cotangent(d_outputs.loss, (), dtype)
    dlogits_output = _cotangent(d_outputs.logits, (T, m, n_y), dtype)
    dweights_steps = _cotangent(d_outputs.weights, (T, S, m), dtype)

    # 9. loss = -sum(counts) / maximum(sum(target_lengths), 1)
    dloss_negative = dloss / loss_maximum  # quotient
    dloss_sum = -dloss_negative            # negative

    # 8. counts = where(arange(T)[:, None] < target_lengths, log_p, 0)
    dlog_p = np.where(counts_less, dloss_sum, 0)  # where

    # 7. log_p = sum(one_hot(target, n_y) * log_softmax(logits), axis=-1)
    dlog_p_log_softmax = np.expand_dims(dlog_p, 2) * log_p_where  # hadamard
    dlog_p_multiply = np.exp(log_p_log_softmax) * np.sum(dlog_p_log_softmax, axis=2, keepdims=True)
    dlogits_log_p = dlog_p_log_softmax - dlog_p_multiply  # log_softmax

    # 6. logits = swapaxes(concat(x, steps.h, steps.context, axis=1), -1, -2) @ W_y.T + b_y
    dlogits = dlogits_output + dlogits_log_p                  # split: the sum over its uses
    db_y = np.sum(dlogits, axis=(0, 1))                       # addition, summed where it was broadcast
    dlogits_concat_T = dlogits @ W_y                          # matrix product
    # matrix product, summed where it was broadcast
    dW_y_T = np.sum(np.swapaxes(logits_concat_T, -1, -2) @ dlogits, axis=0)
    dW_y = dW_y_T.T                                           # transpose
    dlogits_concat = np.transpose(dlogits_concat_T, (0, 2, 1))  # transpose
    dx_logits = dlogits_concat[:, :n_e]                       # concat
    ddecoder_unit_h_steps = dlogits_concat[:, n_e:n_e + n_h]  # concat
    ddecoder_context_steps = dlogits_concat[:, n_e + n_h:]    # concat
    ddecoder_h_state = np.zeros((n_h, m), dtype)
    ddecoder_memory = np.zeros((S, 2 * n_h, m), dtype)
    ddecoder_keys = np.zeros((S, n_k, m), dtype)
    ddecoder_v = np.zeros((n_k, 1), dtype)
    ddecoder_x_steps = np.empty((T, n_e, m), dtype)
    dadd_steps = np.empty((T, n_h, m), dtype)
    ddecoder_scores_matmul_steps = np.empty((T, n_k, m), dtype)
    dadd_2_steps = np.empty((T, n_h, m), dtype)
    dadd_3_steps = np.empty((T, n_h, m), dtype)
    ddecoder_unit_n_add_steps = np.empty((T, n_h, m), dtype)
    for t in reversed(range(T)):
        ddecoder_h_output = ddecoder_unit_h_steps[t]
        ddecoder_context_output = ddecoder_context_steps[t]
        ddecoder_weights_output = dweights_steps[t]
        decoder_h_prev = decoder_h_prev_steps[t]
        decoder_scores_tanh = decoder_scores_tanh_steps[t]
        less = decoder_is_word_steps[t]
        softmax_2 = weights[t]
        sigmoid_2 = decoder_unit_r_steps[t]
        sigmoid_3 = decoder_unit_z_steps[t]
        decoder_unit_n_add = decoder_unit_n_add_steps[t]
        tanh = decoder_unit_n_steps[t]

        # decoder.unit: h = (1 - z) * n + z * h_prev
        dadd_4 = ddecoder_h_state + ddecoder_h_output        # split: the sum over its uses
        dsigmoid_3_decoder_unit_h = dadd_4 * decoder_h_prev  # hadamard
        ddecoder_h_prev_decoder_unit_h = dadd_4 * sigmoid_3  # hadamard
        dsubtract = dadd_4 * tanh                            # hadamard
        subtract_2 = 1 - sigmoid_3
        dtanh = dadd_4 * subtract_2                          # hadamard

        # decoder.unit: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        dadd_2 = dtanh * (1 - tanh * tanh)                    # tanh
        dsigmoid_2 = dadd_2 * decoder_unit_n_add              # hadamard
        ddecoder_unit_n_add = dadd_2 * sigmoid_2              # hadamard
        ddecoder_h_prev_decoder_unit_n = decoder_unit_U_n.T @ ddecoder_unit_n_add  # matrix product
        dconcat_decoder_unit_n = decoder_unit_W_n.T @ dadd_2  # matrix product

        # decoder.unit: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        dsigmoid_3 = dsigmoid_3_decoder_unit_h - dsubtract  # split: the sum over its uses
        dadd = dsigmoid_3 * (sigmoid_3 * subtract_2)        # sigmoid
        ddecoder_h_prev_decoder_unit_z = decoder_unit_U_z.T @ dadd  # matrix product
        dconcat_decoder_unit_z = decoder_unit_W_z.T @ dadd  # matrix product

        # decoder.unit: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        dadd_3 = dsigmoid_2 * (sigmoid_2 * (1 - sigmoid_2))   # sigmoid
        ddecoder_h_prev_decoder_unit_r = decoder_unit_U_r.T @ dadd_3  # matrix product
        dconcat_decoder_unit_r = decoder_unit_W_r.T @ dadd_3  # matrix product

        # decoder: after = unit(x=concat(x, context), h=h_prev)
        # split: the sum over its uses
        dconcat = dconcat_decoder_unit_n + dconcat_decoder_unit_z + dconcat_decoder_unit_r
        ddecoder_x = dconcat[:n_e]          # concat
        dsum_decoder_after = dconcat[n_e:]  # concat

        # decoder: context = sum(weights[:, None, :] * memory, axis=0)
        dsum = ddecoder_context_output + dsum_decoder_after  # split: the sum over its uses
        dmultiply = np.broadcast_to(np.expand_dims(dsum, 0), (S, 2 * n_h, m))  # sum
        # hadamard, summed where it was broadcast
        dsoftmax_2_wide = np.sum(dsum * encoder_y, axis=1, keepdims=True)
        ddecoder_memory += dmultiply * np.expand_dims(softmax_2, 1)  # hadamard
        dsoftmax_2_decoder_context = np.squeeze(dsoftmax_2_wide, axis=1)  # expand_dims

        # decoder: weights = softmax(where(is_word, scores, -1e9), axis=0)
        dsoftmax_2 = ddecoder_weights_output + dsoftmax_2_decoder_context  # split: the sum over its uses
        dwhere = softmax_2 * (dsoftmax_2 - np.sum(dsoftmax_2 * softmax_2, axis=0, keepdims=True))  # softmax
        ddecoder_scores = np.where(less, dwhere, 0)  # where

        # decoder: scores = sum(v * tanh(W_s @ h_prev + keys), axis=1)
        ddecoder_scores_multiply = np.broadcast_to(np.expand_dims(ddecoder_scores, 1), (S, n_k, m))  # sum
        ddecoder_scores_sum = np.sum(np.expand_dims(ddecoder_scores, 1) * decoder_scores_tanh, axis=(0, 2))
        ddecoder_v += np.expand_dims(ddecoder_scores_sum, 1)      # hadamard, summed where it was broadcast
        ddecoder_scores_tanh = ddecoder_scores_multiply * decoder_v  # hadamard
        multiply_2 = ddecoder_scores_tanh * (1 - decoder_scores_tanh * decoder_scores_tanh)
        ddecoder_keys += multiply_2                               # tanh
        ddecoder_scores_matmul = np.sum(multiply_2, axis=0)       # addition, summed where it was broadcast
        ddecoder_h_prev_decoder_scores = decoder_W_s.T @ ddecoder_scores_matmul  # matrix product
        add_5 = ddecoder_h_prev_decoder_unit_h + ddecoder_h_prev_decoder_unit_n
        add_6 = add_5 + ddecoder_h_prev_decoder_unit_z
        add_7 = add_6 + ddecoder_h_prev_decoder_unit_r
        ddecoder_h_prev = add_7 + ddecoder_h_prev_decoder_scores  # split: the sum over its uses

        # of this step: what is kept, and what the next one starts from
        ddecoder_x_steps[t] = ddecoder_x
        dadd_steps[t] = dadd
        ddecoder_scores_matmul_steps[t] = ddecoder_scores_matmul
        dadd_2_steps[t] = dadd_2
        dadd_3_steps[t] = dadd_3
        ddecoder_unit_n_add_steps[t] = ddecoder_unit_n_add
        ddecoder_h_state = ddecoder_h_prev

    # for every step at once: no later step reads it
    decoder_after_concat_steps_rows = (
        np.reshape(np.swapaxes(decoder_after_concat_steps, -1, -2), (T * m, n_e + 2 * n_h))
    )
    multiply_3_steps_T = np.reshape(np.swapaxes(dadd_steps, -1, -2), (T * m, n_h)).T
    ddecoder_unit_W_z = multiply_3_steps_T @ decoder_after_concat_steps_rows  # matrix product
    sum_2_steps_T = np.reshape(np.swapaxes(ddecoder_scores_matmul_steps, -1, -2), (T * m, n_k)).T
    # matrix product
    ddecoder_W_s = sum_2_steps_T @ np.reshape(np.swapaxes(decoder_h_prev_steps, -1, -2), (T * m, n_h))
    # matrix product
    ddecoder_unit_U_z = multiply_3_steps_T @ np.reshape(np.swapaxes(decoder_h_prev_steps, -1, -2), (T * m, n_h))
    # addition, summed where it was broadcast
    ddecoder_unit_b_z = np.expand_dims(np.sum(dadd_steps, axis=(0, 2)), 1)
    multiply_4_steps_T = np.reshape(np.swapaxes(dadd_2_steps, -1, -2), (T * m, n_h)).T
    ddecoder_unit_W_n = multiply_4_steps_T @ decoder_after_concat_steps_rows  # matrix product
    # addition, summed where it was broadcast
    ddecoder_unit_b_n = np.expand_dims(np.sum(dadd_2_steps, axis=(0, 2)), 1)
    multiply_5_steps_T = np.reshape(np.swapaxes(dadd_3_steps, -1, -2), (T * m, n_h)).T
    ddecoder_unit_W_r = multiply_5_steps_T @ decoder_after_concat_steps_rows  # matrix product
    # matrix product
    ddecoder_unit_U_r = multiply_5_steps_T @ np.reshape(np.swapaxes(decoder_h_prev_steps, -1, -2), (T * m, n_h))
    # addition, summed where it was broadcast
    ddecoder_unit_b_r = np.expand_dims(np.sum(dadd_3_steps, axis=(0, 2)), 1)
    multiply_6_steps_T = np.reshape(np.swapaxes(ddecoder_unit_n_add_steps, -1, -2), (T * m, n_h)).T
    # matrix product
    ddecoder_unit_U_n = multiply_6_steps_T @ np.reshape(np.swapaxes(decoder_h_prev_steps, -1, -2), (T * m, n_h))
    # addition, summed where it was broadcast
    ddecoder_unit_b_hn = np.expand_dims(np.sum(ddecoder_unit_n_add_steps, axis=(0, 2)), 1)

    # 4. keys = U_k @ read.y
    # matrix product, summed where it was broadcast
    dU_k = np.sum(ddecoder_keys @ np.swapaxes(encoder_y, -1, -2), axis=0)
    dencoder_y_keys = U_k.T @ ddecoder_keys  # matrix product

    # 3. x = swapaxes(E_t[before], -1, -2)
    dx = dx_logits + ddecoder_x_steps              # split: the sum over its uses
    dx_take = np.transpose(dx, (0, 2, 1))          # transpose
    dE_t = add_at(dx_take, before, axis=0, n=n_t)  # take

    # 2. h_0 = tanh(W_h @ read.last + b_h)
    dh_0_add = ddecoder_h_state * (1 - h_0 * h_0)   # tanh
    db_h = np.sum(dh_0_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dW_h = dh_0_add @ encoder_last.T                # matrix product
    dencoder_last = W_h.T @ dh_0_add                # matrix product

    # encoder: last = concat(there.final.h, back.final.h)
    dencoder_forwards_h_held_final = dencoder_last[:n_h]   # concat
    dencoder_backwards_h_held_final = dencoder_last[n_h:]  # concat

    # encoder: y = concat(there.h, back.h, axis=1)
    dencoder_y = ddecoder_memory + dencoder_y_keys           # split: the sum over its uses
    dencoder_forwards_h_to_end_steps = dencoder_y[:, :n_h]   # concat
    dencoder_backwards_h_to_end_steps = dencoder_y[:, n_h:]  # concat
    dencoder_backwards_h = dencoder_backwards_h_held_final
    dencoder_backwards_n_add_2_steps = np.empty((S, n_h, m), dtype)
    dencoder_backwards_z_add_steps = np.empty((S, n_h, m), dtype)
    dencoder_backwards_r_add_steps = np.empty((S, n_h, m), dtype)
    dencoder_backwards_n_add_steps = np.empty((S, n_h, m), dtype)
    for t in range(S):
        dencoder_backwards_h_2 = dencoder_backwards_h_to_end_steps[t]
        encoder_backwards_goes_on = goes_on_steps[t]
        encoder_backwards_h_prev = encoder_backwards_h_prev_steps[t]
        encoder_backwards_r = encoder_backwards_r_steps[t]
        encoder_backwards_z = encoder_backwards_z_steps[t]
        encoder_backwards_n_add = encoder_backwards_n_add_steps[t]
        encoder_backwards_n = encoder_backwards_n_steps[t]

        # encoder: back = scan(backwards, x=x, lengths=lengths, reverse=True)
        # where
        dencoder_backwards_h_encoder_back = np.where(encoder_backwards_goes_on, dencoder_backwards_h, 0)
        # where
        dencoder_backwards_h_prev_encoder_back = np.where(encoder_backwards_goes_on, 0, dencoder_backwards_h)
        # where
        dencoder_backwards_h_encoder_back_2 = np.where(encoder_backwards_goes_on, dencoder_backwards_h_2, 0)

        # encoder.backwards: h = (1 - z) * n + z * h_prev
        # split: the sum over its uses
        dencoder_backwards_h_3 = dencoder_backwards_h_encoder_back + dencoder_backwards_h_encoder_back_2
        # hadamard
        dencoder_backwards_z_encoder_backwards_h = dencoder_backwards_h_3 * encoder_backwards_h_prev
        # hadamard
        dencoder_backwards_h_prev_encoder_backwards_h = dencoder_backwards_h_3 * encoder_backwards_z
        dencoder_backwards_h_subtract = dencoder_backwards_h_3 * encoder_backwards_n  # hadamard
        subtract_3 = 1 - encoder_backwards_z
        dencoder_backwards_n = dencoder_backwards_h_3 * subtract_3  # hadamard

        # encoder.backwards: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        # tanh
        dencoder_backwards_n_add_2 = dencoder_backwards_n * (1 - encoder_backwards_n * encoder_backwards_n)
        dencoder_backwards_r = dencoder_backwards_n_add_2 * encoder_backwards_n_add  # hadamard
        dencoder_backwards_n_add = dencoder_backwards_n_add_2 * encoder_backwards_r  # hadamard
        # matrix product
        dencoder_backwards_h_prev_encoder_backwards_n = encoder_backwards_U_n.T @ dencoder_backwards_n_add

        # encoder.backwards: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        # split: the sum over its uses
        dencoder_backwards_z = dencoder_backwards_z_encoder_backwards_h - dencoder_backwards_h_subtract
        dencoder_backwards_z_add = dencoder_backwards_z * (encoder_backwards_z * subtract_3)  # sigmoid
        # matrix product
        dencoder_backwards_h_prev_encoder_backwards_z = encoder_backwards_U_z.T @ dencoder_backwards_z_add

        # encoder.backwards: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        # sigmoid
        dencoder_backwards_r_add = dencoder_backwards_r * (encoder_backwards_r * (1 - encoder_backwards_r))
        # matrix product
        dencoder_backwards_h_prev_encoder_backwards_r = encoder_backwards_U_r.T @ dencoder_backwards_r_add
        add_8 = dencoder_backwards_h_prev_encoder_back + dencoder_backwards_h_prev_encoder_backwards_h
        add_9 = add_8 + dencoder_backwards_h_prev_encoder_backwards_n
        add_10 = add_9 + dencoder_backwards_h_prev_encoder_backwards_z
        # split: the sum over its uses
        dencoder_backwards_h_prev = add_10 + dencoder_backwards_h_prev_encoder_backwards_r

        # of this step: what is kept, and what the next one starts from
        dencoder_backwards_n_add_2_steps[t] = dencoder_backwards_n_add_2
        dencoder_backwards_z_add_steps[t] = dencoder_backwards_z_add
        dencoder_backwards_r_add_steps[t] = dencoder_backwards_r_add
        dencoder_backwards_n_add_steps[t] = dencoder_backwards_n_add
        dencoder_backwards_h = dencoder_backwards_h_prev

    # for every step at once: no later step reads it
    # matrix product
    dencoder_backwards_x_encoder_backwards_n_steps = encoder_backwards_W_n.T @ dencoder_backwards_n_add_2_steps
    # matrix product
    dencoder_backwards_x_encoder_backwards_z_steps = encoder_backwards_W_z.T @ dencoder_backwards_z_add_steps
    # matrix product
    dencoder_backwards_x_encoder_backwards_r_steps = encoder_backwards_W_r.T @ dencoder_backwards_r_add_steps
    add_11 = dencoder_backwards_x_encoder_backwards_n_steps + dencoder_backwards_x_encoder_backwards_z_steps
    dread_take_T = add_11 + dencoder_backwards_x_encoder_backwards_r_steps  # split: the sum over its uses
    multiply_7_steps_T = np.reshape(np.swapaxes(dencoder_backwards_z_add_steps, -1, -2), (S * m, n_h)).T
    # matrix product
    dencoder_backwards_W_z = multiply_7_steps_T @ np.reshape(np.swapaxes(read_take_T, -1, -2), (S * m, n_e))
    encoder_backwards_h_prev_steps_rows = (
        np.reshape(np.swapaxes(encoder_backwards_h_prev_steps, -1, -2), (S * m, n_h))
    )
    dencoder_backwards_U_z = multiply_7_steps_T @ encoder_backwards_h_prev_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dencoder_backwards_b_z = np.expand_dims(np.sum(dencoder_backwards_z_add_steps, axis=(0, 2)), 1)
    multiply_8_steps_T = np.reshape(np.swapaxes(dencoder_backwards_n_add_2_steps, -1, -2), (S * m, n_h)).T
    # matrix product
    dencoder_backwards_W_n = multiply_8_steps_T @ np.reshape(np.swapaxes(read_take_T, -1, -2), (S * m, n_e))
    # addition, summed where it was broadcast
    dencoder_backwards_b_n = np.expand_dims(np.sum(dencoder_backwards_n_add_2_steps, axis=(0, 2)), 1)
    multiply_9_steps_T = np.reshape(np.swapaxes(dencoder_backwards_r_add_steps, -1, -2), (S * m, n_h)).T
    # matrix product
    dencoder_backwards_W_r = multiply_9_steps_T @ np.reshape(np.swapaxes(read_take_T, -1, -2), (S * m, n_e))
    dencoder_backwards_U_r = multiply_9_steps_T @ encoder_backwards_h_prev_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dencoder_backwards_b_r = np.expand_dims(np.sum(dencoder_backwards_r_add_steps, axis=(0, 2)), 1)
    multiply_10_steps_T = np.reshape(np.swapaxes(dencoder_backwards_n_add_steps, -1, -2), (S * m, n_h)).T
    dencoder_backwards_U_n = multiply_10_steps_T @ encoder_backwards_h_prev_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dencoder_backwards_b_hn = np.expand_dims(np.sum(dencoder_backwards_n_add_steps, axis=(0, 2)), 1)
    dencoder_forwards_h = dencoder_forwards_h_held_final
    dencoder_forwards_n_add_2_steps = np.empty((S, n_h, m), dtype)
    dencoder_forwards_z_add_steps = np.empty((S, n_h, m), dtype)
    dencoder_forwards_r_add_steps = np.empty((S, n_h, m), dtype)
    dencoder_forwards_n_add_steps = np.empty((S, n_h, m), dtype)
    for t in reversed(range(S)):
        dencoder_forwards_h_2 = dencoder_forwards_h_to_end_steps[t]
        encoder_forwards_goes_on = goes_on_steps[t]
        encoder_forwards_h_prev = encoder_forwards_h_prev_steps[t]
        encoder_forwards_r = encoder_forwards_r_steps[t]
        encoder_forwards_z = encoder_forwards_z_steps[t]
        encoder_forwards_n_add = encoder_forwards_n_add_steps[t]
        encoder_forwards_n = encoder_forwards_n_steps[t]

        # encoder: there = scan(forwards, x=x, lengths=lengths)
        # where
        dencoder_forwards_h_encoder_there = np.where(encoder_forwards_goes_on, dencoder_forwards_h, 0)
        # where
        dencoder_forwards_h_prev_encoder_there = np.where(encoder_forwards_goes_on, 0, dencoder_forwards_h)
        # where
        dencoder_forwards_h_encoder_there_2 = np.where(encoder_forwards_goes_on, dencoder_forwards_h_2, 0)

        # encoder.forwards: h = (1 - z) * n + z * h_prev
        # split: the sum over its uses
        dencoder_forwards_h_3 = dencoder_forwards_h_encoder_there + dencoder_forwards_h_encoder_there_2
        dencoder_forwards_z_encoder_forwards_h = dencoder_forwards_h_3 * encoder_forwards_h_prev  # hadamard
        dencoder_forwards_h_prev_encoder_forwards_h = dencoder_forwards_h_3 * encoder_forwards_z  # hadamard
        dencoder_forwards_h_subtract = dencoder_forwards_h_3 * encoder_forwards_n  # hadamard
        subtract_3_2 = 1 - encoder_forwards_z
        dencoder_forwards_n = dencoder_forwards_h_3 * subtract_3_2  # hadamard

        # encoder.forwards: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        # tanh
        dencoder_forwards_n_add_2 = dencoder_forwards_n * (1 - encoder_forwards_n * encoder_forwards_n)
        dencoder_forwards_r = dencoder_forwards_n_add_2 * encoder_forwards_n_add  # hadamard
        dencoder_forwards_n_add = dencoder_forwards_n_add_2 * encoder_forwards_r  # hadamard
        # matrix product
        dencoder_forwards_h_prev_encoder_forwards_n = encoder_forwards_U_n.T @ dencoder_forwards_n_add

        # encoder.forwards: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        # split: the sum over its uses
        dencoder_forwards_z = dencoder_forwards_z_encoder_forwards_h - dencoder_forwards_h_subtract
        dencoder_forwards_z_add = dencoder_forwards_z * (encoder_forwards_z * subtract_3_2)  # sigmoid
        # matrix product
        dencoder_forwards_h_prev_encoder_forwards_z = encoder_forwards_U_z.T @ dencoder_forwards_z_add

        # encoder.forwards: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        # sigmoid
        dencoder_forwards_r_add = dencoder_forwards_r * (encoder_forwards_r * (1 - encoder_forwards_r))
        # matrix product
        dencoder_forwards_h_prev_encoder_forwards_r = encoder_forwards_U_r.T @ dencoder_forwards_r_add
        add_12 = dencoder_forwards_h_prev_encoder_there + dencoder_forwards_h_prev_encoder_forwards_h
        add_13 = add_12 + dencoder_forwards_h_prev_encoder_forwards_n
        add_14 = add_13 + dencoder_forwards_h_prev_encoder_forwards_z
        # split: the sum over its uses
        dencoder_forwards_h_prev = add_14 + dencoder_forwards_h_prev_encoder_forwards_r

        # of this step: what is kept, and what the next one starts from
        dencoder_forwards_n_add_2_steps[t] = dencoder_forwards_n_add_2
        dencoder_forwards_z_add_steps[t] = dencoder_forwards_z_add
        dencoder_forwards_r_add_steps[t] = dencoder_forwards_r_add
        dencoder_forwards_n_add_steps[t] = dencoder_forwards_n_add
        dencoder_forwards_h = dencoder_forwards_h_prev

    # matrix product
    dencoder_forwards_x_encoder_forwards_n_steps = encoder_forwards_W_n.T @ dencoder_forwards_n_add_2_steps
    # matrix product
    dencoder_forwards_x_encoder_forwards_z_steps = encoder_forwards_W_z.T @ dencoder_forwards_z_add_steps
    # matrix product
    dencoder_forwards_x_encoder_forwards_r_steps = encoder_forwards_W_r.T @ dencoder_forwards_r_add_steps
    add_15 = dencoder_forwards_x_encoder_forwards_n_steps + dencoder_forwards_x_encoder_forwards_z_steps
    dread_take_T_2 = add_15 + dencoder_forwards_x_encoder_forwards_r_steps  # split: the sum over its uses
    multiply_11_steps_T = np.reshape(np.swapaxes(dencoder_forwards_z_add_steps, -1, -2), (S * m, n_h)).T
    # matrix product
    dencoder_forwards_W_z = multiply_11_steps_T @ np.reshape(np.swapaxes(read_take_T, -1, -2), (S * m, n_e))
    encoder_forwards_h_prev_steps_rows = np.reshape(np.swapaxes(encoder_forwards_h_prev_steps, -1, -2), (S * m, n_h))
    dencoder_forwards_U_z = multiply_11_steps_T @ encoder_forwards_h_prev_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dencoder_forwards_b_z = np.expand_dims(np.sum(dencoder_forwards_z_add_steps, axis=(0, 2)), 1)
    multiply_12_steps_T = np.reshape(np.swapaxes(dencoder_forwards_n_add_2_steps, -1, -2), (S * m, n_h)).T
    # matrix product
    dencoder_forwards_W_n = multiply_12_steps_T @ np.reshape(np.swapaxes(read_take_T, -1, -2), (S * m, n_e))
    # addition, summed where it was broadcast
    dencoder_forwards_b_n = np.expand_dims(np.sum(dencoder_forwards_n_add_2_steps, axis=(0, 2)), 1)
    multiply_13_steps_T = np.reshape(np.swapaxes(dencoder_forwards_r_add_steps, -1, -2), (S * m, n_h)).T
    # matrix product
    dencoder_forwards_W_r = multiply_13_steps_T @ np.reshape(np.swapaxes(read_take_T, -1, -2), (S * m, n_e))
    dencoder_forwards_U_r = multiply_13_steps_T @ encoder_forwards_h_prev_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dencoder_forwards_b_r = np.expand_dims(np.sum(dencoder_forwards_r_add_steps, axis=(0, 2)), 1)
    multiply_14_steps_T = np.reshape(np.swapaxes(dencoder_forwards_n_add_steps, -1, -2), (S * m, n_h)).T
    dencoder_forwards_U_n = multiply_14_steps_T @ encoder_forwards_h_prev_steps_rows  # matrix product
    # addition, summed where it was broadcast
    dencoder_forwards_b_hn = np.expand_dims(np.sum(dencoder_forwards_n_add_steps, axis=(0, 2)), 1)

    # 1. read = encoder(x=swapaxes(E_s[source], -1, -2), lengths=source_lengths)
    dread_take_T = dread_take_T + dread_take_T_2        # split: the sum over its uses
    dread_take = np.transpose(dread_take_T, (0, 2, 1))  # transpose
    dE_s = add_at(dread_take, source, axis=0, n=n_s)    # take

    return Gradients(
        Parameters(
            E_s=dE_s,
            E_t=dE_t,
            W_h=dW_h,
            b_h=db_h,
            U_k=dU_k,
            W_y=dW_y,
            b_y=db_y,
            encoder=EncoderParameters(
                forwards=EncoderForwardsParameters(
                    W_r=dencoder_forwards_W_r, U_r=dencoder_forwards_U_r, b_r=dencoder_forwards_b_r,
                    W_z=dencoder_forwards_W_z, U_z=dencoder_forwards_U_z, b_z=dencoder_forwards_b_z,
                    W_n=dencoder_forwards_W_n, U_n=dencoder_forwards_U_n, b_n=dencoder_forwards_b_n,
                    b_hn=dencoder_forwards_b_hn,
                ),
                backwards=EncoderBackwardsParameters(
                    W_r=dencoder_backwards_W_r, U_r=dencoder_backwards_U_r, b_r=dencoder_backwards_b_r,
                    W_z=dencoder_backwards_W_z, U_z=dencoder_backwards_U_z, b_z=dencoder_backwards_b_z,
                    W_n=dencoder_backwards_W_n, U_n=dencoder_backwards_U_n, b_n=dencoder_backwards_b_n,
                    b_hn=dencoder_backwards_b_hn,
                ),
            ),
            decoder=DecoderParameters(
                W_s=ddecoder_W_s,
                v=ddecoder_v,
                unit=DecoderUnitParameters(
                    W_r=ddecoder_unit_W_r, U_r=ddecoder_unit_U_r, b_r=ddecoder_unit_b_r,
                    W_z=ddecoder_unit_W_z, U_z=ddecoder_unit_U_z, b_z=ddecoder_unit_b_z,
                    W_n=ddecoder_unit_W_n, U_n=ddecoder_unit_U_n, b_n=ddecoder_unit_b_n,
                    b_hn=ddecoder_unit_b_hn,
                ),
            ),
        ),
        Inputs(source=None, source_lengths=None, before=None, target=None, target_lengths=None),
    )


def trace_nan(parameters: Parameters, inputs: Inputs, d_outputs: Outputs | None = None) -> None:
    """Run one step: FloatingPointError from the operation that makes the first NaN.

    The traceback ends at the operation under its equation; the message tells the element, and what it was made of.
    Then the same for the gradients, if cotangents are given.
    """
    _FORWARD.check(parameters, inputs)
    _, residuals = _traced("encoder_decoder_bahdanau.forward", forward, parameters, inputs)
    if d_outputs is None:
        return
    d_outputs = Outputs(None, None, None) if d_outputs is None else d_outputs
    _traced("encoder_decoder_bahdanau.backward", backward, parameters, residuals, d_outputs)


# What the functions call.


def _cotangent(value: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A cotangent as an array; None counts as zero."""
    return np.zeros(shape, dtype) if value is None else np.asarray(value, dtype)


def _glorot(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Uniform within sqrt(6 / (fan in + fan out)) of zero (Glorot and Bengio, 2010); shape is [out, in, ...]."""
    fans = (shape[0] + shape[1]) * int(np.prod(shape[2:]))
    limit = np.sqrt(6 / max(1, fans))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Orthonormal rows or columns, whichever are fewer (Saxe, McClelland and Ganguli, 2014)."""
    rows, columns = max(shape), min(shape)
    q, r = np.linalg.qr(rng.standard_normal((rows, columns)))
    q = q * np.sign(np.diagonal(r))
    return (q if shape == (rows, columns) else q.T).astype(dtype)


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


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """exp(x) divided by its sum along an axis; the largest element is taken off first against overflow."""
    z = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return z / np.sum(z, axis=axis, keepdims=True)


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log(softmax(x)) along an axis, exact where softmax(x) is too small to be a number."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def add_at(x: np.ndarray, indices: np.ndarray, axis: int, n: int) -> np.ndarray:
    """Zeros of size n along an axis, and x added up at its places; a place that comes twice gets both."""
    x = np.moveaxis(x, range(axis, axis + indices.ndim), range(indices.ndim))
    z = np.zeros((n, *x.shape[indices.ndim :]), x.dtype)
    np.add.at(z, indices, x)
    return np.moveaxis(z, 0, axis)


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs)
