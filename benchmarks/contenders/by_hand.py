"""NumPy as articles write it: step by step, plain expressions, gradients added up step by step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.problem import Arrays, Problem, gradients_by_name
from benchmarks.run import Run

State = tuple[np.ndarray, ...]
Cache = tuple[np.ndarray, ...]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-z))


def lstm_forward(p: Arrays, x: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray) -> tuple[State, Cache]:
    """One step: the state and what the backward step needs."""
    n = h_prev.shape[1]
    z = x @ p["W_ih"].T + h_prev @ p["W_hh"].T + p["b"]
    i, f, g, o = sigmoid(z[:, :n]), sigmoid(z[:, n : 2 * n]), np.tanh(z[:, 2 * n : 3 * n]), sigmoid(z[:, 3 * n :])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return (h, c), (x, h_prev, c_prev, i, f, g, o, c)


def lstm_backward(p: Arrays, cache: Cache, dh: np.ndarray, dc: np.ndarray) -> tuple[Arrays, np.ndarray, State]:
    """One step: the gradients of the parameters, of x and of the state before."""
    x, h_prev, c_prev, i, f, g, o, c = cache
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    di, df, dg, do = dc * g, dc * c_prev, dc * i, dh * tanh_c
    dz = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
    d_parameters = {"W_ih": dz.T @ x, "W_hh": dz.T @ h_prev, "b": dz.sum(axis=0)}
    return d_parameters, dz @ p["W_ih"], (dz @ p["W_hh"], dc * f)


def gru_forward(p: Arrays, x: np.ndarray, h_prev: np.ndarray) -> tuple[State, Cache]:
    """One step: the state and what the backward step needs."""
    n_h = h_prev.shape[1]
    zx = x @ p["W_ih"].T + p["b"]
    zh = h_prev @ p["W_hh"].T
    r = sigmoid(zx[:, :n_h] + zh[:, :n_h])
    z = sigmoid(zx[:, n_h : 2 * n_h] + zh[:, n_h : 2 * n_h])
    u = zh[:, 2 * n_h :] + p["b_hn"]
    n = np.tanh(zx[:, 2 * n_h :] + r * u)
    return ((1 - z) * n + z * h_prev,), (x, h_prev, r, z, u, n)


def gru_backward(p: Arrays, cache: Cache, dh: np.ndarray) -> tuple[Arrays, np.ndarray, State]:
    """One step: the gradients of the parameters, of x and of the state before."""
    x, h_prev, r, z, u, n = cache
    dn = dh * (1 - z) * (1 - n**2)
    dz = dh * (h_prev - n) * z * (1 - z)
    dr = dn * u * r * (1 - r)
    du = dn * r
    dzx, dzh = np.hstack([dr, dz, dn]), np.hstack([dr, dz, du])
    d_parameters = {"W_ih": dzx.T @ x, "W_hh": dzh.T @ h_prev, "b": dzx.sum(axis=0), "b_hn": du.sum(axis=0)}
    return d_parameters, dzx @ p["W_ih"], (dh * z + dzh @ p["W_hh"],)


def rnn_forward(p: Arrays, x: np.ndarray, h_prev: np.ndarray) -> tuple[State, Cache]:
    """One step: the state and what the backward step needs."""
    h = np.tanh(x @ p["W_ih"].T + h_prev @ p["W_hh"].T + p["b"])
    return (h,), (x, h_prev, h)


def rnn_backward(p: Arrays, cache: Cache, dh: np.ndarray) -> tuple[Arrays, np.ndarray, State]:
    """One step: the gradients of the parameters, of x and of the state before."""
    x, h_prev, h = cache
    dz = dh * (1 - h**2)
    d_parameters = {"W_ih": dz.T @ x, "W_hh": dz.T @ h_prev, "b": dz.sum(axis=0)}
    return d_parameters, dz @ p["W_ih"], (dz @ p["W_hh"],)


CELLS: dict[str, tuple[Callable[..., tuple[State, Cache]], Callable[..., tuple[Arrays, np.ndarray, State]]]] = {
    "lstm": (lstm_forward, lstm_backward),
    "gru": (gru_forward, gru_backward),
    "rnn": (rnn_forward, rnn_backward),
}


def build(problem: Problem) -> Run:
    """Prepare the loops over the steps of one layer."""
    data = problem.draw()
    (parameters,), (initial,) = data.parameters, data.states
    forward, backward = CELLS[problem.cell]

    def call() -> tuple[np.ndarray, Arrays]:
        state, hs, caches = tuple(initial.values()), [], []
        for x in data.x:
            state, cache = forward(parameters, x, *state)
            hs.append(state[0])
            caches.append(cache)
        h = np.stack(hs)

        d_parameters = {name: np.zeros_like(array) for name, array in parameters.items()}
        d_x = np.zeros_like(data.x)
        d_state = tuple(np.zeros_like(array) for array in state)
        for t in reversed(range(len(h))):
            d_step, d_x[t], d_state = backward(parameters, caches[t], d_state[0] + data.d_h[t], *d_state[1:])
            for name, gradient in d_step.items():
                d_parameters[name] += gradient
        return h, {"x": d_x, **d_parameters, **dict(zip(initial, d_state))}

    return Run(call, lambda result: gradients_by_name(result[1].pop("x"), [result[1]]))
