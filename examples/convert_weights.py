"""Weights of torch and Keras as parameters of the shipped cells, and parameters and gradients back.

Both frameworks keep the gates' matrices in one array: torch on top of each other, a row for each unit, Keras side by
side, a row for each input.  CELLS says what each array holds, of the cell and of the frameworks; arrays are taken
apart into the blocks of one gate by one description, and put together by another.

    lstm_separate.Parameters(**from_torch("lstm_separate", layer.state_dict()))
    to_torch("lstm_separate", gradients.parameters._asdict(), gradients=True)
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mode
from typing import Any, NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray]
Blocks = dict[tuple[str, str], np.ndarray]  # by part and gate, a row for each unit


class Layout(NamedTuple):
    """What each array holds: parts side by side, each with its gates on top of each other.

    The parts are W, the matrix of the input [n_h, n_x]; U, of the state [n_h, n_p]; b, the bias [n_h, 1]; u, a second
    bias, beside U [n_h, 1]; P, the projection [n_p, n_h].  Without a projection n_p is n_h.
    """

    contents: dict[str, tuple[str, str]]
    flat: bool = False  # a bias alone has one axis
    transposed: bool = False

    def shape(self, name: str, n_h: int, widths: dict[str, int]) -> tuple[int, int]:
        """Rows and columns of an array, before it is transposed."""
        parts, gates = self.contents[name]
        return (widths["U"] if parts == "P" else n_h * len(gates)), sum(widths[part] for part in parts)

    def is_flat(self, name: str) -> bool:
        """Whether the array has one axis."""
        return self.flat and self.contents[name][0] in ("b", "u")


class Cell(NamedTuple):
    """The layout of a cell's parameters and of both frameworks, and what the cell itself adds to the forget bias."""

    own: Layout
    torch: Layout | None = None
    keras: Layout | None = None
    forget_bias: float = 0.0


def _torch(gates: str, **others: tuple[str, str]) -> Layout:
    names = {"weight_ih": "W", "weight_hh": "U", "bias_ih": "b", "bias_hh": "u"}
    return Layout({name: (part, gates) for name, part in names.items()} | others, flat=True)


def _keras(gates: str, bias: str = "b") -> Layout:
    names = {"kernel": "W", "recurrent_kernel": "U", "bias": bias}
    return Layout({name: (parts, gates) for name, parts in names.items()}, flat=True, transposed=True)


def _separate(gates: str, **others: tuple[str, str]) -> Layout:
    return Layout({f"{part}_{gate}": (part, gate) for gate in gates for part in "WUb"} | others)


PLAIN = Cell(Layout({"W": ("W", "h"), "U": ("U", "h"), "b": ("b", "h")}), _torch("h"), _keras("h"))
IFO_AND_G = Layout({"W_g": ("UW", "ifo"), "b_g": ("b", "ifo"), "W_c": ("UW", "g"), "b_c": ("b", "g")})
FIGO = Layout({"W": ("WU", "figo"), "b": ("b", "figo")})
CELLS = {
    "rnn": PLAIN,
    "rnn_relu": PLAIN,
    "gru_reset_after": Cell(_separate("rzn", b_hn=("u", "n")), _torch("rzn"), _keras("zrn", bias="bu")),
    "gru_reset_before": Cell(_separate("rzn"), None, _keras("zrn")),
    "lstm_separate": Cell(_separate("ifgo"), _torch("ifgo"), _keras("ifgo")),
    "lstm_projected": Cell(_separate("ifgo", P=("P", "p")), _torch("ifgo", weight_hr=("P", "p"))),
    "lstm": Cell(IFO_AND_G, _torch("ifgo"), _keras("ifgo")),
    "lstm_forget_bias": Cell(FIGO, _torch("ifgo"), _keras("ifgo"), forget_bias=1.0),
}


def from_torch(cell: str, weights: Mapping[str, Any], layer: str = "l0") -> Arrays:
    """The parameters of a cell from `weight_ih_l0` [G*n_h, n_x], `weight_hh_l0` [G*n_h, n_p], `bias_ih_l0` [G*n_h],
    `bias_hh_l0` [G*n_h] and, projected, `weight_hr_l0` [n_p, n_h]; the G gates are i, f, g, o or r, z, n.

    The two biases are added where the cell has one.  Other names are passed over; `layer` may be "l1_reverse".
    """
    return _read(cell, _layout(cell, "torch", f"_{layer}"), weights)


def to_torch(cell: str, parameters: Mapping[str, Any], layer: str = "l0", *, gradients: bool = False) -> Arrays:
    """The arrays of torch, as in `from_torch`, from the parameters of a cell or from their gradients.

    Where the cell has one bias and torch two, a value goes to `bias_ih` and zeros to `bias_hh`: the sum counts.
    A gradient goes to both: the two are only ever added, so each has the gradient of the sum.
    """
    return _write(cell, _layout(cell, "torch", f"_{layer}"), parameters, gradients)


