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

import sys
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
    W_packed: Annotated[np.ndarray, "[4*n_a, n_e]"]
    W_packed_2: Annotated[np.ndarray, "[4*n_a, n_a]"]
    W_packed_3: Annotated[np.ndarray, "[4*n_a, n_e]"]
    W_packed_4: Annotated[np.ndarray, "[4*n_a, n_a]"]
    largest_less: Annotated[np.ndarray, "bool[T, 1, m]"]
    largest_where: Annotated[np.ndarray, "[T, 2*n_a, m]"]
    largest: Annotated[np.ndarray, "[2*n_a, m]"]
    head_score: Annotated[np.ndarray, "[1, m]"]
    head_prediction: Annotated[np.ndarray, "[1, m]"]
    log_sigmoid_head_score: Annotated[np.ndarray, "[1, m]"]
    head_loss_log_sigmoid: Annotated[np.ndarray, "[1, m]"]
    back_c_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    back_gate_1_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    back_gate_2_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    back_gate_3_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    back_c_hat_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    tanh_back_c_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    there_c_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    there_gate_1_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    there_gate_2_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    there_gate_3_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    there_c_hat_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    tanh_there_c_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    there_a_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]
    back_a_prev_steps: Annotated[np.ndarray, "[T, m, n_a]"]


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


