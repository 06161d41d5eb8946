"""Parameters in torch's layout, and in that of each spec of a cell, with their gradients back."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.problem import Arrays
from examples import convert_weights

SPECS = Path(__file__).parent / "specs"


class Form(NamedTuple):
    """A spec of a cell: a path or a shipped name, its layout in `examples.convert_weights`, and where examples are.

    Without a layout, its parameters are those of a problem; an example is a row or a column.
    """

    spec: str
    layout: str | None
    rows: bool


FORMS = {
    "lstm": {
        "rows": Form(f"{SPECS / 'lstm_rows.yaml'}", None, rows=True),
        "rows, separate": Form(f"{SPECS / 'lstm_rows_separate.yaml'}", "lstm_separate", rows=True),
        "columns": Form("lstm", "lstm", rows=False),
        "columns, separate": Form("lstm_separate", "lstm_separate", rows=False),
    },
    "gru": {
        "rows": Form(f"{SPECS / 'gru_rows.yaml'}", None, rows=True),
        "columns, separate": Form("gru_reset_after", "gru_reset_after", rows=False),
    },
    "rnn": {
        "rows": Form(f"{SPECS / 'rnn_rows.yaml'}", None, rows=True),
        "columns": Form("rnn", "rnn", rows=False),
    },
}


def to_torch(parameters: Arrays) -> Arrays:
    """The four arrays of a torch layer: of the two biases, the second is zero but for the GRU's b_hn."""
    second = np.zeros_like(parameters["b"])
    if "b_hn" in parameters:
        second[-len(parameters["b_hn"]) :] = parameters["b_hn"]
    arrays = (parameters["W_ih"], parameters["W_hh"], parameters["b"], second)
    return dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), arrays))


def from_torch(cell: str, gradients: Arrays) -> Arrays:
    """The gradients of a problem's parameters, from those of the four arrays of a torch layer."""
    d_w_ih, d_w_hh, d_b, d_second = gradients.values()
    d_b_hn = {"b_hn": d_second[-d_w_hh.shape[1] :]} if cell == "gru" else {}
    return {"W_ih": d_w_ih, "W_hh": d_w_hh, "b": d_b} | d_b_hn


def to_form(form: Form, parameters: Arrays) -> Arrays:
    """The parameters of a spec."""
    if form.layout is None:
        return parameters
    arrays = convert_weights.from_torch(form.layout, to_torch(parameters))
    return {
        name: array[:, 0].copy() if form.rows and array.shape[1] == 1 else array for name, array in arrays.items()
    }


def from_form(cell: str, form: Form, gradients: Arrays) -> Arrays:
    """The gradients of a problem's parameters, from those of a spec's."""
    if form.layout is None:
        return gradients
    columns = {name: array[:, None] if array.ndim == 1 else array for name, array in gradients.items()}
    return from_torch(cell, convert_weights.to_torch(form.layout, columns, gradients=True))


def turned(form: Form, array: np.ndarray) -> np.ndarray:
    """An array from rows to what the spec has, or back."""
    return array if form.rows else np.ascontiguousarray(np.swapaxes(array, -1, -2))
