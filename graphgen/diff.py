"""How two specs differ as equations: the order of sums and products does not matter, nor what a name is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from graphgen.contract import PREVIOUS
from graphgen.ir.op import OPS
from graphgen.ir.shape import show
from graphgen.spec.model import Cell, Equation

Renaming = dict[str, str]  # names of the first spec -> names of the second; no two go to one
Kinds = tuple[dict[str, str], dict[str, str]]  # what each name of the two specs is: a parameter, an equation, …
MANY = 6  # operands of one sum or product, beyond which their order is taken as written


@dataclass(frozen=True)
class Difference:
    """What two specs share and what only one of them has, as lines of text."""

    lines: tuple[str, ...]
    same: bool


def compare(first: Cell, second: Cell) -> Difference:
    """Pair the equations that say the same, first under the same names, then under other names."""
    pairs: dict[int, int] = {}
    renaming: Renaming = {}
    for kinds in (None, (_kinds(first), _kinds(second))):
        for i in range(len(first.equations)):
            partner = None if i in pairs else _partner(first.equations[i], second, pairs, renaming, kinds)
            if partner:
                pairs[i], renaming = partner
    lines = list(_equations(first, second, pairs, renaming))
    lines += _declarations(first, second, renaming)
    return Difference(tuple(lines), all(line.startswith("  ") for line in lines))


def _partner(
    equation: Equation, second: Cell, pairs: dict[int, int], renaming: Renaming, kinds: Kinds | None
) -> tuple[int, Renaming] | None:
    """The first free equation of the second spec that says the same, and under which names."""
    for j, other in enumerate(second.equations):
        found = None if j in pairs.values() else _same(equation, other, renaming, kinds)
        if found is not None:
            return j, found
    return None


def _kinds(cell: Cell) -> dict[str, str]:
    kinds = {name: f"constant {value}" for name, value in cell.constants.items()}
    kinds |= {equation.target: "equation" for equation in cell.equations}
    kinds |= {use.name: f"use {use.told}" for use in cell.uses}
    kinds |= {f.name: f"function of {', '.join(f.arguments)}: {f.body.text.strip()}" for f in cell.functions}
    for kind, variables in (("parameter", cell.parameters), ("input", cell.inputs), ("state", cell.states)):
        kinds |= {variable.name: kind for variable in variables}
    return kinds | {state.name + PREVIOUS: "previous state" for state in cell.states}


def _same(a: Equation, b: Equation, renaming: Renaming, kinds: Kinds | None) -> Renaming | None:
    """The renaming under which two equations are one, if there is any."""
    start = _rename(a.target, b.target, renaming, kinds)
    return None if start is None else next(_unify(a.expression.tree, b.expression.tree, start, kinds), None)


def _rename(a: str, b: str, renaming: Renaming, kinds: Kinds | None) -> Renaming | None:
    """The renaming with one name more, if that is consistent."""
    if a in renaming or b in renaming.values():
        return renaming if renaming.get(a) == b else None
    alike = kinds is not None and kinds[0].get(a) == kinds[1].get(b)
    return {**renaming, a: b} if a == b or alike else None


def _unify(a: ast.expr, b: ast.expr, renaming: Renaming, kinds: Kinds | None) -> Iterator[Renaming]:
    """Every renaming under which two expressions are one."""
    if isinstance(a, ast.Name) and isinstance(b, ast.Name):
        found = _rename(a.id, b.id, renaming, kinds)
        if found is not None:
            yield found
        return
    terms_a, terms_b = _terms(a), _terms(b)
    if terms_a and terms_b and terms_a[0] == terms_b[0] and len(terms_a[1]) == len(terms_b[1]):
        orders = permutations(terms_b[1]) if len(terms_b[1]) <= MANY else [terms_b[1]]
        for order in orders:
            yield from _unify_all(terms_a[1], list(order), renaming, kinds)
        return
    if type(a) is not type(b) or _shallow(a) != _shallow(b):
        return
    children_a, children_b = list(_children(a)), list(_children(b))
    if len(children_a) == len(children_b):
        yield from _unify_all(children_a, children_b, renaming, kinds)


def _unify_all(a: list[ast.expr], b: list[ast.expr], renaming: Renaming, kinds: Kinds | None) -> Iterator[Renaming]:
    if not a:
        yield renaming
        return
    for found in _unify(a[0], b[0], renaming, kinds):
        yield from _unify_all(a[1:], b[1:], found, kinds)


def _terms(node: ast.expr) -> tuple[type, list[ast.expr]] | None:
    """The terms of a sum or the factors of a product."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add | ast.Mult):
        return None
    terms: list[ast.expr] = []
    for side in (node.left, node.right):
        inner = _terms(side)
        terms += inner[1] if inner and inner[0] is type(node.op) else [side]
    return type(node.op), terms


