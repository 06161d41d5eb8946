"""Generated cells with weights of torch and Keras: what the frameworks compute, in their layouts, these compute too.

The frameworks' documented equations are restated in JAX on their own arrays; where torch is installed, torch itself
is asked as well.  `examples.convert_weights` carries the weights over, and the gradients back.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from examples.convert_weights import CELLS, from_keras, from_torch, to_keras, to_torch
from graphgen import passes
from tests.shipped import module
from tests.support import assert_close

Arrays = dict[str, Any]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "torch-and-keras.md"
HAS_TORCH = importlib.util.find_spec("torch") is not None
BOUND = 1e-12
LENGTH, BATCH, N_X, N_H, N_P = 7, 3, 4, 5, 2

# The layer of a framework that a cell is; what the layers are is written out below, under torch and under Keras.
LAYERS = {
    "rnn": "rnn_tanh",
    "rnn_relu": "rnn_relu",
    "gru_reset_after": "gru",
    "gru_reset_before": "gru_reset_before",
    "lstm_separate": "lstm",
    "lstm_projected": "lstm_projected",
    "lstm": "lstm",
    "lstm_forget_bias": "lstm",
}
GATES = {name: {"rnn": 1, "gru": 3, "lst": 4}[layer[:3]] for name, layer in LAYERS.items()}
TORCH_CELLS = [name for name, cell in CELLS.items() if cell.torch]
KERAS_CELLS = [name for name, cell in CELLS.items() if cell.keras]
COLUMNS = {"torch": (0, 2, 1), "keras": (1, 2, 0)}  # from [T, batch, n] and [batch, T, n] to [T, n, batch]


def split(rows: Any, count: int) -> list[Any]:
    return jnp.split(rows, count, axis=-1)


# What torch documents, for one step: x [B, I], h [B, H], weights with a row for each unit.
def torch_rnn(activation: Callable[[Any], Any]) -> Callable[..., Arrays]:
    def step(w: Arrays, x: Any, h: Any) -> Arrays:
        inner = x @ w["weight_ih_l0"].T + w["bias_ih_l0"] + h @ w["weight_hh_l0"].T + w["bias_hh_l0"]
        return {"h": activation(inner)}

    return step


def torch_gru(w: Arrays, x: Any, h: Any) -> Arrays:
    x_r, x_z, x_n = split(x @ w["weight_ih_l0"].T + w["bias_ih_l0"], 3)
    h_r, h_z, h_n = split(h @ w["weight_hh_l0"].T + w["bias_hh_l0"], 3)
    r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
    n = jnp.tanh(x_n + r * h_n)
    return {"h": (1 - z) * n + z * h}


def torch_lstm(w: Arrays, x: Any, h: Any, c: Any) -> Arrays:
    inner = x @ w["weight_ih_l0"].T + w["bias_ih_l0"] + h @ w["weight_hh_l0"].T + w["bias_hh_l0"]
    i, f, g, o = split(inner, 4)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return {"h": jax.nn.sigmoid(o) * jnp.tanh(c), "c": c}


def torch_lstm_projected(w: Arrays, x: Any, h: Any, c: Any) -> Arrays:
    wide = torch_lstm(w, x, h, c)
    return {"h": wide["h"] @ w["weight_hr_l0"].T, "c": wide["c"]}


# What Keras documents, for one step: x [B, I], h [B, H], kernels with a row for each input.
def keras_rnn(activation: Callable[[Any], Any]) -> Callable[..., Arrays]:
    return lambda w, x, h: {"h": activation(x @ w["kernel"] + w["bias"] + h @ w["recurrent_kernel"])}


def keras_gru(w: Arrays, x: Any, h: Any) -> Arrays:
    """`reset_after=True`, the default."""
    x_z, x_r, x_h = split(x @ w["kernel"] + w["bias"][0], 3)
    h_z, h_r, h_h = split(h @ w["recurrent_kernel"] + w["bias"][1], 3)
    z, r = jax.nn.sigmoid(x_z + h_z), jax.nn.sigmoid(x_r + h_r)
    return {"h": z * h + (1 - z) * jnp.tanh(x_h + r * h_h)}


def keras_gru_reset_before(w: Arrays, x: Any, h: Any) -> Arrays:
    """`reset_after=False`."""
    x_z, x_r, x_h = split(x @ w["kernel"] + w["bias"], 3)
    u_z, u_r, u_h = split(w["recurrent_kernel"], 3)
    z, r = jax.nn.sigmoid(x_z + h @ u_z), jax.nn.sigmoid(x_r + h @ u_r)
    return {"h": z * h + (1 - z) * jnp.tanh(x_h + (r * h) @ u_h)}


def keras_lstm(w: Arrays, x: Any, h: Any, c: Any) -> Arrays:
    i, f, candidate, o = split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(candidate)
    return {"h": jax.nn.sigmoid(o) * jnp.tanh(c), "c": c}


STEPS = {
    "torch": {
        "rnn_tanh": torch_rnn(jnp.tanh),
        "rnn_relu": torch_rnn(jax.nn.relu),
        "gru": torch_gru,
        "lstm": torch_lstm,
        "lstm_projected": torch_lstm_projected,
    },
    "keras": {
        "rnn_tanh": keras_rnn(jnp.tanh),
        "rnn_relu": keras_rnn(jax.nn.relu),
        "gru": keras_gru,
        "gru_reset_before": keras_gru_reset_before,
        "lstm": keras_lstm,
    },
}


class Problem:
    """Random weights, inputs, initial state and cotangents in a framework's layout, all float64."""

    def __init__(self, framework: str, name: str) -> None:
        self.framework, self.name, self.layer = framework, name, LAYERS[name]
        rng = np.random.default_rng(0)
        n_p = N_P if self.layer == "lstm_projected" else N_H
        lead = (LENGTH, BATCH) if framework == "torch" else (BATCH, LENGTH)
        states = {"h": n_p, "c": N_H} if self.layer.startswith("lstm") else {"h": N_H}
        self.weights = {key: rng.normal(0, 0.6, shape) for key, shape in weight_shapes(framework, name).items()}
        self.x = rng.standard_normal((*lead, N_X))
        self.state = {key: rng.standard_normal((BATCH, size)) for key, size in states.items()}
        self.d_y = rng.standard_normal((*lead, n_p))
        self.d_state = {key: rng.standard_normal((BATCH, size)) for key, size in states.items()}


