"""The names that every generated module speaks in; a spec must leave them free."""

from __future__ import annotations

import inspect

from graphgen.ops import helpers

PREVIOUS = "_prev"  # a state `a` is read as `a_prev`
RECORDS = {"parameters": "Parameters", "inputs": "Inputs", "state": "State", "outputs": "Outputs"}
HELPER_NAMES = frozenset(name for name, _ in inspect.getmembers(helpers, inspect.isfunction))
MODULE_NAMES = frozenset(
    [
        *("np", "sys", "NamedTuple", *RECORDS, *RECORDS.values(), "Gradients", "Residuals", "SequenceResiduals"),
        *("init_parameters", "zero_state", "forward", "backward", "forward_sequence", "backward_sequence"),
        "trace_nan",
        *("residuals", "d_outputs", "d_state", "d_final", "dtype", "rng", "Workspace", "workspace"),
    ]
)


def record_name(group: str, path: str = "") -> str:
    """The record of a group, such as "parameters"; a path of uses leads to one within it: "EncoderParameters"."""
    words = path.replace(".", "_").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words) + RECORDS[group]
