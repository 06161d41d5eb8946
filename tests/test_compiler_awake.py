"""Are the checks awake?  Every pass, the emitter's statements and the templates' loops are broken, one at a time."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import jinja2
import pytest

from graphgen import passes
from graphgen.autodiff import accumulate, loop, sweep
from graphgen.codegen import buffers, into, lower, render, storage
from graphgen.compiler import compile_file
from graphgen.resources import find_spec, folder
from tests.breakages import broken, complaint, replaced

(
    after_loop, before_loop, identities, join_inside, lift, loops, movement, pack, rewrite, rows, split_products,
    turn_products,
) = ROOMS = [import_module(room.name) for room in pkgutil.iter_modules(passes.__path__, "graphgen.passes.")]  # fmt: skip
SLIPS: list[tuple[ModuleType, str, str]] = [
    (accumulate, "joined = make.concat(*(tile.inputs[0] for tile in tiles)", "joined = make.concat(*(tile.inputs[0] for tile in tiles[::-1])"),
    (accumulate, "reduce(add, others, joined)", "joined"),
    (accumulate, "return reduce(add, parts)", "return parts[0]"),
    (accumulate, "total = make.sum(dz, axis=(*range(lead), *ones), keepdims=False)", "total = make.mean(dz, axis=(*range(lead), *ones), keepdims=False)"),
    (accumulate, "return make.sum(dz, axis=ones, keepdims=True) if ones else dz", "return make.mean(dz, axis=ones, keepdims=True) if ones else dz"),
    (sweep, "whole = unbroadcast(part, operand.shape)", "whole = part"),
    (sweep, "mean = gradient / make.size(dim=average_over)", "mean = gradient"),
    (sweep, 'if average_over is not None and key.startswith("parameters."):', "if average_over is not None:"),
    (loop, "following = leaf + part", "following = part"),
    (loop, 'reverse=not self.scan.attrs["reverse"]', 'reverse=self.scan.attrs["reverse"]'),
    (loop, "zeros if initial is None else initial, following", "zeros, following"),
    (loop, "self.where[key] = len(self.carried) + len(self.results)", "self.where[key] = len(self.carried)"),
    (after_loop, "return sums[0] + sums[1] if", "return sums[0] if"),
    (after_loop, "make.transpose(inner, **part.attrs) if part.attrs else -inner", "inner"),
    (after_loop, "return swap(a) @ b if", "return swap(b) @ a if"),
    (after_loop, "return swap(matrix(swap(a))) @ matrix(b)", "return swap(matrix(swap(a))) @ matrix(b) * 0.5"),
    (after_loop, "axis=(-len(x.shape), *axis)", "axis=axis"),
    (after_loop, "return make.expand_dims(total, axis=axis) if keepdims else total", "return total"),
    (after_loop, "start=start, stop=stop), True))\n            start = stop", "start=start, stop=stop), True))"),
    (before_loop, "(loop.sliced if lifted else loop.constant).append((leaf, outer))", "loop.constant.append((leaf, outer))"),
    (identities, "return result if result.shape == node.shape else None", "return result"),
    (identities, "return found.setdefault(letter, node) is node", "return bool(found.setdefault(letter, node))"),
    (join_inside, "make.concat(*parts, axis=whole.attrs[\"axis\"])", "make.concat(*parts[::-1], axis=whole.attrs[\"axis\"])"),
    (join_inside, "start = start + part.shape[whole.attrs[\"axis\"][0]]", "pass"),
    (join_inside, "del loop.every[before[at - carries]]", "del loop.every[before[0]]"),
    (lift, "known |= {leaf: (operand, True) for leaf, operand in loop.sliced}", "known |= {leaf: (operand, False) for leaf, operand in loop.sliced}"),
    (loops, "results[old.inputs[0]][old.attrs[\"at\"]]", "results[old.inputs[0]][0]"),
    (movement, "order = tuple(inner_axes[axis] for axis in outer_axes)", "return inner.inputs[0]"),
    (movement, "return node.inputs[0].inputs[0] if node.attrs == node.inputs[0].attrs else None", "return node.inputs[0].inputs[0]"),
    (movement, 'total.attrs["axis"] != node.attrs["axis"]', "False"),
    (movement, "any(other.shape == node.shape for other in others)", "True"),
    (movement, "return bool(added == tuple(range(-rank, -rank + len(added))))", "return True"),
    (movement, "if node.shape == x.shape:\n        return x", "if node.shape != x.shape:\n        return x"),
    (movement, '(start, stop) == (node.attrs["start"], node.attrs["stop"])', 'stop - start == node.attrs["stop"] - node.attrs["start"]'),
    (movement, 'part.attrs["start"] != place', "False"),
    (movement, "return whole if not others and place == whole.shape[axis[0]] else None", "return whole if not others else None"),
    (pack, "place = group.index(old)", "place = 0"),
    (pack, "product = packed[group] = shared @ weight if at == 0 else weight @ shared", "product = packed[group] = weight @ shared if at == 0 else shared @ weight"),
    (pack, 'joined = make.concat(*map(swap, parts), axis=-3 - axis) if turned', "joined = make.concat(*map(swap, parts[::-1]), axis=-3 - axis) if turned"),
    (pack, 'start=one.attrs["start"] - first, stop=one.attrs["stop"] - first', 'start=one.attrs["start"], stop=one.attrs["stop"]'),
    (pack, "return first + reduce(add, [new[part] for part in inside])", "return first"),
    (pack, "first = reduce(add, [new[part] for part in outside])", "first = new[outside[0]]"),
    (rewrite, "new = rebuild(roots, lambda _, node: simplest(node, rules))", "new = rebuild(roots, lambda node, _: simplest(node, rules))"),
    (rows, "return self.across(node.inputs[1]) @ self.across(node.inputs[0])", "return self.across(node.inputs[0]) @ self.across(node.inputs[1])"),
    (rows, "(self.turned[leaf], swap(operand)) if", "(self.turned[leaf], operand) if"),
    (rows, "results = [swap(item) if turned else item", "results = [item if turned else item"),
    (rows, "other = tuple(sorted(-3 - place for place in axis))", "other = axis"),
    (rows, "carry.initial, carry.leaf = swap(carry.initial), self.turn(carry.leaf)", "carry.leaf = self.turn(carry.leaf)"),
    (rows, "return make.expand_dims(self.plain[node], axis=-1) if len(node.shape) == 1", "return self.plain[node] if len(node.shape) == 1"),
    (split_products, "return reduce(add, (part @ _part(right, along, *place) for part, place in _places(left)))", "return reduce(add, [part @ _part(right, along, *place) for part, place in _places(left)][:1])"),
    (split_products, "return reduce(add, (_part(left, -1, *place) @ part for part, place in _places(right)))", "return reduce(add, [_part(left, -1, *place) @ part for part, place in _places(right)][:1])"),
    (split_products, "places.append((part, (start, stop)))\n        start = stop", "places.append((part, (start, stop)))"),
    (split_products, "return swap(make.slice(x.inputs[0], axis=(-1,)", "return swap(make.slice(x.inputs[0], axis=(-2,)"),
    (turn_products, "return swap(b) @ swap(a) if", "return swap(a) @ swap(b) if"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "old", "new"), SLIPS)
def test_a_slip_in_the_compiler_is_noticed(module, old, new):
    with broken(module, replaced(module, old, new)):
        assert complaint()


def test_the_unbroken_compiler_is_content():
    assert complaint() == ""


def test_every_pass_is_broken():
    assert set(ROOMS) <= {module for module, _, _ in SLIPS}


@pytest.mark.parametrize("line", identities.IDENTITIES.strip().splitlines())
def test_a_wrong_identity_is_noticed(line, monkeypatch):
    pattern, result = line.split("->")
    monkeypatch.setattr(identities, "IDENTITIES", identities.IDENTITIES.replace(line, f"{pattern} -> 2 * ({result})"))
    identities._rules.cache_clear()
    try:
        assert complaint()
    finally:
        identities._rules.cache_clear()


ROOT = Path(__file__).parent.parent

# The emitter: each statement that writes something is left out


WRITES = ("write", "append", "add", "_history", "_slice", "_carry", "_stack")


def statements(module: ModuleType) -> list[ast.Expr]:
    """The statements of a room that write, keep or enter something."""
    tree = ast.parse(inspect.getsource(module))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return [call for call in calls if isinstance(call.value.func, ast.Attribute) and call.value.func.attr in WRITES]


def without(module: ModuleType, line: int) -> ast.Module:
    """The room without the statement of a line."""
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        for body in (getattr(node, name, None) for name in ("body", "orelse")):
            for at, statement in enumerate(body if isinstance(body, list) else []):
                if isinstance(statement, ast.Expr) and statement.lineno == line:
                    body[at] = ast.copy_location(ast.Pass(), statement)
    return tree


# Left out, these change no number, or nothing that anybody has met.
QUIET = {
    "self.assigned.add(name)": "keeps two values from one name, which no spec here would give them",
    "stated.add(node)": "gives a value a line of its own, which is for the reader",
    "self.written.append(('', []))": "an empty line after a loop",
    "self.ours.add(node)": "lets an array be written over, which saves room",
    "self.direct.add(node)": "keeps a part from being copied to where it is",
    "named.append((name, text))": "a carry that stands in no buffer is a total, which grows in place: nothing gets here",
    "waiting.append(self.parts[node][0])": "a whole lives as long as its parts are read: no witness",
    "roots.add(node)": "the same of the parts",
}
WRITING = [
    pytest.param(module, statement.lineno, id=f"{module.__name__.split('.')[-1]}-{ast.unparse(statement)[:50]}")
    for module in (lower, storage, buffers)
    for statement in statements(module)
    if ast.unparse(statement) not in QUIET
]


@pytest.mark.parametrize(("module", "line"), WRITING)
def test_a_statement_that_is_left_out_of_the_emitter_is_noticed(module, line):
    with broken(module, without(module, line)):
        assert complaint()


# The templates: each loop forgets its first turn


TEMPLATES = {
    path.name: path.read_text(encoding="utf-8") for path in sorted((folder("templates") / "numpy").glob("*.j2"))
}
LOOPS = [(name, loop) for name, text in TEMPLATES.items() for loop in re.findall(r"{% for \w+ in .+? %}", text)]
PROSE = ("block.heading | wrapped", "item.doc[1:]", "header", "doc[1:]")  # which no number depends on


@pytest.mark.parametrize(("name", "loop"), LOOPS)
def test_a_loop_of_a_template_that_forgets_its_first_turn_is_noticed(name, loop, monkeypatch):
    variable, sequence = re.fullmatch(r"{% for (\w+) in (.+) %}", loop).groups()
    forgetful = {**TEMPLATES, name: TEMPLATES[name].replace(loop, f"{{% for {variable} in ({sequence})[1:] %}}")}
    changed = render.environment().overlay(loader=jinja2.DictLoader(forgetful))
    monkeypatch.setattr(render, "environment", lambda: changed)
    committed = (ROOT / "generated" / "lstm.py").read_text(encoding="utf-8")
    assert compile_file(find_spec("lstm")).source != committed
    assert complaint() or sequence in PROSE