def weight_shapes(framework: str, name: str) -> dict[str, tuple[int, ...]]:
    """The shapes that the frameworks document."""
    rows = GATES[name] * N_H
    if framework == "keras":
        bias = (2, rows) if name == "gru_reset_after" else (rows,)
        return {"kernel": (N_X, rows), "recurrent_kernel": (N_H, rows), "bias": bias}
    if name == "lstm_projected":
        return weight_shapes(framework, "lstm") | {"weight_hh_l0": (rows, N_P), "weight_hr_l0": (N_P, N_H)}
    return {"weight_ih_l0": (rows, N_X), "weight_hh_l0": (rows, N_H), "bias_ih_l0": (rows,), "bias_hh_l0": (rows,)}


def results(y: Any, state: Arrays, d_weights: Arrays, d_x: Any, d_state: Arrays) -> Arrays:
    """What is compared, by key."""
    final = {f"final {key}": value for key, value in state.items()}
    d_initial = {f"d initial {key}": value for key, value in d_state.items()}
    return {"y": y, "d x": d_x} | final | d_initial | {f"d {key}": value for key, value in d_weights.items()}


def ask_jax(problem: Problem) -> Arrays:
    """A scan of the documented step, and its gradients."""
    step, time_first = STEPS[problem.framework][problem.layer], problem.framework == "torch"

    def one(weights: Arrays, state: Arrays, x: Any) -> tuple[Arrays, Any]:
        state = step(weights, x, **state)
        return state, state["h"]

    @jax.jit
    def layer(weights: Arrays, x: Any, state: Arrays) -> tuple[Any, Arrays]:
        final, y = jax.lax.scan(lambda s, row: one(weights, s, row), state, x if time_first else x.swapaxes(0, 1))
        return (y if time_first else y.swapaxes(0, 1)), final

    (y, final), pull_back = jax.vjp(layer, problem.weights, problem.x, problem.state)
    return results(y, final, *pull_back((problem.d_y, problem.d_state)))


