"""A chart of the layers: how many times the products alone each contender takes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import LIMIT
from benchmarks.measure import Result
from benchmarks.tables import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS, OTHERS = "#c1440e", "#8a9ba8"


def draw(results: Sequence[Result], path: Path) -> list[Path]:
    """Draw float32, or what there is, a row for each cell and a column for each shape; the file, if one was made."""
    layered = [result for result in results if result.case in ("layer", "stack")]
    dtype = min((str(result.dtype) for result in layered), default="")
    panels = {
        (f"{result.case} {result.subject}", result.shape): result for result in layered if result.dtype == dtype
    }
    if not panels or find_spec("matplotlib") is None:
        return []
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names, shapes = (list(dict.fromkeys(values)) for values in zip(*panels))
    size = (4.5 * len(shapes), 2.6 * len(names))
    figure, grid = pyplot.subplots(len(names), len(shapes), figsize=size, squeeze=False, layout="constrained")
    for i, name in enumerate(names):
        for j, shape in enumerate(shapes):
            if (name, shape) in panels:
                bars(grid[i][j], panels[name, shape])
                grid[i][j].set_title(f"{name}, T,B,I,H = {shape}", fontsize=9)
            else:
                grid[i][j].axis("off")
    figure.suptitle(f"Forward and backward, {dtype}, one thread: time by that of the matrix products alone")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return [path]


def bars(axes: Axes, result: Result) -> None:
    """A bar for each contender but the products, with its ratio."""
    medians = result.medians
    ratios = {name: value / medians[LIMIT] for name, value in medians.items() if name != LIMIT}
    colors = [OURS if name.startswith("graphgen") else OTHERS for name in ratios]
    drawn = axes.barh(list(ratios), list(ratios.values()), color=colors, log=True)
    axes.bar_label(drawn, list(map(number, ratios.values())), padding=2, fontsize=8)
    axes.set_xlim(left=0.9, right=2 * max(1.0, *ratios.values()))
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
