"""The specs that a spec uses: found, read, and entered under names of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from graphgen.errors import Fault, GraphgenError, SpecError, did_you_mean
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.resources import shipped_specs
from graphgen.spec.model import Cell, Use
from graphgen.spec.names import check_name
from graphgen.spec.source import Part

KEYS = ("spec", "dims", "parameters", "stack")
DEEPEST = 8  # uses within uses
MOST = 200  # specs that one model is made of
AS_IN = "as in {encoder: lstm} or {encoder: {spec: ./my_cell.yaml, dims: {n_a: n_h}}}"
Trail = tuple[Part, ...]  # from the model to a spec: where each was named


def read_use(
    key: Part,
    value: Part,
    trail: Trail,
    dim: Callable[[Part], Dim],
    read: Callable[[Path, Trail], Cell],
    earlier: Mapping[str, Use],
) -> Use:
    """One use; `dim` reads a size, `read` the spec in a file, and `earlier` are the uses before it."""
    name = check_name(key, "a use")
    if name in OPS:
        raise key.fail("function-taken", f"'{name}' is a function already", "choose another name")
    given = {"spec": value} if value.is_scalar else {k.text("a key"): v for k, v in value.items("a spec", AS_IN)}
    for k, _ in [] if value.is_scalar else value.items("a spec"):
        if k.text("a key") not in KEYS:
            raise k.fail("unknown-field", f"a use has no '{k.text('a key')}'", did_you_mean(k.text("a key"), KEYS))
    if "spec" not in given:
        raise value.fail("use-form", f"'{name}' names no spec", AS_IN)
    use = Use(
        name=name,
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
    if sum(1 for known in (*earlier.values(), use) for _ in known.cell.sources) > MOST:
        cure = "write what repeats as one spec with a stack"
        raise key.fail("too-many", f"a model is made of {MOST} specs at most", cure)
    return use


def _cell(part: Part, trail: Trail, read: Callable[[Path, Trail], Cell]) -> Cell:
    """The spec that a use names, or an error that shows the use too."""
    path = _find(part)
    if len(trail) >= DEEPEST:
        raise part.fail("nesting", f"specs that use specs are {DEEPEST} deep at most")
    files = [Path(named.source.file) for named in (*trail, part)]
    for file, named in zip(files, (*trail, part)):
        if file.resolve() == path.resolve():
            beside = (("by way of", named.position),)
            raise SpecError(Fault("uses-itself", "a spec cannot use itself", part.position, "", beside))
    try:
        cell = read(path, (*trail, part))
    except SpecError as error:
        raise error.also("used here", part.position) from None
    except GraphgenError as error:
        raise part.fail("use-file", str(error)) from None
    if cell.average_over is not None:
        cure = "use a spec without it; the model's own average_over holds for every parameter"
        message = f"only a model says what its cost is a mean over, and {cell.name} does"
        raise part.fail("use-average", message, cure)
    return cell


def _find(part: Part) -> Path:
    """A shipped spec by its name, or a file as seen from the spec that names it."""
    text = part.text("the name of a spec, or its file")
    specs = shipped_specs()
    if text in specs:
        return specs[text]
    if not text.endswith((".yaml", ".yml")) or not text.isprintable():
        near = did_you_mean(text, specs) or "`graphgen list cells` shows them all; a file of yours ends in .yaml"
        raise part.fail("unknown-spec", f"there is no shipped spec {text!r}", near)
    return Path(os.path.normpath(Path(part.source.file).parent / text))


def _dims(part: Part, use: Use, dim: Callable[[Part], Dim]) -> dict[str, Dim]:
    dims = {}
    for key, value in part.items(f"a mapping from dims of {use.cell.name} to sizes", "as in {n_a: n_h}"):
        name = key.text("a dim")
        if name not in use.cell.dims:
            message = f"{use.cell.name} has no dim '{name}'"
            raise key.fail("unknown-dim", message, did_you_mean(name, use.cell.dims))
        dims[name] = dim(value)
    return dims


def _check_shared(part: Part, use: Use, earlier: Mapping[str, Use]) -> None:
    """Parameters are shared by uses of one spec."""
    other = earlier.get(use.shares)
    if other is None:
        message = f"no use before this one is called '{use.shares}'"
        raise part.fail("unknown-share", message, did_you_mean(use.shares, earlier))
    same = [source.text for source in other.cell.sources] == [source.text for source in use.cell.sources]
    if not same or other.stack != use.stack:
        what = "are other specs" if not same else "have other stacks"
        message = f"'{use.name}' and '{use.shares}' {what}, so their parameters differ"
        raise part.fail("share-differs", message).also("the other", other.part.position)