def ask_torch(problem: Problem) -> Arrays:
    """torch.nn.RNN, GRU or LSTM itself; its warnings are its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch

        make = {
            "rnn_tanh": lambda *sizes, **kind: torch.nn.RNN(*sizes, **kind),
            "rnn_relu": lambda *sizes, **kind: torch.nn.RNN(*sizes, nonlinearity="relu", **kind),
            "gru": torch.nn.GRU,
            "lstm": torch.nn.LSTM,
            "lstm_projected": lambda *sizes, **kind: torch.nn.LSTM(*sizes, proj_size=N_P, **kind),
        }
        layer = make[problem.layer](N_X, N_H, dtype=torch.float64)
        layer.load_state_dict({key: torch.tensor(value) for key, value in problem.weights.items()})
        x = torch.tensor(problem.x, requires_grad=True)
        state = {key: torch.tensor(value[None], requires_grad=True) for key, value in problem.state.items()}
        y, final = layer(x, tuple(state.values()) if "c" in state else state["h"])
        final = dict(zip(state, final if "c" in state else (final,)))
        cotangents = [torch.tensor(problem.d_y), *(torch.tensor(d[None]) for d in problem.d_state.values())]
        torch.autograd.backward([y, *final.values()], cotangents)

    return results(
        y.detach().numpy(),
        {key: value.detach().numpy()[0] for key, value in final.items()},
        {key: value.grad.numpy() for key, value in layer.named_parameters()},
        x.grad.numpy(),
        {key: value.grad.numpy()[0] for key, value in state.items()},
    )


ORACLES = {"jax": ask_jax} | ({"torch": ask_torch} if HAS_TORCH else {})


def ask_graphgen(problem: Problem, level: int) -> Arrays:
    """The generated module: weights and rows turned into its layout, results turned back."""
    cell, framework = module(problem.name, level), problem.framework
    to_columns = COLUMNS[framework]
    to_rows = tuple(np.argsort(to_columns))
    read, write = (from_torch, to_torch) if framework == "torch" else (from_keras, to_keras)

    # The hidden state is the first of a cell's states, and its output, under whatever name.
    parameters = cell.Parameters(**read(problem.name, problem.weights))
    state = cell.State(*(value.T for value in problem.state.values()))
    outputs, final, residuals = cell.forward_sequence(
        parameters, cell.Inputs(x=problem.x.transpose(to_columns)), state
    )
    d_state = cell.State(*(value.T for value in problem.d_state.values()))
    d_outputs = cell.Outputs(problem.d_y.transpose(to_columns))
    gradients = cell.backward_sequence(parameters, residuals, d_outputs, d_state)
    return results(
        outputs[0].transpose(to_rows),
        {key: value.T for key, value in zip(problem.state, final)},
        write(problem.name, gradients.parameters._asdict(), gradients=True),
        gradients.inputs.x.transpose(to_rows),
        {key: value.T for key, value in zip(problem.state, gradients.state)},
    )


every_level = pytest.mark.parametrize("level", passes.LEVELS)
every_torch_cell = pytest.mark.parametrize("name", TORCH_CELLS)
every_keras_cell = pytest.mark.parametrize("name", KERAS_CELLS)


@pytest.mark.parametrize("oracle", ORACLES)
@every_level
@every_torch_cell
def test_with_weights_of_torch(name: str, level: int, oracle: str) -> None:
    problem = Problem("torch", name)
    assert_close(ask_graphgen(problem, level), ORACLES[oracle](problem), BOUND, name)


@every_level
@every_keras_cell
def test_with_weights_of_keras(name: str, level: int) -> None:
    problem = Problem("keras", name)
    assert_close(ask_graphgen(problem, level), ask_jax(problem), BOUND, name)


# There and back


def parameters_of(name: str, dtype: str = "float64") -> Arrays:
    sizes = {"n_x": N_X, "n_a" if name == "lstm" else "n_h": N_H} | ({"n_p": N_P} if name == "lstm_projected" else {})
    drawn = module(name, 0).init_parameters(np.random.default_rng(2), **sizes)._asdict()
    return {key: (value + 0.25).astype(dtype) for key, value in drawn.items()}  # biases are drawn as zeros


@every_torch_cell
def test_parameters_to_torch_and_back(name: str) -> None:
    parameters = parameters_of(name)
    arrays = to_torch(name, parameters)
    assert {key: value.shape for key, value in arrays.items()} == weight_shapes("torch", name)
    assert_close(from_torch(name, arrays), parameters, 1e-15 if name == "lstm_forget_bias" else 0)


@every_keras_cell
def test_parameters_to_keras_and_back(name: str) -> None:
    parameters = parameters_of(name)
    arrays = to_keras(name, parameters)
    assert {key: value.shape for key, value in arrays.items()} == weight_shapes("keras", name)
    assert_close(from_keras(name, arrays), parameters, 1e-15 if name == "lstm_forget_bias" else 0)


@every_torch_cell
def test_weights_of_torch_there_and_back_but_for_the_split_of_a_bias(name: str) -> None:
    weights = Problem("torch", name).weights
    back = to_torch(name, from_torch(name, weights))
    for arrays in (weights, back):
        arrays["both biases"] = arrays.pop("bias_ih_l0") + arrays.pop("bias_hh_l0")
    assert_close(back, weights, 1e-15)


@every_keras_cell
def test_weights_of_keras_there_and_back_but_for_the_split_of_a_bias(name: str) -> None:
    weights = Problem("keras", name).weights
    back = to_keras(name, from_keras(name, weights))
    for arrays in (weights, back):
        arrays["bias"] = np.sum(np.atleast_2d(arrays["bias"]), axis=0)
    assert_close(back, weights, 1e-15)


def test_the_second_bias_of_a_gru_keeps_its_own_gradient() -> None:
    gradients = parameters_of("gru_reset_after")
    r, z, n = np.split(to_torch("gru_reset_after", gradients, gradients=True)["bias_hh_l0"], 3)
    assert_close(
        {"b_r": r, "b_z": z, "b_hn": n}, {key: gradients[key][:, 0] for key in ("b_r", "b_z", "b_hn")}, bound=0
    )


@every_torch_cell
def test_float32_stays_and_nothing_is_shared_or_changed(name: str) -> None:
    weights = {key: value.astype("float32") for key, value in Problem("torch", name).weights.items()}
    before = {key: value.copy() for key, value in weights.items()}
    parameters = from_torch(name, weights)
    back = to_torch(name, parameters, gradients=True)
    for array in (*parameters.values(), *back.values()):
        assert array.dtype == "float32"
        array += 1
    assert_close(weights, before, bound=0)
    assert_close(from_torch(name, weights), {key: value - 1 for key, value in parameters.items()}, 1e-6)


def test_a_layer_is_picked_by_its_suffix() -> None:
    weights = Problem("torch", "lstm_separate").weights
    several = weights | {key.replace("l0", "l1_reverse"): value + 1 for key, value in weights.items()}
    shifted = {key: value + 1 for key, value in weights.items()}
    expected = from_torch("lstm_separate", shifted)
    assert_close(from_torch("lstm_separate", several, "l1_reverse"), expected, bound=0)
    assert_close(from_torch("lstm_separate", several), from_torch("lstm_separate", weights), bound=0)
    assert "weight_ih_l1_reverse" in to_torch("lstm_separate", expected, "l1_reverse")


# Mistakes

WRONG = {
    "weight_ih_l0": np.ones((4 * N_H + 1, N_X)),
    "weight_hh_l0": np.ones((N_H, 4 * N_H)),
    "bias_ih_l0": np.ones((4 * N_H, 1)),
    "bias_hh_l0": np.ones(3 * N_H),
    "weight_hr_l0": np.ones((N_H, N_P)),
}


@pytest.mark.parametrize("key", WRONG)
def test_what_torch_arrays_have_wrong_is_named(key: str) -> None:
    weights = Problem("torch", "lstm_projected").weights
    with pytest.raises(ValueError, match=re.escape(f"{key} has the shape {WRONG[key].shape}, not (")):
        from_torch("lstm_projected", weights | {key: WRONG[key]})
    with pytest.raises(ValueError, match=re.escape(f"{key} has the shape (), not (")):
        from_torch("lstm_projected", weights | {key: 1.0})
    del weights[key]
    with pytest.raises(ValueError, match=f"^missing: {key}; given: "):
        from_torch("lstm_projected", weights)


@pytest.mark.parametrize("key", ["kernel", "recurrent_kernel", "bias"])
@every_keras_cell
def test_what_keras_arrays_have_wrong_is_named(name: str, key: str) -> None:
    weights = Problem("keras", name).weights
    weights[key] = weights[key].ravel() if weights[key].ndim == 2 else weights[key][:, None]
    with pytest.raises(ValueError, match=re.escape(f"{key} has the shape {weights[key].shape}, not (")):
        from_keras(name, weights)
    del weights[key]
    with pytest.raises(ValueError, match=f"^missing: {key}; given: {', '.join(weights)}$"):
        from_keras(name, weights)


@pytest.mark.parametrize(
    ("name", "other"), [("gru_reset_after", "gru_reset_before"), ("gru_reset_before", "gru_reset_after")]
)
def test_a_bias_of_the_other_gru_of_keras_is_told(name: str, other: str) -> None:
    shape, expected = (weight_shapes("keras", which)["bias"] for which in (other, name))
    with pytest.raises(ValueError, match=re.escape(f"bias has the shape {shape}, not {expected}")):
        from_keras(name, Problem("keras", other).weights)


@every_torch_cell
def test_what_parameters_have_wrong_is_named(name: str) -> None:
    parameters = parameters_of(name)
    for key, value in parameters.items():
        rest = {other: array for other, array in parameters.items() if other != key}
        with pytest.raises(ValueError, match=f"^missing: {key}; given: {', '.join(rest)}$"):
            to_torch(name, rest)
        with pytest.raises(ValueError, match=re.escape(f"{key} has the shape ({len(value)},), not (")):
            to_torch(name, parameters | {key: value[:, 0]})


def test_cells_without_a_layer_are_told() -> None:
    with pytest.raises(
        ValueError, match="no torch weights for 'gru_reset_before', only for rnn, rnn_relu, gru_reset_a"
    ):
        from_torch("gru_reset_before", {})
    with pytest.raises(ValueError, match="no keras weights for 'lstm_projected'"):
        to_keras("lstm_projected", {})
    with pytest.raises(ValueError, match="no torch weights for 'gru', only for"):
        to_torch("gru", {})


def test_an_empty_mapping_is_told() -> None:
    with pytest.raises(ValueError, match=r"^missing: kernel, recurrent_kernel, bias; given: nothing$"):
        from_keras("rnn", {})


# The page

SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
RUNNABLE = [snippet for snippet in SNIPPETS if HAS_TORCH or "import torch" not in snippet]


@pytest.mark.parametrize("number", range(len(RUNNABLE)))
def test_the_page_runs(number: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch has warnings of its own
        exec(RUNNABLE[number], {})
