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

import sys
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
    goes_on_steps: Annotated[np.ndarray, "bool[S, m]"]
    read_take_rows: Annotated[np.ndarray, "[S*m, n_e]"]
    W_packed: Annotated[np.ndarray, "[3*n_h, n_e]"]
    U_packed: Annotated[np.ndarray, "[3*n_h, n_h]"]
    W_packed_2: Annotated[np.ndarray, "[3*n_h, n_e]"]
    U_packed_2: Annotated[np.ndarray, "[3*n_h, n_h]"]
    encoder_y: Annotated[np.ndarray, "[S, 2*n_h, m]"]
    encoder_last: Annotated[np.ndarray, "[2*n_h, m]"]
    h_0: Annotated[np.ndarray, "[n_h, m]"]
    x: Annotated[np.ndarray, "[T, n_e, m]"]
    W_packed_3: Annotated[np.ndarray, "[3*n_h, n_e]"]
    W_s_packed: Annotated[np.ndarray, "[3*n_h + n_k, n_h]"]
    less_2: Annotated[np.ndarray, "bool[S, m]"]
    W_packed_4: Annotated[np.ndarray, "[3*n_h, 2*n_h]"]
    decoder_context_steps: Annotated[np.ndarray, "[T, 2*n_h, m]"]
    weights: Annotated[np.ndarray, "[T, S, m]"]
    logits_concat_T: Annotated[np.ndarray, "[T, m, n_e + 3*n_h]"]
    log_p_where: Annotated[np.ndarray, "[T, m, n_y]"]
    log_p_log_softmax: Annotated[np.ndarray, "[T, m, n_y]"]
    counts_less: Annotated[np.ndarray, "bool[T, m]"]
    loss_maximum: Annotated[np.ndarray, "[]"]
    decoder_h_prev_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    decoder_scores_tanh_steps: Annotated[np.ndarray, "[T, S, n_k, m]"]
    decoder_unit_r_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    decoder_unit_z_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    decoder_unit_n_add_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    decoder_unit_n_steps: Annotated[np.ndarray, "[T, n_h, m]"]
    encoder_backwards_h_prev_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_backwards_r_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_backwards_z_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_backwards_n_add_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_backwards_n_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_forwards_h_prev_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_forwards_r_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_forwards_z_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_forwards_n_add_steps: Annotated[np.ndarray, "[S, m, n_h]"]
    encoder_forwards_n_steps: Annotated[np.ndarray, "[S, m, n_h]"]


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


