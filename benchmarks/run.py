"""What a contender prepares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.problem import Arrays


class Run(NamedTuple):
    """One forward and backward pass, and the gradients in what it returned, none of which are left out.

    The matrix products alone have no gradients.
    """

    call: Callable[[], Any]
    gradients: Callable[[Any], Arrays]
