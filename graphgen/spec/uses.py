"""The specs that a spec uses: found, read, and entered under names of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from graphgen.errors import GraphgenError, SpecError, did_you_mean
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.resources import shipped_specs
from graphgen.spec.model import Cell, Use
from graphgen.spec.source import Part

KEYS = ("spec", "dims", "parameters", "stack")
DEEPEST = 8  # uses within uses
MOST = 200  # specs that one model is made of
AS_IN = "as in {encoder: lstm} or {encoder: {spec: ./my_cell.yaml, dims: {n_a: n_h}}}"
Trail = tuple[Part, ...]  # from the model to a spec: where each was named


def read_uses(
    part: Part | None,
    trail: Trail,
    name: Callable[[Part, str], str],
    dim: Callable[[Part], Dim],
    read: Callable[[Path, Trail], Cell],
) -> tuple[Use, ...]:
    """Every use; `name` enters a name, `dim` reads a size, and `read` reads the spec in a file."""
    pairs = part.items("a mapping from names to the specs they stand for", AS_IN) if part else []
    uses: dict[str, Use] = {}
    for key, value in pairs:
        use = _use(key, value, trail, name, dim, read, uses)
        uses[use.name] = use
        if sum(1 for known in uses.values() for _ in known.cell.sources) > MOST:
            raise key.fail(f"a model is made of {MOST} specs at most", "write what repeats as one spec with a stack")
    return tuple(uses.values())


def _use(
    key: Part,
    value: Part,
    trail: Trail,
    name: Callable[[Part, str], str],
    dim: Callable[[Part], Dim],
    read: Callable[[Path, Trail], Cell],
    earlier: dict[str, Use],
) -> Use:
    if key.text("a name") in OPS:
        raise key.fail(f"'{key.text('a name')}' is a function already", "choose another name")
    given = {"spec": value} if value.is_scalar else {k.text("a key"): v for k, v in value.items("a spec", AS_IN)}
    for k, _ in [] if value.is_scalar else value.items("a spec"):
        if k.text("a key") not in KEYS:
            raise k.fail(f"a use has no '{k.text('a key')}'", did_you_mean(k.text("a key"), KEYS))
    if "spec" not in given:
        raise value.fail(f"'{key.text('a name')}' names no spec", AS_IN)
    use = Use(
        name=name(key, "a use"),
        cell=_cell(given["spec"], trail, read),
        part=key,
        dims={},
        shares=given["parameters"].text("the name of an earlier use") if "parameters" in given else "",
        stack=dim(given["stack"]) if "stack" in given else None,
    )
    if "dims" in given:
        use.dims.update(_dims(given["dims"], use, dim))
    if use.shares:
        _check_shared(given["parameters"], use, earlier)
    return use


def _cell(part: Part, trail: Trail, read: Callable[[Path, Trail], Cell]) -> Cell:
    """The spec that a use names, or an error that shows the use too."""
    path = _find(part)
    if len(trail) >= DEEPEST:
        raise part.fail(f"specs that use specs are {DEEPEST} deep at most")
    files = [Path(named.source.file) for named in (*trail, part)]
    for file, named in zip(files, (*trail, part)):
        if file.resolve() == path.resolve():
            raise SpecError("a spec cannot use itself", part.position, "", ("by way of", named.position))
    try:
        cell = read(path, (*trail, part))
    except SpecError as error:
        raise error.also("used here", part.position) from None
    except GraphgenError as error:
        raise part.fail(str(error)) from None
    if cell.average_over is not None:
        cure = "use a spec without it; the model's own average_over holds for every parameter"
        raise part.fail(f"only a model says what its cost is a mean over, and {cell.name} does", cure)
    return cell


def _find(part: Part) -> Path:
    """A shipped spec by its name, or a file as seen from the spec that names it."""
    text = part.text("the name of a spec, or its file")
    specs = shipped_specs()
    if text in specs:
        return specs[text]
    if not text.endswith((".yaml", ".yml")):
        near = did_you_mean(text, specs) or "`graphgen list cells` shows them all; a file of yours ends in .yaml"
        raise part.fail(f"there is no shipped spec '{text}'", near)
    return Path(os.path.normpath(Path(part.source.file).parent / text))


def _dims(part: Part, use: Use, dim: Callable[[Part], Dim]) -> dict[str, Dim]:
    dims = {}
    for key, value in part.items(f"a mapping from dims of {use.cell.name} to sizes", "as in {n_a: n_h}"):
        name = key.text("a dim")
        if name not in use.cell.dims:
            raise key.fail(f"{use.cell.name} has no dim '{name}'", did_you_mean(name, use.cell.dims))
        dims[name] = dim(value)
    return dims


def _check_shared(part: Part, use: Use, earlier: dict[str, Use]) -> None:
    """Parameters are shared by uses of one spec."""
    other = earlier.get(use.shares)
    if other is None:
        raise part.fail(f"no use before this one is called '{use.shares}'", did_you_mean(use.shares, earlier))
    same = [source.text for source in other.cell.sources] == [source.text for source in use.cell.sources]
    if not same or other.stack != use.stack:
        what = "are other specs" if not same else "have other stacks"
        raise part.fail(f"'{use.name}' and '{use.shares}' {what}, so their parameters differ").also(
            "the other", other.part.position
        )