def _shallow(node: ast.expr) -> str:
    """What a node says apart from its operands: its operator, its function, its number."""
    match node:
        case ast.BinOp(op=op) | ast.UnaryOp(op=op):
            return type(op).__name__
        case ast.Call(func=func, keywords=keywords):
            return f"{ast.unparse(func) if _is_op(func) else ''} {[k.arg for k in keywords]}"
        case ast.Constant(value=value):
            return repr(value)
        case ast.Compare(ops=[op]):
            return type(op).__name__
        case ast.Attribute(attr=attr):
            return attr
        case ast.Slice(lower=lower, upper=upper, step=step):
            return f"{bool(lower)} {bool(upper)} {bool(step)}"
    return ""


def _is_op(node: ast.expr) -> bool:
    """Whether a name is that of an operation, which is the same in every spec."""
    return isinstance(node, ast.Name) and node.id in OPS


def _children(node: ast.expr) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.Call) and child is node.func and _is_op(child):
            continue
        if isinstance(child, ast.keyword):
            yield child.value
        elif isinstance(child, ast.expr):
            yield child


def _equations(first: Cell, second: Cell, pairs: dict[int, int], renaming: Renaming) -> Iterator[str]:
    """The equations of both in order: shared ones once, with the second's names where those differ."""
    waiting = [j for j in range(len(second.equations)) if j not in pairs.values()]
    for i, equation in enumerate(first.equations):
        if i not in pairs:
            yield f"- {equation.text}"
            continue
        while waiting and waiting[0] < pairs[i]:
            yield f"+ {second.equations[waiting.pop(0)].text}"
        names = {equation.target, *equation.expression.names}
        other = [f"{renaming[name]} for {name}" for name in sorted(names) if renaming.get(name, name) != name]
        yield f"  {equation.text}" + (f"    (there {', '.join(other)})" if other else "")
    yield from (f"+ {second.equations[j].text}" for j in waiting)


def _declarations(first: Cell, second: Cell, renaming: Renaming) -> list[str]:
    """What only one of the two declares: parameters, states, constants, a mean as its cost, or no backward pass."""
    mine, theirs = _declared(first, renaming), _declared(second, {})
    lines = [f"- {line}" for name, line in mine.items() if name not in theirs]
    return lines + [f"+ {line}" for name, line in theirs.items() if name not in mine]


def _declared(cell: Cell, renaming: Renaming) -> dict[tuple[str, ...], str]:
    """Each declaration's line, by what makes it the same as one of the other spec."""
    lines: dict[tuple[str, ...], str] = {}
    for kind, variables in (("parameter", cell.parameters), ("state", cell.states)):
        for v in variables:
            lines[kind, renaming.get(v.name, v.name)] = f"{kind} {v.name} {show(v.shape)}"
    for use in cell.uses:
        lines["use", renaming.get(use.name, use.name), use.told] = f"use {use.name}: {use.told}"
    for name, value in cell.constants.items():
        lines["constant", renaming.get(name, name), str(value)] = f"constant {name} = {value}"
    if cell.average_over is not None:
        lines["average", str(cell.average_over)] = f"average over {cell.average_over}"
    if not cell.backward:
        lines["backward", "false"] = "no backward pass"
    return lines