def forward(
    parameters: Parameters,
    inputs: Inputs,
    workspace: Workspace | None = None,
) -> tuple[Outputs, Residuals]:
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
    workspace = Workspace() if workspace is None else workspace

    # encoder: there = scan(forwards, x=x, lengths=lengths)
    goes_on_steps = before_end(source_lengths, S, 'source_lengths')
    read_take_T = np.swapaxes(np.transpose(np.take(E_s, source, axis=0), (0, 2, 1)), -1, -2)

    # for every step at once: does not read the state
    read_take_rows = np.reshape(read_take_T, (S * m, n_e))
    W_packed = workspace.result("forward.W_packed", (3 * n_h, n_e), dtype)
    np.concatenate([encoder_forwards_W_r, encoder_forwards_W_z, encoder_forwards_W_n],
        axis=0,
        out=W_packed)
    encoder_forwards_x_W = workspace.array("forward.encoder_forwards_x_W", (S, m, 3 * n_h), dtype)
    np.matmul(read_take_rows, W_packed.T,
        out=np.reshape(encoder_forwards_x_W, (S * m, 3 * n_h)))
    b_packed_3 = np.concatenate([encoder_forwards_b_r, encoder_forwards_b_z, encoder_forwards_b_n], axis=0)
    b_packed_3_T = b_packed_3.T
    np.add(encoder_forwards_x_W, b_packed_3_T, out=encoder_forwards_x_W)

    # once for all steps: the same at each
    U_packed = workspace.result("forward.U_packed", (3 * n_h, n_h), dtype)
    np.concatenate([encoder_forwards_U_r, encoder_forwards_U_z, encoder_forwards_U_n],
        axis=0,
        out=U_packed)

    # room for every step and for one; the workspace's is written again by the next call
    encoder_forwards_h_states = workspace.result("forward.encoder_forwards_h_states", (S + 1, m, n_h), dtype)
    encoder_forwards_h_states[0] = 0
    encoder_forwards_h_to_end_steps = workspace.array("forward.encoder_forwards_h_to_end_steps", (S, m, n_h), dtype)
    encoder_forwards_r_steps, encoder_forwards_z_steps = (
        workspace.result("forward.encoder_forwards_r_steps", (2, S, m, n_h), dtype)
    )
    encoder_forwards_n_add_steps, encoder_forwards_n_steps = (
        workspace.result("forward.encoder_forwards_n_add_steps", (2, S, m, n_h), dtype)
    )
    work = workspace.array("forward.work", (m, 3 * n_h), dtype)
    work_2 = workspace.array("forward.work_2", (m, 2 * n_h), dtype)
    work_3, work_4 = workspace.array("forward.work_3", (2, m, n_h), dtype)
    for t in range(S):
        encoder_forwards_goes_on = goes_on_steps[t]
        add_2_2 = encoder_forwards_x_W[t]
        encoder_forwards_h_prev = encoder_forwards_h_states[t]

        np.matmul(encoder_forwards_h_prev, U_packed.T, out=work)
        np.add(add_2_2[:, :2 * n_h], work[:, :2 * n_h], out=work_2)

        # encoder.forwards: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        encoder_forwards_r = sigmoid_into(work_2[:, :n_h], encoder_forwards_r_steps[t])

        # encoder.forwards: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        encoder_forwards_z = sigmoid_into(work_2[:, n_h:], encoder_forwards_z_steps[t])

        # encoder.forwards: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        encoder_forwards_n_add = np.add(work[:, 2 * n_h:], encoder_forwards_b_hn.T,
            out=encoder_forwards_n_add_steps[t])
        np.multiply(encoder_forwards_r, encoder_forwards_n_add, out=work_3)
        np.add(add_2_2[:, 2 * n_h:], work_3, out=work_3)
        encoder_forwards_n = np.tanh(work_3, out=encoder_forwards_n_steps[t])

        # encoder.forwards: h = (1 - z) * n + z * h_prev
        np.subtract(1, encoder_forwards_z, out=work_3)
        np.multiply(work_3, encoder_forwards_n, out=work_3)
        np.multiply(encoder_forwards_z, encoder_forwards_h_prev, out=work_4)
        encoder_forwards_h = np.add(work_3, work_4, out=work_3)

        # encoder: there = scan(forwards, x=x, lengths=lengths)
        encoder_forwards_h_to_end = np.where(encoder_forwards_goes_on[:, None], encoder_forwards_h, 0)
        encoder_forwards_h_held = (
            np.where(encoder_forwards_goes_on[:, None], encoder_forwards_h, encoder_forwards_h_prev)
        )

        # of this step: what is kept, and what the next one starts from
        encoder_forwards_h_to_end_steps[t] = encoder_forwards_h_to_end
        encoder_forwards_h_states[t + 1] = encoder_forwards_h_held

    # for every step at once: does not read the state
    W_packed_2 = workspace.result("forward.W_packed_2", (3 * n_h, n_e), dtype)
    np.concatenate([encoder_backwards_W_r, encoder_backwards_W_z, encoder_backwards_W_n],
        axis=0,
        out=W_packed_2)
    encoder_backwards_x_W = workspace.array("forward.encoder_backwards_x_W", (S, m, 3 * n_h), dtype)
    np.matmul(read_take_rows, W_packed_2.T,
        out=np.reshape(encoder_backwards_x_W, (S * m, 3 * n_h)))
    b_packed_2 = np.concatenate([encoder_backwards_b_r, encoder_backwards_b_z, encoder_backwards_b_n], axis=0)
    b_packed_2_T = b_packed_2.T
    np.add(encoder_backwards_x_W, b_packed_2_T, out=encoder_backwards_x_W)

    # once for all steps: the same at each
    U_packed_2 = workspace.result("forward.U_packed_2", (3 * n_h, n_h), dtype)
    np.concatenate([encoder_backwards_U_r, encoder_backwards_U_z, encoder_backwards_U_n],
        axis=0,
        out=U_packed_2)

    # room for every step and for one; the workspace's is written again by the next call
    encoder_backwards_h_states = workspace.result("forward.encoder_backwards_h_states", (S + 1, m, n_h), dtype)
    encoder_backwards_h_states[-1] = 0
    encoder_backwards_h_to_end_steps = workspace.array("forward.encoder_backwards_h_to_end_steps", (S, m, n_h), dtype)
    encoder_backwards_r_steps, encoder_backwards_z_steps = (
        workspace.result("forward.encoder_backwards_r_steps", (2, S, m, n_h), dtype)
    )
    encoder_backwards_n_add_steps, encoder_backwards_n_steps = (
        workspace.result("forward.encoder_backwards_n_add_steps", (2, S, m, n_h), dtype)
    )
    work_5 = workspace.array("forward.work_5", (m, 3 * n_h), dtype)
    work_6 = workspace.array("forward.work_6", (m, 2 * n_h), dtype)
    work_7, work_8 = workspace.array("forward.work_7", (2, m, n_h), dtype)
    for t in reversed(range(S)):
        encoder_backwards_goes_on = goes_on_steps[t]
        add_2_2_2 = encoder_backwards_x_W[t]
        encoder_backwards_h_prev = encoder_backwards_h_states[t + 1]

        np.matmul(encoder_backwards_h_prev, U_packed_2.T, out=work_5)
        np.add(add_2_2_2[:, :2 * n_h], work_5[:, :2 * n_h], out=work_6)

        # encoder.backwards: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        encoder_backwards_r = sigmoid_into(work_6[:, :n_h], encoder_backwards_r_steps[t])

        # encoder.backwards: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        encoder_backwards_z = sigmoid_into(work_6[:, n_h:], encoder_backwards_z_steps[t])

        # encoder.backwards: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        encoder_backwards_n_add = np.add(work_5[:, 2 * n_h:], encoder_backwards_b_hn.T,
            out=encoder_backwards_n_add_steps[t])
        np.multiply(encoder_backwards_r, encoder_backwards_n_add, out=work_7)
        np.add(add_2_2_2[:, 2 * n_h:], work_7, out=work_7)
        encoder_backwards_n = np.tanh(work_7, out=encoder_backwards_n_steps[t])

        # encoder.backwards: h = (1 - z) * n + z * h_prev
        np.subtract(1, encoder_backwards_z, out=work_7)
        np.multiply(work_7, encoder_backwards_n, out=work_7)
        np.multiply(encoder_backwards_z, encoder_backwards_h_prev, out=work_8)
        encoder_backwards_h = np.add(work_7, work_8, out=work_7)

        # encoder: back = scan(backwards, x=x, lengths=lengths, reverse=True)
        encoder_backwards_h_to_end = np.where(encoder_backwards_goes_on[:, None], encoder_backwards_h, 0)
        encoder_backwards_goes_on_wide = encoder_backwards_goes_on[:, None]
        encoder_backwards_h_held = (
            np.where(encoder_backwards_goes_on_wide, encoder_backwards_h, encoder_backwards_h_prev)
        )

        # of this step: what is kept, and what the next one starts from
        encoder_backwards_h_to_end_steps[t] = encoder_backwards_h_to_end
        encoder_backwards_h_states[t] = encoder_backwards_h_held

    encoder_backwards_h_to_end_steps_T = np.swapaxes(encoder_backwards_h_to_end_steps, -1, -2)
    encoder_forwards_h_to_end_steps_T = np.swapaxes(encoder_forwards_h_to_end_steps, -1, -2)

    # encoder: y = concat(there.h, back.h, axis=1)
    encoder_y = workspace.result("forward.encoder_y", (S, 2 * n_h, m), dtype)
    np.concatenate([encoder_forwards_h_to_end_steps_T, encoder_backwards_h_to_end_steps_T],
        axis=1,
        out=encoder_y)
    encoder_forwards_h_held_final_T = encoder_forwards_h_states[-1].copy().T
    encoder_backwards_h_held_final_T = encoder_backwards_h_states[0].copy().T

    # encoder: last = concat(there.final.h, back.final.h)
    encoder_last = workspace.result("forward.encoder_last", (2 * n_h, m), dtype)
    np.concatenate([encoder_forwards_h_held_final_T, encoder_backwards_h_held_final_T],
        axis=0,
        out=encoder_last)

    # 2. h_0 = tanh(W_h @ read.last + b_h)
    h_0 = workspace.result("forward.h_0", (n_h, m), dtype)
    np.tanh(W_h @ encoder_last + b_h, out=h_0)

    # 3. x = swapaxes(E_t[before], -1, -2)
    x = np.transpose(np.take(E_t, before, axis=0), (0, 2, 1))

    # 4. keys = U_k @ read.y
    keys = workspace.array("forward.keys", (S, n_k, m), dtype)
    np.matmul(U_k, encoder_y, out=keys)

    # for every step at once: does not read the state
    decoder_unit_W_r_1 = decoder_unit_W_r[:, :n_e]
    decoder_unit_W_z_1 = decoder_unit_W_z[:, :n_e]
    decoder_unit_W_n_1 = decoder_unit_W_n[:, :n_e]
    W_packed_3 = workspace.result("forward.W_packed_3", (3 * n_h, n_e), dtype)
    np.concatenate([decoder_unit_W_r_1, decoder_unit_W_z_1, decoder_unit_W_n_1], axis=0,
        out=W_packed_3)
    matmul_3_steps = workspace.array("forward.matmul_3_steps", (T, 3 * n_h, m), dtype)
    np.matmul(W_packed_3, x, out=matmul_3_steps)

    # once for all steps: the same at each
    W_s_packed = workspace.result("forward.W_s_packed", (3 * n_h + n_k, n_h), dtype)
    np.concatenate([decoder_W_s, decoder_unit_U_r, decoder_unit_U_z, decoder_unit_U_n],
        axis=0,
        out=W_s_packed)
    less_2 = np.arange(S)[:, None] < source_lengths
    decoder_unit_W_r_2 = decoder_unit_W_r[:, n_e:]
    decoder_unit_W_z_2 = decoder_unit_W_z[:, n_e:]
    decoder_unit_W_n_2 = decoder_unit_W_n[:, n_e:]
    W_packed_4 = workspace.result("forward.W_packed_4", (3 * n_h, 2 * n_h), dtype)
    np.concatenate([decoder_unit_W_r_2, decoder_unit_W_z_2, decoder_unit_W_n_2], axis=0,
        out=W_packed_4)
    b_packed = np.concatenate([decoder_unit_b_r, decoder_unit_b_z], axis=0)

    # room for every step and for one; the workspace's is written again by the next call
    decoder_h_states = workspace.result("forward.decoder_h_states", (T + 1, n_h, m), dtype)
    decoder_h_states[0] = h_0
    decoder_context_steps = workspace.result("forward.decoder_context_steps", (T, 2 * n_h, m), dtype)
    weights = workspace.result("forward.weights", (T, S, m), dtype)
    decoder_scores_tanh_steps = workspace.result("forward.decoder_scores_tanh_steps", (T, S, n_k, m), dtype)
    decoder_unit_r_steps, decoder_unit_z_steps = (
        workspace.result("forward.decoder_unit_r_steps", (2, T, n_h, m), dtype)
    )
    decoder_unit_n_add_steps, decoder_unit_n_steps = (
        workspace.result("forward.decoder_unit_n_add_steps", (2, T, n_h, m), dtype)
    )
    work_9 = workspace.array("forward.work_9", (3 * n_h + n_k, m), dtype)
    work_10 = workspace.array("forward.work_10", (S, n_k, m), dtype)
    work_11 = workspace.array("forward.work_11", (S, 2 * n_h, m), dtype)
    work_12 = workspace.array("forward.work_12", (3 * n_h, m), dtype)
    work_13 = workspace.array("forward.work_13", (2 * n_h, m), dtype)
    work_14, work_15 = workspace.array("forward.work_14", (2, n_h, m), dtype)
    for t in range(T):
        matmul_3_2 = matmul_3_steps[t]
        decoder_h_prev = decoder_h_states[t]

        np.matmul(W_s_packed, decoder_h_prev, out=work_9)

        # decoder: scores = sum(v * tanh(W_s @ h_prev + keys), axis=1)
        np.add(work_9[:n_k], keys, out=work_10)
        decoder_scores_tanh = np.tanh(work_10, out=decoder_scores_tanh_steps[t])
        np.multiply(decoder_v, decoder_scores_tanh, out=work_10)
        decoder_scores = np.sum(work_10, axis=1)

        # decoder: weights = softmax(where(is_word, scores, -1e9), axis=0)
        decoder_weights = softmax(np.where(less_2, decoder_scores, -1000000000), axis=0)

        # decoder: context = sum(weights[:, None, :] * memory, axis=0)
        np.multiply(decoder_weights[:, None], encoder_y, out=work_11)
        decoder_context = np.sum(work_11, axis=0)
        np.matmul(W_packed_4, decoder_context, out=work_12)
        np.add(matmul_3_2, work_12, out=work_12)
        np.add(work_12[:2 * n_h], work_9[n_k:2 * n_h + n_k], out=work_13)
        np.add(b_packed, work_13, out=work_13)

        # decoder.unit: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        decoder_unit_r = sigmoid_into(work_13[:n_h], decoder_unit_r_steps[t])

        # decoder.unit: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        decoder_unit_z = sigmoid_into(work_13[n_h:], decoder_unit_z_steps[t])

        # decoder.unit: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        decoder_unit_n_add = np.add(work_9[2 * n_h + n_k:], decoder_unit_b_hn, out=decoder_unit_n_add_steps[t])
        np.multiply(decoder_unit_r, decoder_unit_n_add, out=work_14)
        np.add(work_12[2 * n_h:], work_14, out=work_14)
        np.add(decoder_unit_b_n, work_14, out=work_14)
        decoder_unit_n = np.tanh(work_14, out=decoder_unit_n_steps[t])

        # decoder.unit: h = (1 - z) * n + z * h_prev
        np.subtract(1, decoder_unit_z, out=work_14)
        np.multiply(work_14, decoder_unit_n, out=work_14)
        np.multiply(decoder_unit_z, decoder_h_prev, out=work_15)
        np.add(work_14, work_15, out=decoder_h_states[t + 1])  # decoder_unit_h

        # of this step: what is kept, and what the next one starts from
        decoder_context_steps[t] = decoder_context
        weights[t] = decoder_weights

    # 6. logits = swapaxes(concat(x, steps.h, steps.context, axis=1), -1, -2) @ W_y.T + b_y
    logits_concat = workspace.result("forward.logits_concat", (T, n_e + 3 * n_h, m), dtype)
    np.concatenate([x, decoder_h_states[1:], decoder_context_steps], axis=1,
        out=logits_concat)
    logits_concat_T = np.transpose(logits_concat, (0, 2, 1))
    logits_matmul = workspace.array("forward.logits_matmul", (T, m, n_y), dtype)
    np.matmul(logits_concat_T, W_y.T, out=logits_matmul)
    logits = workspace.result("forward.logits", (T, m, n_y), dtype)
    np.add(logits_matmul, b_y, out=logits)

    # 7. log_p = sum(one_hot(target, n_y) * log_softmax(logits), axis=-1)
    log_p_where = np.where(target[:, :, None] == np.arange(n_y), 1, 0).astype(dtype)
    log_p_log_softmax = log_softmax(logits, axis=2)
    log_p_multiply = workspace.array("forward.log_p_multiply", (T, m, n_y), dtype)
    np.multiply(log_p_where, log_p_log_softmax, out=log_p_multiply)
    log_p = np.sum(log_p_multiply, axis=2)

    # 8. counts = where(arange(T)[:, None] < target_lengths, log_p, 0)
    counts_less = np.arange(T)[:, None] < target_lengths
    counts = np.where(counts_less, log_p, 0)

    # 9. loss = -sum(counts) / maximum(sum(target_lengths), 1)
    loss_maximum = np.maximum(np.sum(target_lengths.astype(dtype)), 1)
    loss = -np.sum(counts) / loss_maximum

    return (
        Outputs(loss=loss, logits=logits, weights=weights),
        Residuals(
            source=source, before=before, goes_on_steps=goes_on_steps, read_take_rows=read_take_rows,
            W_packed=W_packed, U_packed=U_packed, W_packed_2=W_packed_2, U_packed_2=U_packed_2,
            encoder_y=encoder_y, encoder_last=encoder_last, h_0=h_0, x=x, W_packed_3=W_packed_3,
            W_s_packed=W_s_packed, less_2=less_2, W_packed_4=W_packed_4,
            decoder_context_steps=decoder_context_steps, weights=weights,
            logits_concat_T=logits_concat_T, log_p_where=log_p_where,
            log_p_log_softmax=log_p_log_softmax, counts_less=counts_less, loss_maximum=loss_maximum,
            decoder_h_prev_steps=decoder_h_states[:-1],
            decoder_scores_tanh_steps=decoder_scores_tanh_steps,
            decoder_unit_r_steps=decoder_unit_r_steps, decoder_unit_z_steps=decoder_unit_z_steps,
            decoder_unit_n_add_steps=decoder_unit_n_add_steps, decoder_unit_n_steps=decoder_unit_n_steps,
            encoder_backwards_h_prev_steps=encoder_backwards_h_states[1:],
            encoder_backwards_r_steps=encoder_backwards_r_steps,
            encoder_backwards_z_steps=encoder_backwards_z_steps,
            encoder_backwards_n_add_steps=encoder_backwards_n_add_steps,
            encoder_backwards_n_steps=encoder_backwards_n_steps,
            encoder_forwards_h_prev_steps=encoder_forwards_h_states[:-1],
            encoder_forwards_r_steps=encoder_forwards_r_steps,
            encoder_forwards_z_steps=encoder_forwards_z_steps,
            encoder_forwards_n_add_steps=encoder_forwards_n_add_steps,
            encoder_forwards_n_steps=encoder_forwards_n_steps,
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
    d_outputs = Outputs(None, None, None) if d_outputs is None else d_outputs
    dtype = _BACKWARD.check(parameters, residuals, d_outputs)
    (
        source, before, goes_on_steps, read_take_rows, W_packed, U_packed, W_packed_2, U_packed_2, encoder_y,
        encoder_last, h_0, x, W_packed_3, W_s_packed, less_2, W_packed_4, decoder_context_steps, weights,
        logits_concat_T, log_p_where, log_p_log_softmax, counts_less, loss_maximum, decoder_h_prev_steps,
        decoder_scores_tanh_steps, decoder_unit_r_steps, decoder_unit_z_steps, decoder_unit_n_add_steps,
        decoder_unit_n_steps, encoder_backwards_h_prev_steps, encoder_backwards_r_steps,
        encoder_backwards_z_steps, encoder_backwards_n_add_steps, encoder_backwards_n_steps,
        encoder_forwards_h_prev_steps, encoder_forwards_r_steps, encoder_forwards_z_steps,
        encoder_forwards_n_add_steps, encoder_forwards_n_steps,
    ) = residuals
    W_h, U_k, W_y = parameters.W_h, parameters.U_k, parameters.W_y
    decoder_v = parameters.decoder.v
    S, m = source.shape                       # words in the longest source sentence, batch
    T = before.shape[0]                       # words in the longest target sentence
    n_e = read_take_rows.shape[1]             # embedding
    n_h = U_packed.shape[1]                   # hidden units
    n_y = log_p_where.shape[2]                # target words predicted
    n_k = decoder_scores_tanh_steps.shape[2]  # units of the score
    n_s = parameters.E_s.shape[0]             # source words read
    n_t = parameters.E_t.shape[0]             # target words read
    workspace = Workspace() if workspace is None else workspace

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
    dlog_p_log_softmax = workspace.array("backward.dlog_p_log_softmax", (T, m, n_y), dtype)
    np.multiply(dlog_p[:, :, None], log_p_where, out=dlog_p_log_softmax)  # hadamard
    dlog_p_exp = workspace.array("backward.dlog_p_exp", (T, m, n_y), dtype)
    np.exp(log_p_log_softmax, out=dlog_p_exp)
    np.multiply(dlog_p_exp, np.sum(dlog_p_log_softmax, axis=2, keepdims=True),
        out=dlog_p_exp)
    np.subtract(dlog_p_log_softmax, dlog_p_exp, out=dlog_p_exp)  # log_softmax

    # 6. logits = swapaxes(concat(x, steps.h, steps.context, axis=1), -1, -2) @ W_y.T + b_y
    np.add(dlogits_output, dlog_p_exp, out=dlog_p_exp)        # split: the sum over its uses
    db_y = np.sum(dlog_p_exp, axis=(0, 1))                    # addition, summed where it was broadcast
    dlogits_concat_T = workspace.array("backward.dlogits_concat_T", (T, m, n_e + 3 * n_h), dtype)
    np.matmul(dlog_p_exp, W_y, out=dlogits_concat_T)          # matrix product
    logits_concat_T_rows = np.reshape(logits_concat_T, (T * m, n_e + 3 * n_h))
    dW_y = workspace.result("backward.dW_y", (n_y, n_e + 3 * n_h), dtype)
    np.matmul(np.reshape(dlog_p_exp, (T * m, n_y)).T, logits_concat_T_rows, out=dW_y)  # transpose
    dlogits_concat = np.transpose(dlogits_concat_T, (0, 2, 1))  # transpose
    dx_logits = dlogits_concat[:, :n_e]                       # concat
    ddecoder_unit_h_steps = dlogits_concat[:, n_e:n_e + n_h]  # concat
    ddecoder_context_steps = dlogits_concat[:, n_e + n_h:]    # concat

    # room for every step and for one; the workspace's is written again by the next call
    ddecoder_h_state = np.zeros((n_h, m), dtype)
    ddecoder_memory = np.zeros((S, 2 * n_h, m), dtype)
    ddecoder_keys = np.zeros((S, n_k, m), dtype)
    ddecoder_v = np.zeros((n_k, 1), dtype)
    ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums_steps = (
        workspace.array("backward.ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums_steps", (T, 3 * n_h, m), dtype)
    )
    ddecoder_h_prev_W_s_steps = workspace.array("backward.ddecoder_h_prev_W_s_steps", (T, 3 * n_h + n_k, m), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward.work", (5, n_h, m), dtype)
    work_6 = workspace.array("backward.work_6", (2 * n_h, m), dtype)
    work_7 = workspace.array("backward.work_7", (S, 2 * n_h, m), dtype)
    work_8, work_9 = workspace.array("backward.work_8", (2, S, m), dtype)
    work_10, work_11 = workspace.array("backward.work_10", (2, S, n_k, m), dtype)
    for t in reversed(range(T)):
        ddecoder_h_output = ddecoder_unit_h_steps[t]
        ddecoder_context_output = ddecoder_context_steps[t]
        ddecoder_weights_output = dweights_steps[t]
        decoder_h_prev = decoder_h_prev_steps[t]
        decoder_scores_tanh = decoder_scores_tanh_steps[t]
        decoder_weights = weights[t]
        decoder_unit_r = decoder_unit_r_steps[t]
        decoder_unit_z = decoder_unit_z_steps[t]
        decoder_unit_n_add = decoder_unit_n_add_steps[t]
        decoder_unit_n = decoder_unit_n_steps[t]

        # decoder.unit: h = (1 - z) * n + z * h_prev
        # split: the sum over its uses
        ddecoder_unit_h = np.add(ddecoder_h_state, ddecoder_h_output, out=ddecoder_h_state)
        ddecoder_unit_z_decoder_unit_h = np.multiply(ddecoder_unit_h, decoder_h_prev, out=work)  # hadamard
        ddecoder_h_prev_decoder_unit_h = np.multiply(ddecoder_unit_h, decoder_unit_z, out=work_2)  # hadamard
        ddecoder_unit_h_subtract = np.multiply(ddecoder_unit_h, decoder_unit_n, out=work_3)  # hadamard
        np.subtract(1, decoder_unit_z, out=work_4)
        ddecoder_unit_n = np.multiply(ddecoder_unit_h, work_4, out=ddecoder_h_state)  # hadamard

        # decoder.unit: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        np.multiply(decoder_unit_n, decoder_unit_n, out=work_5)
        np.subtract(1, work_5, out=work_5)
        ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums = (
            ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums_steps[t]
        )
        # tanh
        ddecoder_unit_n_add_2 = np.multiply(ddecoder_unit_n, work_5,
            out=ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums[2 * n_h:])
        ddecoder_unit_r = np.multiply(ddecoder_unit_n_add_2, decoder_unit_n_add, out=work_5)  # hadamard
        ddecoder_h_prev_W_s = ddecoder_h_prev_W_s_steps[t]
        # ddecoder_unit_n_add: hadamard
        np.multiply(ddecoder_unit_n_add_2, decoder_unit_r,
            out=ddecoder_h_prev_W_s[2 * n_h + n_k:])

        # decoder.unit: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        # split: the sum over its uses
        ddecoder_unit_z = np.subtract(ddecoder_unit_z_decoder_unit_h, ddecoder_unit_h_subtract, out=work)
        np.multiply(decoder_unit_z, work_4, out=work_4)
        # ddecoder_unit_z_slice: sigmoid
        np.multiply(ddecoder_unit_z, work_4,
            out=ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums[n_h:2 * n_h])

        # decoder.unit: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        np.subtract(1, decoder_unit_r, out=work)
        np.multiply(decoder_unit_r, work, out=work)
        # ddecoder_unit_r_slice: sigmoid
        np.multiply(ddecoder_unit_r, work,
            out=ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums[:n_h])
        # matrix product
        ddecoder_context = np.matmul(W_packed_4.T, ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums,
            out=work_6)

        # decoder: context = sum(weights[:, None, :] * memory, axis=0)
        # split: the sum over its uses
        ddecoder_context_2 = np.add(ddecoder_context_output, ddecoder_context, out=work_6)
        ddecoder_context_multiply = np.broadcast_to(ddecoder_context_2[None], (S, 2 * n_h, m))  # sum
        np.multiply(ddecoder_context_2, encoder_y, out=work_7)
        # hadamard, summed where it was broadcast
        ddecoder_weights_wide = np.sum(work_7, axis=1, keepdims=True)
        np.multiply(ddecoder_context_multiply, decoder_weights[:, None], out=work_7)
        ddecoder_memory += work_7  # hadamard
        ddecoder_weights_decoder_context = ddecoder_weights_wide[:, 0]  # expand_dims

        # decoder: weights = softmax(where(is_word, scores, -1e9), axis=0)
        # split: the sum over its uses
        ddecoder_weights = np.add(ddecoder_weights_output, ddecoder_weights_decoder_context, out=work_8)
        np.multiply(ddecoder_weights, decoder_weights, out=work_9)
        np.subtract(ddecoder_weights, np.sum(work_9, axis=0, keepdims=True), out=work_8)
        ddecoder_weights_where = np.multiply(decoder_weights, work_8, out=work_8)  # softmax
        ddecoder_scores = np.where(less_2, ddecoder_weights_where, 0)  # where

        # decoder: scores = sum(v * tanh(W_s @ h_prev + keys), axis=1)
        ddecoder_scores_multiply = np.broadcast_to(ddecoder_scores[:, None], (S, n_k, m))  # sum
        np.multiply(ddecoder_scores[:, None], decoder_scores_tanh, out=work_10)
        ddecoder_v += np.sum(work_10, axis=(0, 2))[:, None]  # hadamard, summed where it was broadcast
        ddecoder_scores_tanh = np.multiply(ddecoder_scores_multiply, decoder_v, out=work_10)  # hadamard
        np.multiply(decoder_scores_tanh, decoder_scores_tanh, out=work_11)
        np.subtract(1, work_11, out=work_11)
        np.multiply(ddecoder_scores_tanh, work_11, out=work_10)
        ddecoder_keys += work_10                             # tanh
        ddecoder_scores_slice = np.sum(work_10, axis=0)      # addition, summed where it was broadcast
        ddecoder_h_prev_W_s[:n_k] = ddecoder_scores_slice    # split: side by side
        # split: side by side
        ddecoder_h_prev_W_s[n_k:2 * n_h + n_k] = ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums[:2 * n_h]
        ddecoder_h_prev = np.matmul(W_s_packed.T, ddecoder_h_prev_W_s, out=work)  # matrix product
        # ddecoder_h_prev_2: split: the sum over its uses
        np.add(ddecoder_h_prev_decoder_unit_h, ddecoder_h_prev, out=ddecoder_h_state)

    # for every step at once: no later step reads it
    # tanh
    ddecoder_unit_n_add_2_steps = ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums_steps[:, 2 * n_h:]
    # addition, summed where it was broadcast
    ddecoder_unit_b_n = np.sum(ddecoder_unit_n_add_2_steps, axis=(0, 2))[:, None]
    ddecoder_unit_n_add_steps = ddecoder_h_prev_W_s_steps[:, 2 * n_h + n_k:]  # hadamard
    # addition, summed where it was broadcast
    ddecoder_unit_b_hn = np.sum(ddecoder_unit_n_add_steps, axis=(0, 2))[:, None]
    concat_steps_T = np.reshape(np.swapaxes(ddecoder_h_prev_W_s_steps, -1, -2), (T * m, 3 * n_h + n_k)).T
    dW_s_packed = workspace.result("backward.dW_s_packed", (3 * n_h + n_k, n_h), dtype)
    # matrix product
    np.matmul(concat_steps_T,
        np.reshape(np.swapaxes(decoder_h_prev_steps, -1, -2), (T * m, n_h)),
        out=dW_s_packed)
    concat_2_steps_T = np.swapaxes(ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums_steps, -1, -2)
    concat_2_steps_T_rows = np.reshape(concat_2_steps_T, (T * m, 3 * n_h))
    decoder_context_steps_rows = np.reshape(np.swapaxes(decoder_context_steps, -1, -2), (T * m, 2 * n_h))
    dW_packed_4 = concat_2_steps_T_rows.T @ decoder_context_steps_rows  # matrix product
    dsums_steps = ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums_steps[:, :2 * n_h]  # split: side by side
    db_packed = np.sum(dsums_steps, axis=(0, 2))[:, None]     # addition, summed where it was broadcast
    ddecoder_unit_b_r = db_packed[:n_h]                       # concat
    ddecoder_unit_b_z = db_packed[n_h:]                       # concat
    ddecoder_unit_W_r_2 = dW_packed_4[:n_h]                   # concat
    ddecoder_unit_W_z_2 = dW_packed_4[n_h:2 * n_h]            # concat
    ddecoder_unit_W_n_2 = dW_packed_4[2 * n_h:]               # concat
    ddecoder_W_s = dW_s_packed[:n_k]                          # concat
    ddecoder_unit_U_r = dW_s_packed[n_k:n_h + n_k]            # concat
    ddecoder_unit_U_z = dW_s_packed[n_h + n_k:2 * n_h + n_k]  # concat
    ddecoder_unit_U_n = dW_s_packed[2 * n_h + n_k:]           # concat
    # matrix product, summed where it was broadcast
    dW_packed_3 = concat_2_steps_T_rows.T @ np.reshape(np.swapaxes(x, -1, -2), (T * m, n_e))
    dx = workspace.array("backward.dx", (T, n_e, m), dtype)
    # matrix product
    np.matmul(W_packed_3.T, ddecoder_unit_r_decoder_unit_z_decoder_unit_n_sums_steps,
        out=dx)
    ddecoder_unit_W_r_1 = dW_packed_3[:n_h]                   # concat
    ddecoder_unit_W_z_1 = dW_packed_3[n_h:2 * n_h]            # concat
    ddecoder_unit_W_n_1 = dW_packed_3[2 * n_h:]               # concat
    add_final_T = np.reshape(np.swapaxes(ddecoder_keys, -1, -2), (S * m, n_k)).T

    # 4. keys = U_k @ read.y
    dU_k = workspace.result("backward.dU_k", (n_k, 2 * n_h), dtype)
    # matrix product, summed where it was broadcast
    np.matmul(add_final_T, np.reshape(np.swapaxes(encoder_y, -1, -2), (S * m, 2 * n_h)),
        out=dU_k)
    dencoder_y_keys = workspace.array("backward.dencoder_y_keys", (S, 2 * n_h, m), dtype)
    np.matmul(U_k.T, ddecoder_keys, out=dencoder_y_keys)  # matrix product

    # 3. x = swapaxes(E_t[before], -1, -2)
    np.add(dx_logits, dx, out=dx)                  # split: the sum over its uses
    dx_take = np.transpose(dx, (0, 2, 1))          # transpose
    dE_t = add_at(dx_take, before, axis=0, n=n_t)  # take

    # 2. h_0 = tanh(W_h @ read.last + b_h)
    dh_0_add = ddecoder_h_state * (1 - h_0 * h_0)   # tanh
    db_h = np.sum(dh_0_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dW_h = workspace.result("backward.dW_h", (n_h, 2 * n_h), dtype)
    np.matmul(dh_0_add, encoder_last.T, out=dW_h)   # matrix product
    dencoder_last = W_h.T @ dh_0_add                # matrix product

    # encoder: last = concat(there.final.h, back.final.h)
    dencoder_forwards_h_held_final_T = dencoder_last[:n_h]   # concat
    dencoder_backwards_h_held_final_T = dencoder_last[n_h:]  # concat

    # encoder: y = concat(there.h, back.h, axis=1)
    np.add(ddecoder_memory, dencoder_y_keys, out=dencoder_y_keys)  # split: the sum over its uses
    dencoder_forwards_h_to_end_steps_T = dencoder_y_keys[:, :n_h]  # concat
    dencoder_backwards_h_to_end_steps_T = dencoder_y_keys[:, n_h:]  # concat
    dencoder_backwards_h_to_end_steps = (
        workspace.array("backward.dencoder_backwards_h_to_end_steps", (S, m, n_h), dtype)
    )
    # transpose
    dencoder_backwards_h_to_end_steps[...] = np.swapaxes(dencoder_backwards_h_to_end_steps_T, -1, -2)
    dencoder_backwards_h_held_final = dencoder_backwards_h_held_final_T.T  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dencoder_backwards_h_2 = np.array(dencoder_backwards_h_held_final, dtype, order="C")
    dadd_2_2_steps = workspace.array("backward.dadd_2_2_steps", (S, m, 3 * n_h), dtype)
    dencoder_backwards_h_prev_U_steps = (
        workspace.array("backward.dencoder_backwards_h_prev_U_steps", (S, m, 3 * n_h), dtype)
    )
    work_12, work_13, work_14, work_15 = workspace.array("backward.work_12", (4, m, n_h), dtype)
    work_16, work_17 = workspace.array("backward.work_16", (2, m, n_h), dtype)
    for t in range(S):
        dencoder_backwards_h = dencoder_backwards_h_to_end_steps[t]
        encoder_backwards_goes_on = goes_on_steps[t]
        encoder_backwards_h_prev = encoder_backwards_h_prev_steps[t]
        encoder_backwards_r = encoder_backwards_r_steps[t]
        encoder_backwards_z = encoder_backwards_z_steps[t]
        encoder_backwards_n_add = encoder_backwards_n_add_steps[t]
        encoder_backwards_n = encoder_backwards_n_steps[t]

        # encoder: back = scan(backwards, x=x, lengths=lengths, reverse=True)
        # where
        dencoder_backwards_h_encoder_back = np.where(encoder_backwards_goes_on[:, None], dencoder_backwards_h_2, 0)
        # where
        dencoder_backwards_h_prev_encoder_back = (
            np.where(encoder_backwards_goes_on[:, None], 0, dencoder_backwards_h_2)
        )
        # where
        dencoder_backwards_h_encoder_back_2 = np.where(encoder_backwards_goes_on[:, None], dencoder_backwards_h, 0)

        # encoder.backwards: h = (1 - z) * n + z * h_prev
        # split: the sum over its uses
        dencoder_backwards_h_3 = np.add(dencoder_backwards_h_encoder_back, dencoder_backwards_h_encoder_back_2,
            out=work_12)
        # hadamard
        dencoder_backwards_z_encoder_backwards_h = (
            np.multiply(dencoder_backwards_h_3, encoder_backwards_h_prev, out=work_13)
        )
        # hadamard
        dencoder_backwards_h_prev_encoder_backwards_h = (
            np.multiply(dencoder_backwards_h_3, encoder_backwards_z, out=work_14)
        )
        # hadamard
        dencoder_backwards_h_subtract = np.multiply(dencoder_backwards_h_3, encoder_backwards_n, out=work_15)
        np.subtract(1, encoder_backwards_z, out=work_16)
        dencoder_backwards_n = np.multiply(dencoder_backwards_h_3, work_16, out=work_12)  # hadamard

        # encoder.backwards: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        np.multiply(encoder_backwards_n, encoder_backwards_n, out=work_17)
        np.subtract(1, work_17, out=work_17)
        dadd_2_2 = dadd_2_2_steps[t]
        # tanh
        dencoder_backwards_n_add_2 = np.multiply(dencoder_backwards_n, work_17, out=dadd_2_2[:, 2 * n_h:])
        # hadamard
        dencoder_backwards_r = np.multiply(dencoder_backwards_n_add_2, encoder_backwards_n_add, out=work_12)
        dencoder_backwards_h_prev_U = dencoder_backwards_h_prev_U_steps[t]
        # dencoder_backwards_n_add: hadamard
        np.multiply(dencoder_backwards_n_add_2, encoder_backwards_r,
            out=dencoder_backwards_h_prev_U[:, 2 * n_h:])

        # encoder.backwards: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        # split: the sum over its uses
        dencoder_backwards_z = np.subtract(dencoder_backwards_z_encoder_backwards_h, dencoder_backwards_h_subtract,
            out=work_13)
        np.multiply(encoder_backwards_z, work_16, out=work_16)
        # dencoder_backwards_z_slice: sigmoid
        np.multiply(dencoder_backwards_z, work_16,
            out=dencoder_backwards_h_prev_U[:, n_h:2 * n_h])

        # encoder.backwards: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        np.subtract(1, encoder_backwards_r, out=work_13)
        np.multiply(encoder_backwards_r, work_13, out=work_13)
        # dencoder_backwards_r_slice: sigmoid
        np.multiply(dencoder_backwards_r, work_13, out=dencoder_backwards_h_prev_U[:, :n_h])
        # matrix product
        dencoder_backwards_h_prev = np.matmul(dencoder_backwards_h_prev_U, U_packed_2, out=work_12)
        np.add(dencoder_backwards_h_prev_encoder_back,
            dencoder_backwards_h_prev_encoder_backwards_h,
            out=work_14)
        # dencoder_backwards_h_prev_2: split: the sum over its uses
        np.add(work_14, dencoder_backwards_h_prev, out=dencoder_backwards_h_2)
        dadd_2_2[:, :2 * n_h] = dencoder_backwards_h_prev_U[:, :2 * n_h]  # split: side by side

    # for every step at once: no later step reads it
    dencoder_backwards_n_add_steps = dencoder_backwards_h_prev_U_steps[:, :, 2 * n_h:]  # hadamard
    # addition, summed where it was broadcast
    db_hn_T = np.sum(dencoder_backwards_n_add_steps, axis=(0, 1))[None]
    dencoder_backwards_b_hn = db_hn_T.T                     # transpose
    concat_3_steps_T = np.reshape(dencoder_backwards_h_prev_U_steps, (S * m, 3 * n_h)).T
    dU_packed_2 = workspace.result("backward.dU_packed_2", (3 * n_h, n_h), dtype)
    # transpose
    np.matmul(concat_3_steps_T, np.reshape(encoder_backwards_h_prev_steps, (S * m, n_h)),
        out=dU_packed_2)
    dencoder_backwards_U_r = dU_packed_2[:n_h]              # concat
    dencoder_backwards_U_z = dU_packed_2[n_h:2 * n_h]       # concat
    dencoder_backwards_U_n = dU_packed_2[2 * n_h:]          # concat
    db_packed_2_T = np.sum(dadd_2_2_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed_2 = db_packed_2_T.T                           # transpose
    dencoder_backwards_b_r = db_packed_2[:n_h]              # concat
    dencoder_backwards_b_z = db_packed_2[n_h:2 * n_h]       # concat
    dencoder_backwards_b_n = db_packed_2[2 * n_h:]          # concat
    dmatmul = np.reshape(dadd_2_2_steps, (S * m, 3 * n_h))  # reshape
    dread_take_rows = workspace.array("backward.dread_take_rows", (S * m, n_e), dtype)
    np.matmul(dmatmul, W_packed_2, out=dread_take_rows)     # matrix product
    dW_packed_2 = workspace.result("backward.dW_packed_2", (3 * n_h, n_e), dtype)
    np.matmul(dmatmul.T, read_take_rows, out=dW_packed_2)   # transpose
    dencoder_backwards_W_r = dW_packed_2[:n_h]              # concat
    dencoder_backwards_W_z = dW_packed_2[n_h:2 * n_h]       # concat
    dencoder_backwards_W_n = dW_packed_2[2 * n_h:]          # concat
    dencoder_forwards_h_to_end_steps = (
        workspace.array("backward.dencoder_forwards_h_to_end_steps", (S, m, n_h), dtype)
    )
    # transpose
    dencoder_forwards_h_to_end_steps[...] = np.swapaxes(dencoder_forwards_h_to_end_steps_T, -1, -2)
    dencoder_forwards_h_held_final = dencoder_forwards_h_held_final_T.T  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dencoder_forwards_h_2 = np.array(dencoder_forwards_h_held_final, dtype, order="C")
    dadd_2_2_steps_2 = workspace.array("backward.dadd_2_2_steps_2", (S, m, 3 * n_h), dtype)
    dencoder_forwards_h_prev_U_steps = (
        workspace.array("backward.dencoder_forwards_h_prev_U_steps", (S, m, 3 * n_h), dtype)
    )
    work_18, work_19, work_20, work_21 = workspace.array("backward.work_18", (4, m, n_h), dtype)
    work_22, work_23 = workspace.array("backward.work_22", (2, m, n_h), dtype)
    for t in reversed(range(S)):
        dencoder_forwards_h = dencoder_forwards_h_to_end_steps[t]
        encoder_forwards_goes_on = goes_on_steps[t]
        encoder_forwards_h_prev = encoder_forwards_h_prev_steps[t]
        encoder_forwards_r = encoder_forwards_r_steps[t]
        encoder_forwards_z = encoder_forwards_z_steps[t]
        encoder_forwards_n_add = encoder_forwards_n_add_steps[t]
        encoder_forwards_n = encoder_forwards_n_steps[t]

        # encoder: there = scan(forwards, x=x, lengths=lengths)
        # where
        dencoder_forwards_h_encoder_there = np.where(encoder_forwards_goes_on[:, None], dencoder_forwards_h_2, 0)
        # where
        dencoder_forwards_h_prev_encoder_there = np.where(encoder_forwards_goes_on[:, None], 0, dencoder_forwards_h_2)
        # where
        dencoder_forwards_h_encoder_there_2 = np.where(encoder_forwards_goes_on[:, None], dencoder_forwards_h, 0)

        # encoder.forwards: h = (1 - z) * n + z * h_prev
        # split: the sum over its uses
        dencoder_forwards_h_3 = np.add(dencoder_forwards_h_encoder_there, dencoder_forwards_h_encoder_there_2,
            out=work_18)
        # hadamard
        dencoder_forwards_z_encoder_forwards_h = (
            np.multiply(dencoder_forwards_h_3, encoder_forwards_h_prev, out=work_19)
        )
        # hadamard
        dencoder_forwards_h_prev_encoder_forwards_h = (
            np.multiply(dencoder_forwards_h_3, encoder_forwards_z, out=work_20)
        )
        # hadamard
        dencoder_forwards_h_subtract = np.multiply(dencoder_forwards_h_3, encoder_forwards_n, out=work_21)
        np.subtract(1, encoder_forwards_z, out=work_22)
        dencoder_forwards_n = np.multiply(dencoder_forwards_h_3, work_22, out=work_18)  # hadamard

        # encoder.forwards: n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        np.multiply(encoder_forwards_n, encoder_forwards_n, out=work_23)
        np.subtract(1, work_23, out=work_23)
        dadd_2_2_2 = dadd_2_2_steps_2[t]
        # tanh
        dencoder_forwards_n_add_2 = np.multiply(dencoder_forwards_n, work_23, out=dadd_2_2_2[:, 2 * n_h:])
        # hadamard
        dencoder_forwards_r = np.multiply(dencoder_forwards_n_add_2, encoder_forwards_n_add, out=work_18)
        dencoder_forwards_h_prev_U = dencoder_forwards_h_prev_U_steps[t]
        # dencoder_forwards_n_add: hadamard
        np.multiply(dencoder_forwards_n_add_2, encoder_forwards_r,
            out=dencoder_forwards_h_prev_U[:, 2 * n_h:])

        # encoder.forwards: z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        # split: the sum over its uses
        dencoder_forwards_z = np.subtract(dencoder_forwards_z_encoder_forwards_h, dencoder_forwards_h_subtract,
            out=work_19)
        np.multiply(encoder_forwards_z, work_22, out=work_22)
        # dencoder_forwards_z_slice: sigmoid
        np.multiply(dencoder_forwards_z, work_22,
            out=dencoder_forwards_h_prev_U[:, n_h:2 * n_h])

        # encoder.forwards: r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        np.subtract(1, encoder_forwards_r, out=work_19)
        np.multiply(encoder_forwards_r, work_19, out=work_19)
        # dencoder_forwards_r_slice: sigmoid
        np.multiply(dencoder_forwards_r, work_19, out=dencoder_forwards_h_prev_U[:, :n_h])
        # matrix product
        dencoder_forwards_h_prev = np.matmul(dencoder_forwards_h_prev_U, U_packed, out=work_18)
        np.add(dencoder_forwards_h_prev_encoder_there,
            dencoder_forwards_h_prev_encoder_forwards_h,
            out=work_20)
        # dencoder_forwards_h_prev_2: split: the sum over its uses
        np.add(work_20, dencoder_forwards_h_prev, out=dencoder_forwards_h_2)
        dadd_2_2_2[:, :2 * n_h] = dencoder_forwards_h_prev_U[:, :2 * n_h]  # split: side by side

    # for every step at once: no later step reads it
    dencoder_forwards_n_add_steps = dencoder_forwards_h_prev_U_steps[:, :, 2 * n_h:]  # hadamard
    # addition, summed where it was broadcast
    db_hn_T_2 = np.sum(dencoder_forwards_n_add_steps, axis=(0, 1))[None]
    dencoder_forwards_b_hn = db_hn_T_2.T                     # transpose
    concat_4_steps_T = np.reshape(dencoder_forwards_h_prev_U_steps, (S * m, 3 * n_h)).T
    dU_packed = workspace.result("backward.dU_packed", (3 * n_h, n_h), dtype)
    # transpose
    np.matmul(concat_4_steps_T, np.reshape(encoder_forwards_h_prev_steps, (S * m, n_h)),
        out=dU_packed)
    dencoder_forwards_U_r = dU_packed[:n_h]                  # concat
    dencoder_forwards_U_z = dU_packed[n_h:2 * n_h]           # concat
    dencoder_forwards_U_n = dU_packed[2 * n_h:]              # concat
    db_packed_3_T = np.sum(dadd_2_2_steps_2, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed_3 = db_packed_3_T.T                            # transpose
    dencoder_forwards_b_r = db_packed_3[:n_h]                # concat
    dencoder_forwards_b_z = db_packed_3[n_h:2 * n_h]         # concat
    dencoder_forwards_b_n = db_packed_3[2 * n_h:]            # concat
    dmatmul_2 = np.reshape(dadd_2_2_steps_2, (S * m, 3 * n_h))  # reshape
    dread_take_rows_2 = workspace.array("backward.dread_take_rows_2", (S * m, n_e), dtype)
    np.matmul(dmatmul_2, W_packed, out=dread_take_rows_2)    # matrix product
    dW_packed = workspace.result("backward.dW_packed", (3 * n_h, n_e), dtype)
    np.matmul(dmatmul_2.T, read_take_rows, out=dW_packed)    # transpose
    dencoder_forwards_W_r = dW_packed[:n_h]                  # concat
    dencoder_forwards_W_z = dW_packed[n_h:2 * n_h]           # concat
    dencoder_forwards_W_n = dW_packed[2 * n_h:]              # concat
    np.add(dread_take_rows, dread_take_rows_2, out=dread_take_rows)  # split: the sum over its uses
    dread_take_T = np.reshape(dread_take_rows, (S, m, n_e))  # reshape
    dread_take_T_2 = np.swapaxes(dread_take_T, -1, -2)       # transpose

    # 1. read = encoder(x=swapaxes(E_s[source], -1, -2), lengths=source_lengths)
    dread_take = np.transpose(dread_take_T_2, (0, 2, 1))  # transpose
    dE_s = add_at(dread_take, source, axis=0, n=n_s)      # take
    ddecoder_unit_W_n = workspace.result("backward.ddecoder_unit_W_n", (n_h, n_e + 2 * n_h), dtype)
    # split: side by side
    np.concatenate([ddecoder_unit_W_n_1, ddecoder_unit_W_n_2], axis=1,
        out=ddecoder_unit_W_n)
    ddecoder_unit_W_z = workspace.result("backward.ddecoder_unit_W_z", (n_h, n_e + 2 * n_h), dtype)
    # split: side by side
    np.concatenate([ddecoder_unit_W_z_1, ddecoder_unit_W_z_2], axis=1,
        out=ddecoder_unit_W_z)
    ddecoder_unit_W_r = workspace.result("backward.ddecoder_unit_W_r", (n_h, n_e + 2 * n_h), dtype)
    # split: side by side
    np.concatenate([ddecoder_unit_W_r_1, ddecoder_unit_W_r_2], axis=1,
        out=ddecoder_unit_W_r)

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
    _, residuals = _traced(
        "encoder_decoder_bahdanau.forward",
        forward,
        parameters,
        inputs,
        workspace=_WatchedWorkspace(),
    )
    if d_outputs is None:
        return
    d_outputs = Outputs(None, None, None) if d_outputs is None else d_outputs
    _traced(
        "encoder_decoder_bahdanau.backward",
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
