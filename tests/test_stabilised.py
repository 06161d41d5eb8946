"""Cells written so that nothing overflows compute what the plain equations of their papers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphgen.check.module import Trial, load
from graphgen.compiler import compile_file
from graphgen.resources import find_spec
from tests.support import assert_close

STEPS, N_H = 6, 3
Arrays = dict[str, Any]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def min_lstm(w: Arrays, x: Any, state: Arrays) -> tuple[Any, Arrays]:
    """Feng et al., 2024, section 3.2."""
    f, i = sigmoid(w["W_f"] @ x + w["b_f"]), sigmoid(w["W_i"] @ x + w["b_i"])
    h = f / (f + i) * state["h"] + i / (f + i) * (w["W_h"] @ x + w["b_h"])
    return h, {"h": h}


def mlstm(w: Arrays, x: Any, state: Arrays) -> tuple[Any, Arrays]:
    """Beck et al., 2024, equations 19 to 27, which have no stabiliser; the batch is the last axis."""
    q, v, k = (w[f"W_{name}"] @ x / scale + w[f"b_{name}"] for name, scale in zip("qvk", (1, 1, np.sqrt(N_H))))
    i, f = np.exp(w["w_i"] @ x + w["b_i"]), sigmoid(w["w_f"] @ x + w["b_f"])
    C = f * state["C"] + i * np.einsum("ib,jb->ijb", v, k)
    n = f * state["n"] + i * k
    read = np.einsum("ijb,jb->ib", C, q) / np.maximum(np.abs(np.einsum("jb,jb->b", n, q)), 1)
    return sigmoid(w["W_o"] @ x + w["b_o"]) * read, {"C": C, "n": n}


@pytest.mark.parametrize("plain", [min_lstm, mlstm])
@pytest.mark.parametrize("loud", [1, 8])
def test_the_stabilised_form_is_the_plain_one(plain: Callable[..., Any], loud: float) -> None:
    done = compile_file(find_spec(plain.__name__), 1)
    one = Trial(load(done.source, plain.__name__), done.cell, done.step.forward, STEPS)
    assert one.sizes["n_h"] == N_H
    one.arrays["inputs.x"] *= loud
    if plain is mlstm:
        one.arrays["state.s"][:] = 0  # then C and n are those of the plain equations
    w, state = (
        {key.split(".")[1]: array for key, array in one.arrays.items() if key.startswith(group)}
        for group in ("parameters.", "state.")
    )
    expected = []
    for x in one.arrays["inputs.x"]:
        h, state = plain(w, x, state)
        expected.append(h)
    assert_close({"h": one.run(one.arrays)[0]["outputs.h"]}, {"h": np.stack(expected)}, 1e-12)


def test_the_gates_of_min_lstm_add_up_to_1_where_both_are_0() -> None:
    """Both gates underflow in float32, the input's far below the forget gate's: h stays."""
    done = compile_file(find_spec("min_lstm"), 2)
    module = load(done.source, "min_lstm")
    zero = np.zeros((1, 1), np.float32)
    parameters = module.Parameters(*(zero for _ in module.Parameters._fields))
    parameters = parameters._replace(b_f=zero - 300, b_i=zero - 400)
    given = module.Inputs(np.zeros((2, 1, 1), np.float32)), module.State(zero + 3)
    outputs, _, residuals = module.forward_sequence(parameters, *given)
    assert outputs.h.ravel().tolist() == [3, 3]
    gradients = module.backward_sequence(parameters, residuals, None, module.State(zero + 1))
    assert gradients.state.h == 1