def from_keras(cell: str, weights: Mapping[str, Any]) -> Arrays:
    """The parameters of a cell from `kernel` [n_x, G*n_h], `recurrent_kernel` [n_h, G*n_h] and `bias` [G*n_h], for
    gru_reset_after [2, G*n_h]; the G gates are i, f, c, o or z, r, h, whose c and h are g and n here.

    The two rows of gru_reset_after's bias are the two biases of torch, and treated alike.
    """
    return _read(cell, _layout(cell, "keras"), weights)


def to_keras(cell: str, parameters: Mapping[str, Any], *, gradients: bool = False) -> Arrays:
    """The arrays of Keras, as in `from_keras`, from the parameters of a cell or from their gradients.

    For gru_reset_after, b_r and b_z go to the first row of the bias, their gradients to both rows, as in `to_torch`.
    """
    return _write(cell, _layout(cell, "keras"), parameters, gradients)


def _layout(cell: str, framework: str, suffix: str = "") -> Layout:
    known = {name: layout for name, entry in CELLS.items() if (layout := getattr(entry, framework))}
    if cell not in known:
        raise ValueError(f"there are no {framework} weights for {cell!r}, only for {', '.join(known)}")
    return known[cell]._replace(contents={f"{name}{suffix}": held for name, held in known[cell].contents.items()})


def _read(cell: str, framework: Layout, weights: Mapping[str, Any]) -> Arrays:
    blocks = _split(framework, weights)
    for part, gate in _second_biases(framework, CELLS[cell].own):
        blocks["b", gate] = blocks["b", gate] + blocks[part, gate]
    if CELLS[cell].forget_bias:
        blocks["b", "f"] = blocks["b", "f"] - CELLS[cell].forget_bias
    return _join(CELLS[cell].own, blocks)


def _write(cell: str, framework: Layout, parameters: Mapping[str, Any], gradients: bool) -> Arrays:
    blocks = _split(CELLS[cell].own, parameters)
    if CELLS[cell].forget_bias and not gradients:
        blocks["b", "f"] = blocks["b", "f"] + CELLS[cell].forget_bias
    for part, gate in _second_biases(framework, CELLS[cell].own):
        blocks[part, gate] = blocks["b", gate] if gradients else np.zeros_like(blocks["b", gate])
    return _join(framework, blocks)


def _second_biases(framework: Layout, own: Layout) -> list[tuple[str, str]]:
    """The second biases that the cell has not."""
    gates = "".join(gates for parts, gates in framework.contents.values() if "u" in parts)
    return [("u", gate) for gate in gates if ("u", gate) not in own.contents.values()]


def _split(layout: Layout, arrays: Mapping[str, Any]) -> Blocks:
    """The blocks of the arrays, whose shapes are checked."""
    missing = [name for name in layout.contents if name not in arrays]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}; given: {', '.join(arrays) or 'nothing'}")
    given = {name: np.asarray(arrays[name]) for name in layout.contents}
    n_h, widths = _sizes(layout, given)
    blocks: Blocks = {}
    for name, (parts, gates) in layout.contents.items():
        shape = layout.shape(name, n_h, widths)
        expected = shape[:1] if layout.is_flat(name) else shape[::-1] if layout.transposed else shape
        if given[name].shape != expected:
            raise ValueError(f"{name} has the shape {given[name].shape}, not {expected}, for n_h = {n_h}")
        array = (given[name].T if layout.transposed else given[name]).reshape(shape)
        ends = np.cumsum([widths[part] for part in parts])
        for gate, rows in zip(gates, np.split(array, len(gates))):
            blocks |= {(part, gate): block for part, block in zip(parts, np.split(rows, ends[:-1], axis=1))}
    return blocks


def _sizes(layout: Layout, given: Arrays) -> tuple[int, dict[str, int]]:
    """n_h, and how many columns each part has, as most arrays have it; the shapes may yet be wrong."""
    held, projected = layout.contents.items(), ("P", "p") in layout.contents.values()
    rows = {name: np.atleast_1d(array).shape[-1 if layout.transposed else 0] for name, array in given.items()}
    columns = {name: array.size // max(rows[name], 1) for name, array in given.items()}
    n_h = mode(rows[name] // len(gates) for name, (parts, gates) in held if parts != "P")
    n_p = mode(columns[name] for name, (parts, _) in held if parts == "U") if projected else n_h
    n_x = mode(columns[name] - n_p * (len(parts) - 1) for name, (parts, _) in held if "W" in parts)
    return n_h, {"W": max(n_x, 0), "U": n_p, "b": 1, "u": 1, "P": n_h}


def _join(layout: Layout, blocks: Blocks) -> Arrays:
    """New arrays from the blocks."""
    arrays = {}
    for name, (parts, gates) in layout.contents.items():
        array = np.block([[blocks[part, gate] for part in parts] for gate in gates])
        arrays[name] = array[:, 0] if layout.is_flat(name) else array.T if layout.transposed else array
    return arrays
