"""The layers of torch and Keras: a step as they document it, restated in JAX, and random arrays in their layouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Arrays = dict[str, Any]

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