def forward(
    parameters: Parameters,
    inputs: Inputs,
    workspace: Workspace | None = None,
) -> tuple[Outputs, Residuals]:
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
    workspace = Workspace() if workspace is None else workspace

    # 1. vectors = sum(weight[:, :, None] * E[pieces], axis=1)
    vectors_take = np.take(E, pieces, axis=0)
    vectors = np.sum(weight[:, :, None] * vectors_take, axis=1)

    # 2. x = mask_in * swapaxes(vectors[words], -1, -2)
    x_take_T = np.transpose(np.take(vectors, words, axis=0), (0, 2, 1))
    x = workspace.array("forward.x", (T, n_e, m), dtype)
    np.multiply(mask_in, x_take_T, out=x)

    # 3. forwards = scan(there, x=x, lengths=lengths)
    goes_on_steps = before_end(lengths, T, 'lengths')

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(x, -1, -2), (T * m, n_e))
    W_packed = workspace.result("forward.W_packed", (4 * n_a, n_e), dtype)
    np.concatenate([there_W_g[:, n_a:], there_W_c[:, n_a:]], axis=0, out=W_packed)
    there_x_W = workspace.array("forward.there_x_W", (T, m, 4 * n_a), dtype)
    np.matmul(x_rows, W_packed.T, out=np.reshape(there_x_W, (T * m, 4 * n_a)))
    np.add(there_x_W, np.concatenate([there_b_g, there_b_c], axis=0).T, out=there_x_W)

    # once for all steps: the same at each
    W_packed_2 = workspace.result("forward.W_packed_2", (4 * n_a, n_a), dtype)
    np.concatenate([there_W_g[:, :n_a], there_W_c[:, :n_a]], axis=0, out=W_packed_2)

    # room for every step and for one; the workspace's is written again by the next call
    there_a_states = workspace.result("forward.there_a_states", (T + 1, m, n_a), dtype)
    there_a_states[0] = 0
    there_c_states = workspace.result("forward.there_c_states", (T + 1, m, n_a), dtype)
    there_c_states[0] = 0
    there_a_to_end_steps = workspace.array("forward.there_a_to_end_steps", (T, m, n_a), dtype)
    there_gate_1_steps, there_gate_2_steps, there_gate_3_steps = (
        workspace.result("forward.there_gate_1_steps", (3, T, m, n_a), dtype)
    )
    there_c_hat_steps, tanh_there_c_steps = workspace.result("forward.there_c_hat_steps", (2, T, m, n_a), dtype)
    work = workspace.array("forward.work", (m, 4 * n_a), dtype)
    work_2, work_3 = workspace.array("forward.work_2", (2, m, n_a), dtype)
    for t in range(T):
        there_goes_on = goes_on_steps[t]
        add_2 = there_x_W[t]
        there_a_prev = there_a_states[t]
        there_c_prev = there_c_states[t]

        np.matmul(there_a_prev, W_packed_2.T, out=work)
        np.add(add_2, work, out=work)

        # there: gate = sigmoid(W_g @ xc + b_g)
        there_gate_1 = sigmoid_into(work[:, :n_a], there_gate_1_steps[t])
        there_gate_2 = sigmoid_into(work[:, n_a:2 * n_a], there_gate_2_steps[t])
        there_gate_3 = sigmoid_into(work[:, 2 * n_a:3 * n_a], there_gate_3_steps[t])

        # there: c_hat = tanh(W_c @ xc + b_c)
        there_c_hat = np.tanh(work[:, 3 * n_a:], out=there_c_hat_steps[t])

        # there: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        np.multiply(there_gate_1, there_c_hat, out=work_2)
        np.multiply(there_gate_2, there_c_prev, out=work_3)
        there_c = np.add(work_2, work_3, out=work_2)

        # there: a = gate[2*n_a:] * tanh(c)
        tanh_there_c = np.tanh(there_c, out=tanh_there_c_steps[t])
        there_a = np.multiply(there_gate_3, tanh_there_c, out=work_3)

        # 3. forwards = scan(there, x=x, lengths=lengths)
        there_a_to_end = np.where(there_goes_on[:, None], there_a, 0)
        there_a_held = np.where(there_goes_on[:, None], there_a, there_a_prev)
        there_c_held = np.where(there_goes_on[:, None], there_c, there_c_prev)

        # of this step: what is kept, and what the next one starts from
        there_a_to_end_steps[t] = there_a_to_end
        there_a_states[t + 1] = there_a_held
        there_c_states[t + 1] = there_c_held

    # for every step at once: does not read the state
    W_packed_3 = workspace.result("forward.W_packed_3", (4 * n_a, n_e), dtype)
    np.concatenate([back_W_g[:, n_a:], back_W_c[:, n_a:]], axis=0, out=W_packed_3)
    back_x_W = workspace.array("forward.back_x_W", (T, m, 4 * n_a), dtype)
    np.matmul(x_rows, W_packed_3.T, out=np.reshape(back_x_W, (T * m, 4 * n_a)))
    np.add(back_x_W, np.concatenate([back_b_g, back_b_c], axis=0).T, out=back_x_W)

    # once for all steps: the same at each
    W_packed_4 = workspace.result("forward.W_packed_4", (4 * n_a, n_a), dtype)
    np.concatenate([back_W_g[:, :n_a], back_W_c[:, :n_a]], axis=0, out=W_packed_4)

    # room for every step and for one; the workspace's is written again by the next call
    back_a_states = workspace.result("forward.back_a_states", (T + 1, m, n_a), dtype)
    back_a_states[-1] = 0
    back_c_states = workspace.result("forward.back_c_states", (T + 1, m, n_a), dtype)
    back_c_states[-1] = 0
    back_a_to_end_steps = workspace.array("forward.back_a_to_end_steps", (T, m, n_a), dtype)
    back_gate_1_steps, back_gate_2_steps, back_gate_3_steps = (
        workspace.result("forward.back_gate_1_steps", (3, T, m, n_a), dtype)
    )
    back_c_hat_steps, tanh_back_c_steps = workspace.result("forward.back_c_hat_steps", (2, T, m, n_a), dtype)
    work_4 = workspace.array("forward.work_4", (m, 4 * n_a), dtype)
    work_5, work_6 = workspace.array("forward.work_5", (2, m, n_a), dtype)
    for t in reversed(range(T)):
        back_goes_on = goes_on_steps[t]
        add_2_2 = back_x_W[t]
        back_a_prev = back_a_states[t + 1]
        back_c_prev = back_c_states[t + 1]

        np.matmul(back_a_prev, W_packed_4.T, out=work_4)
        np.add(add_2_2, work_4, out=work_4)

        # back: gate = sigmoid(W_g @ xc + b_g)
        back_gate_1 = sigmoid_into(work_4[:, :n_a], back_gate_1_steps[t])
        back_gate_2 = sigmoid_into(work_4[:, n_a:2 * n_a], back_gate_2_steps[t])
        back_gate_3 = sigmoid_into(work_4[:, 2 * n_a:3 * n_a], back_gate_3_steps[t])

        # back: c_hat = tanh(W_c @ xc + b_c)
        back_c_hat = np.tanh(work_4[:, 3 * n_a:], out=back_c_hat_steps[t])

        # back: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        np.multiply(back_gate_1, back_c_hat, out=work_5)
        np.multiply(back_gate_2, back_c_prev, out=work_6)
        back_c = np.add(work_5, work_6, out=work_5)

        # back: a = gate[2*n_a:] * tanh(c)
        tanh_back_c = np.tanh(back_c, out=tanh_back_c_steps[t])
        back_a = np.multiply(back_gate_3, tanh_back_c, out=work_6)

        # 4. backwards = scan(back, x=x, lengths=lengths, reverse=True)
        back_a_to_end = np.where(back_goes_on[:, None], back_a, 0)
        back_a_held = np.where(back_goes_on[:, None], back_a, back_a_prev)
        back_c_held = np.where(back_goes_on[:, None], back_c, back_c_prev)

        # of this step: what is kept, and what the next one starts from
        back_a_to_end_steps[t] = back_a_to_end
        back_a_states[t] = back_a_held
        back_c_states[t] = back_c_held

    there_a_to_end_steps_T = np.swapaxes(there_a_to_end_steps, -1, -2)
    back_a_to_end_steps_T = np.swapaxes(back_a_to_end_steps, -1, -2)

    # 5. both = concat(forwards.a, backwards.a, axis=1)
    both = workspace.array("forward.both", (T, 2 * n_a, m), dtype)
    np.concatenate([there_a_to_end_steps_T, back_a_to_end_steps_T], axis=1, out=both)

    # 6. largest = max(where(arange(T)[:, None, None] < lengths, both, -1), axis=0)
    largest_less = np.arange(T)[:, None][:, None] < lengths
    largest_where = np.where(largest_less, both, -1)
    largest = np.max(largest_where, axis=0)

    # head: score = W @ h + b
    head_score = workspace.result("forward.head_score", (1, m), dtype)
    np.add(head_W @ (mask_out * largest), head_b, out=head_score)

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
            pieces=pieces, weight=weight, words=words, target=target, mask_in=mask_in, mask_out=mask_out,
            vectors_take=vectors_take, x_take_T=x_take_T, goes_on_steps=goes_on_steps, W_packed=W_packed,
            W_packed_2=W_packed_2, W_packed_3=W_packed_3, W_packed_4=W_packed_4,
            largest_less=largest_less, largest_where=largest_where, largest=largest,
            head_score=head_score, head_prediction=head_prediction,
            log_sigmoid_head_score=log_sigmoid_head_score, head_loss_log_sigmoid=head_loss_log_sigmoid,
            back_c_prev_steps=back_c_states[1:], back_gate_1_steps=back_gate_1_steps,
            back_gate_2_steps=back_gate_2_steps, back_gate_3_steps=back_gate_3_steps,
            back_c_hat_steps=back_c_hat_steps, tanh_back_c_steps=tanh_back_c_steps,
            there_c_prev_steps=there_c_states[:-1], there_gate_1_steps=there_gate_1_steps,
            there_gate_2_steps=there_gate_2_steps, there_gate_3_steps=there_gate_3_steps,
            there_c_hat_steps=there_c_hat_steps, tanh_there_c_steps=tanh_there_c_steps,
            there_a_prev_steps=there_a_states[:-1], back_a_prev_steps=back_a_states[1:],
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
        pieces, weight, words, target, mask_in, mask_out, vectors_take, x_take_T, goes_on_steps, W_packed,
        W_packed_2, W_packed_3, W_packed_4, largest_less, largest_where, largest, head_score,
        head_prediction, log_sigmoid_head_score, head_loss_log_sigmoid, back_c_prev_steps, back_gate_1_steps,
        back_gate_2_steps, back_gate_3_steps, back_c_hat_steps, tanh_back_c_steps, there_c_prev_steps,
        there_gate_1_steps, there_gate_2_steps, there_gate_3_steps, there_c_hat_steps, tanh_there_c_steps,
        there_a_prev_steps, back_a_prev_steps,
    ) = residuals
    head_W = parameters.head.W
    n_d, n_k = pieces.shape      # different words, pieces of a word
    T, m = words.shape           # words in the longest sentence, sentences
    n_e = mask_in.shape[0]       # embedding
    n_a = W_packed_2.shape[1]    # hidden units
    n_p = parameters.E.shape[0]  # pieces known
    workspace = Workspace() if workspace is None else workspace

    # the cotangents handed in; None counts as zero
    dloss = _cotangent(d_outputs.loss, (), dtype)
    dprediction = _cotangent(d_outputs.prediction, (1, m), dtype)

    # head: loss = -mean(target * log_sigmoid(score) + (1 - target) * log_sigmoid(-score))
    dhead_loss_mean = -dloss                              # negative
    dhead_loss_divide = dhead_loss_mean / m
    x = workspace.array("backward.x", (T, n_e, m), dtype)
    np.multiply(mask_in, x_take_T, out=x)
    x_rows = np.reshape(np.swapaxes(x, -1, -2), (T * m, n_e))
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
    dhead_W = workspace.result("backward.dhead_W", (1, 2 * n_a), dtype)
    np.matmul(dhead_score, (mask_out * largest).T, out=dhead_W)  # matrix product
    dresult_multiply = head_W.T @ dhead_score             # matrix product

    # 7. result = head(h=mask_out * largest, target=target)
    dmask_out = workspace.result("backward.dmask_out", (2 * n_a, m), dtype)
    np.multiply(dresult_multiply, largest, out=dmask_out)  # hadamard
    dlargest = dresult_multiply * mask_out                 # hadamard

    # 6. largest = max(where(arange(T)[:, None, None] < lengths, both, -1), axis=0)
    dlargest_where = np.where(largest_where == largest, 1, 0).astype(dtype)
    dlargest_multiply = workspace.array("backward.dlargest_multiply", (T, 2 * n_a, m), dtype)
    np.multiply(dlargest, dlargest_where, out=dlargest_multiply)
    # max
    np.divide(dlargest_multiply, np.sum(dlargest_where, axis=0, keepdims=True),
        out=dlargest_multiply)
    dboth = np.where(largest_less, dlargest_multiply, 0)  # where

    # 5. both = concat(forwards.a, backwards.a, axis=1)
    dthere_a_to_end_steps_T = dboth[:, :n_a]  # concat
    dback_a_to_end_steps_T = dboth[:, n_a:]   # concat
    dback_a_to_end_steps = workspace.array("backward.dback_a_to_end_steps", (T, m, n_a), dtype)
    dback_a_to_end_steps[...] = np.swapaxes(dback_a_to_end_steps_T, -1, -2)  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dback_a_2 = np.zeros((m, n_a), dtype)
    dback_c = np.zeros((m, n_a), dtype)
    dsums_steps = workspace.array("backward.dsums_steps", (T, m, 4 * n_a), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward.work", (5, m, n_a), dtype)
    work_6 = workspace.array("backward.work_6", (m, n_a), dtype)
    for t in range(T):
        dback_a = dback_a_to_end_steps[t]
        back_goes_on = goes_on_steps[t]
        back_c_prev = back_c_prev_steps[t]
        back_gate_1 = back_gate_1_steps[t]
        back_gate_2 = back_gate_2_steps[t]
        back_gate_3 = back_gate_3_steps[t]
        back_c_hat = back_c_hat_steps[t]
        tanh_back_c = tanh_back_c_steps[t]

        # 4. backwards = scan(back, x=x, lengths=lengths, reverse=True)
        dback_c_backwards = np.where(back_goes_on[:, None], dback_c, 0)  # where
        dback_c_prev_backwards = np.where(back_goes_on[:, None], 0, dback_c)  # where
        dback_a_backwards = np.where(back_goes_on[:, None], dback_a_2, 0)  # where
        dback_a_prev_backwards = np.where(back_goes_on[:, None], 0, dback_a_2)  # where
        dback_a_backwards_2 = np.where(back_goes_on[:, None], dback_a, 0)  # where

        # back: a = gate[2*n_a:] * tanh(c)
        dback_a_3 = np.add(dback_a_backwards, dback_a_backwards_2, out=work)  # split: the sum over its uses
        dback_gate_3 = np.multiply(dback_a_3, tanh_back_c, out=work_2)  # hadamard
        dtanh_back_c = np.multiply(dback_a_3, back_gate_3, out=work)  # hadamard
        np.multiply(tanh_back_c, tanh_back_c, out=work_3)
        np.subtract(1, work_3, out=work_3)
        dback_c_back_a = np.multiply(dtanh_back_c, work_3, out=work)  # tanh

        # back: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dback_c_2 = np.add(dback_c_backwards, dback_c_back_a, out=work)  # split: the sum over its uses
        dback_gate_2 = np.multiply(dback_c_2, back_c_prev, out=work_3)  # hadamard
        dback_c_prev_back_c = np.multiply(dback_c_2, back_gate_2, out=work_4)  # hadamard
        dback_gate_1 = np.multiply(dback_c_2, back_c_hat, out=work_5)  # hadamard
        dback_c_hat = np.multiply(dback_c_2, back_gate_1, out=work)  # hadamard

        # back: c_hat = tanh(W_c @ xc + b_c)
        np.multiply(back_c_hat, back_c_hat, out=work_6)
        np.subtract(1, work_6, out=work_6)
        dsums = dsums_steps[t]
        np.multiply(dback_c_hat, work_6, out=dsums[:, 3 * n_a:])  # dback_c_hat_slice: tanh

        # back: gate = sigmoid(W_g @ xc + b_g)
        np.subtract(1, back_gate_3, out=work)
        np.multiply(back_gate_3, work, out=work)
        np.multiply(dback_gate_3, work, out=dsums[:, 2 * n_a:3 * n_a])  # dpart_6: sigmoid
        np.subtract(1, back_gate_2, out=work)
        np.multiply(back_gate_2, work, out=work)
        np.multiply(dback_gate_2, work, out=dsums[:, n_a:2 * n_a])  # dpart_5: sigmoid
        np.subtract(1, back_gate_1, out=work)
        np.multiply(back_gate_1, work, out=work)
        np.multiply(dback_gate_1, work, out=dsums[:, :n_a])    # dpart_4: sigmoid
        dback_a_prev = np.matmul(dsums, W_packed_4, out=work)  # matrix product
        # dback_c_prev: split: the sum over its uses
        np.add(dback_c_prev_backwards, dback_c_prev_back_c, out=dback_c)
        # dback_a_prev_2: split: the sum over its uses
        np.add(dback_a_prev_backwards, dback_a_prev, out=dback_a_2)

    # for every step at once: no later step reads it
    dmatmul = np.reshape(dsums_steps, (T * m, 4 * n_a))
    dW_packed_4 = dmatmul.T @ np.reshape(back_a_prev_steps, (T * m, n_a))  # transpose
    dback_W_g_2 = dW_packed_4[:3 * n_a]                   # concat
    dback_W_c_2 = dW_packed_4[3 * n_a:]                   # concat
    db_packed_T = np.sum(dsums_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed = db_packed_T.T                             # transpose
    dback_b_g = db_packed[:3 * n_a]                       # concat
    dback_b_c = db_packed[3 * n_a:]                       # concat
    dx_rows = workspace.array("backward.dx_rows", (T * m, n_e), dtype)
    np.matmul(dmatmul, W_packed_3, out=dx_rows)           # matrix product
    dW_packed_3 = dmatmul.T @ x_rows                      # transpose
    dback_W_g_1 = dW_packed_3[:3 * n_a]                   # concat
    dback_W_c_1 = dW_packed_3[3 * n_a:]                   # concat
    dthere_a_to_end_steps = workspace.array("backward.dthere_a_to_end_steps", (T, m, n_a), dtype)
    dthere_a_to_end_steps[...] = np.swapaxes(dthere_a_to_end_steps_T, -1, -2)  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dthere_a_2 = np.zeros((m, n_a), dtype)
    dthere_c = np.zeros((m, n_a), dtype)
    dsums_2_steps = workspace.array("backward.dsums_2_steps", (T, m, 4 * n_a), dtype)
    work_7, work_8, work_9, work_10 = workspace.array("backward.work_7", (4, m, n_a), dtype)
    work_11, work_12 = workspace.array("backward.work_11", (2, m, n_a), dtype)
    for t in reversed(range(T)):
        dthere_a = dthere_a_to_end_steps[t]
        there_goes_on = goes_on_steps[t]
        there_c_prev = there_c_prev_steps[t]
        there_gate_1 = there_gate_1_steps[t]
        there_gate_2 = there_gate_2_steps[t]
        there_gate_3 = there_gate_3_steps[t]
        there_c_hat = there_c_hat_steps[t]
        tanh_there_c = tanh_there_c_steps[t]

        # 3. forwards = scan(there, x=x, lengths=lengths)
        dthere_c_forwards = np.where(there_goes_on[:, None], dthere_c, 0)  # where
        dthere_c_prev_forwards = np.where(there_goes_on[:, None], 0, dthere_c)  # where
        dthere_a_forwards = np.where(there_goes_on[:, None], dthere_a_2, 0)  # where
        dthere_a_prev_forwards = np.where(there_goes_on[:, None], 0, dthere_a_2)  # where
        dthere_a_forwards_2 = np.where(there_goes_on[:, None], dthere_a, 0)  # where

        # there: a = gate[2*n_a:] * tanh(c)
        # split: the sum over its uses
        dthere_a_3 = np.add(dthere_a_forwards, dthere_a_forwards_2, out=work_7)
        dthere_gate_3 = np.multiply(dthere_a_3, tanh_there_c, out=work_8)  # hadamard
        dtanh_there_c = np.multiply(dthere_a_3, there_gate_3, out=work_7)  # hadamard
        np.multiply(tanh_there_c, tanh_there_c, out=work_9)
        np.subtract(1, work_9, out=work_9)
        dthere_c_there_a = np.multiply(dtanh_there_c, work_9, out=work_7)  # tanh

        # there: c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dthere_c_2 = np.add(dthere_c_forwards, dthere_c_there_a, out=work_7)  # split: the sum over its uses
        dthere_gate_2 = np.multiply(dthere_c_2, there_c_prev, out=work_9)  # hadamard
        dthere_c_prev_there_c = np.multiply(dthere_c_2, there_gate_2, out=work_10)  # hadamard
        dthere_gate_1 = np.multiply(dthere_c_2, there_c_hat, out=work_11)  # hadamard
        dthere_c_hat = np.multiply(dthere_c_2, there_gate_1, out=work_7)  # hadamard

        # there: c_hat = tanh(W_c @ xc + b_c)
        np.multiply(there_c_hat, there_c_hat, out=work_12)
        np.subtract(1, work_12, out=work_12)
        dsums_2 = dsums_2_steps[t]
        np.multiply(dthere_c_hat, work_12, out=dsums_2[:, 3 * n_a:])  # dthere_c_hat_slice: tanh

        # there: gate = sigmoid(W_g @ xc + b_g)
        np.subtract(1, there_gate_3, out=work_7)
        np.multiply(there_gate_3, work_7, out=work_7)
        np.multiply(dthere_gate_3, work_7, out=dsums_2[:, 2 * n_a:3 * n_a])  # dpart_3: sigmoid
        np.subtract(1, there_gate_2, out=work_7)
        np.multiply(there_gate_2, work_7, out=work_7)
        np.multiply(dthere_gate_2, work_7, out=dsums_2[:, n_a:2 * n_a])  # dpart_2: sigmoid
        np.subtract(1, there_gate_1, out=work_7)
        np.multiply(there_gate_1, work_7, out=work_7)
        np.multiply(dthere_gate_1, work_7, out=dsums_2[:, :n_a])  # dpart: sigmoid
        dthere_a_prev = np.matmul(dsums_2, W_packed_2, out=work_7)  # matrix product
        # dthere_c_prev: split: the sum over its uses
        np.add(dthere_c_prev_forwards, dthere_c_prev_there_c, out=dthere_c)
        # dthere_a_prev_2: split: the sum over its uses
        np.add(dthere_a_prev_forwards, dthere_a_prev, out=dthere_a_2)

    # for every step at once: no later step reads it
    dmatmul_2 = np.reshape(dsums_2_steps, (T * m, 4 * n_a))
    dW_packed_2 = dmatmul_2.T @ np.reshape(there_a_prev_steps, (T * m, n_a))  # transpose
    dthere_W_g_2 = dW_packed_2[:3 * n_a]                      # concat
    dthere_W_c_2 = dW_packed_2[3 * n_a:]                      # concat
    db_packed_2_T = np.sum(dsums_2_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed_2 = db_packed_2_T.T                             # transpose
    dthere_b_g = db_packed_2[:3 * n_a]                        # concat
    dthere_b_c = db_packed_2[3 * n_a:]                        # concat
    dx_rows_2 = workspace.array("backward.dx_rows_2", (T * m, n_e), dtype)
    np.matmul(dmatmul_2, W_packed, out=dx_rows_2)             # matrix product
    dW_packed = dmatmul_2.T @ x_rows                          # transpose
    dthere_W_g_1 = dW_packed[:3 * n_a]                        # concat
    dthere_W_c_1 = dW_packed[3 * n_a:]                        # concat
    np.add(dx_rows, dx_rows_2, out=dx_rows)                   # split: the sum over its uses
    dx_T = np.reshape(dx_rows, (T, m, n_e))                   # reshape
    dx = np.swapaxes(dx_T, -1, -2)                            # transpose

    # 2. x = mask_in * swapaxes(vectors[words], -1, -2)
    dx_multiply = workspace.array("backward.dx_multiply", (T, n_e, m), dtype)
    np.multiply(dx, x_take_T, out=dx_multiply)
    dmask_in = np.sum(dx_multiply, axis=0)            # hadamard, summed where it was broadcast
    dx_take_T = workspace.array("backward.dx_take_T", (T, n_e, m), dtype)
    np.multiply(dx, mask_in, out=dx_take_T)           # hadamard
    dx_take = np.transpose(dx_take_T, (0, 2, 1))      # transpose
    dvectors = add_at(dx_take, words, axis=0, n=n_d)  # take

    # 1. vectors = sum(weight[:, :, None] * E[pieces], axis=1)
    dvectors_multiply = np.broadcast_to(dvectors[:, None], (n_d, n_k, n_e))  # sum
    # hadamard, summed where it was broadcast
    dweight_wide = np.sum(dvectors[:, None] * vectors_take, axis=2, keepdims=True)
    dvectors_take = dvectors_multiply * weight[:, :, None]  # hadamard
    dE = add_at(dvectors_take, pieces, axis=0, n=n_p)       # take
    dweight = dweight_wide[:, :, 0]                         # expand_dims
    dback_W_c = workspace.result("backward.dback_W_c", (n_a, n_a + n_e), dtype)
    np.concatenate([dback_W_c_2, dback_W_c_1], axis=1, out=dback_W_c)  # split: side by side
    dback_W_g = workspace.result("backward.dback_W_g", (3 * n_a, n_a + n_e), dtype)
    np.concatenate([dback_W_g_2, dback_W_g_1], axis=1, out=dback_W_g)  # split: side by side
    dthere_W_c = workspace.result("backward.dthere_W_c", (n_a, n_a + n_e), dtype)
    np.concatenate([dthere_W_c_2, dthere_W_c_1], axis=1, out=dthere_W_c)  # split: side by side
    dthere_W_g = workspace.result("backward.dthere_W_g", (3 * n_a, n_a + n_e), dtype)
    np.concatenate([dthere_W_g_2, dthere_W_g_1], axis=1, out=dthere_W_g)  # split: side by side
    dtarget = workspace.result("backward.dtarget", (1, m), dtype)
    np.subtract(dtarget_head_loss, dhead_loss_subtract, out=dtarget)  # split: the sum over its uses

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
    _, residuals = _traced(
        "subword_classifier.forward",
        forward,
        parameters,
        inputs,
        workspace=_WatchedWorkspace(),
    )
    if d_outputs is None:
        return
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    _traced(
        "subword_classifier.backward",
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
