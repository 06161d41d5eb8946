"""Malformed specs: each fault is told at its line and column, with what was expected, and never as a traceback."""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from graphgen.check.module import check, load
from graphgen.compiler import compile_cell, compile_file
from graphgen.elaborate import elaborate
from graphgen.errors import GraphgenError, SpecError
from graphgen.ir.op import OPS
from graphgen.resources import shipped_specs
from graphgen.spec.reader import read, read_text

BASE = """\
cell: demo
doc: A cell to break.
source: nowhere
dims: {n: units, k: features, m: batch}
parameters:
  W: [n, k]
  b: {shape: [n, 1], init: zeros}
inputs: {x: [k, m]}
states: {h: [n, m]}
constants: {half: 0.5}
functions:
  "bend(u, v)": u * sigmoid(v * u)
equations:
  - z = W @ x + b
  - y = tanh(z)
  - h = h_prev + bend(y, half) + z
outputs: [h]
average_over: m
"""

# Each case: a piece of BASE to replace, and the cases; a case is what to put there, the fault's place between « and »
# (a « alone marks a place that is only a point), a part of the message and a part of the cure.
Fault = tuple[str, str] | tuple[str, str, str]
FAULTS: dict[str, list[Fault]] = {
    "cell: demo": [
        ("«cel»: demo", "there is no key 'cel'", "did you mean 'cell'?"),
        ("cell: demo\n«colour»: red", "there is no key 'colour'", ""),
        ("«<<»: {a: b}\ncell: demo", "there is no key '<<'"),
        ("«''»: a\ncell: demo", "there is no key ''"),
        ("cell: demo\n«cell»: demo", "'cell' is given twice", "the first is on line 1"),
        ("? «[a]»\n: b\ncell: demo", "expected a name", "a key is a single name"),
        ("cell: «[a]»", "expected the name of the cell", "this is a list"),
        ("cell: «{a: b}»", "expected the name of the cell", "this is a mapping"),
        ("cell:«", "'' is no name"),
        ("cell: «2d»", "'2d' is no name", "a name is a letter, then letters, digits and _"),
        ("cell: «a b»", "'a b' is no name"),
        ("cell: «_a»", "'_a' is no name"),
        ("cell: «é»", "'é' is no name"),
        ("cell: «class»", "'class' already means something in Python", "class_1"),
        ("cell: «print»", "'print' already means something in Python", "print_1"),
        ("cell: «forward»", "the generated module needs the name 'forward'", "forward_1"),
        ("cell: «&a demo", "anchors (&name) are not part of the spec language"),
        ("cell: «*a", "aliases (*name) are not part of the spec language"),
        ("cell: «!!str demo", "tags (!name) are not part of the spec language"),
        ("«\tcell: demo", "this is not YAML: found character '\\t'", "indent with spaces, not tabs"),
        ("cell: demo\n  doc«: a", "this is not YAML: mapping values are not allowed here", "in quotes"),
        ("cell: demo«\x07", "this is not text: special characters are not allowed"),
        ("cell: «@a", "this is not YAML: found character '@'"),
        ('cell: "\\«q"', "this is not YAML: found unknown escape character 'q'"),
    ],
    "cell: demo\n": [("«", "the key 'cell' is missing", "a spec needs cell, equations and outputs")],
    "doc: A cell to break.": [
        ("doc: a«: b", "mapping values are not allowed here", "put text that has ': ' in it in quotes"),
        ("doc: «[a]»", "expected text", "this is a list"),
        ("doc: «{a: b}»", "expected text", "this is a mapping"),
        ('doc: «"a\\x07b"»', "the character '\\x07' has no place in text"),
    ],
    "source: nowhere": [
        ("source: «[a, b]»", "expected text", "this is a list"),
        ('source: «"a\\u2028b"»', "the character '\\u2028' has no place in text"),
    ],
    "{n: units, k: features, m: batch}": [
        ("«[n, k, m]»", "expected a mapping from each dim to what it counts", "as in {n_x: input features"),
        ("«n»", "expected a mapping from each dim to what it counts"),
        ("{n: «[units]», k: features, m: batch}", "expected text", "this is a list"),
        ("{n: units, «n»: units, k: features, m: batch}", "'n' is given twice", "the first is on line 4"),
        ("{«3n»: units, k: features, m: batch}", "'3n' is no name", "a letter"),
        ("{n: units, k: features, m: batch, «len»: odd}", "'len' already means something in Python", "len_1"),
        ("{n: units, k: features, m: batch, «rng»: odd}", "the generated module needs the name 'rng'"),
        ("{n: units, k: features, m: batch, «q»: odd}", "the dim 'q' is never used", "use it or take it out"),
        ("{n: units, k: features, m: batch, «[q]»: odd}", "expected a name", "a key is a single name"),
    ],
    "W: [n, k]": [
        ("W: «n»", "expected a shape: a list of dims", "as in [3*n_a, m], or [] for one number"),
        ("W:«", "expected a shape: a list of dims"),
        ("W: [n, «q»]", "there is no dim 'q'", "known here: k, m, n"),
        ("W: [n, 2 * «half»]", "there is no dim 'half'"),
        ("W: [n, «n/k»]", "a dim is made of whole numbers and dims with + - *", "as in 3*n_a or n_a + n_x"),
        ("W: [n, «1.5»]", "a dim is made of whole numbers"),
        ("W: [n, «True»]", "a dim is made of whole numbers"),
        ("W: [n, «2**k»]", "a dim is made of whole numbers"),
        ("W: [n, 1 + «abs(k)»]", "a dim is made of whole numbers"),
        ("W: [n, '«k[0]»']", "a dim is made of whole numbers"),
        ("W: [n, «-k»]", "the size -k may be negative"),
        ("W: [n, «n - k»]", "may be negative"),
        ("W: [n, «[k]»]", "expected an expression", "this is a list"),
        ("W: [n, «+k»]", "the only sign is a minus"),
        ("W: [n, «k // 2»]", "there is no operator //"),
        ("W: [n, k +«]", "cannot read this"),
        ("W: [n, «é»]", "the character 'é' has no place here"),
        ("W: [n, k\n  b«: [n]", "this is not YAML"),
        (f"W: [n, «{'9' * 4000}»*{'9' * 4000}]", "a number of so many digits is too large"),
        ("W: [n, k * «9007199254740993»]", "this is too large for a whole number"),
        ("W: [n, k«) + (k]", "unmatched ')'"),
        ("W: {«shap»: [n, k]}", "a parameter has no 'shap'", "did you mean 'shape'?"),
        ("W: «{init: zeros}»", "'W' has no shape", "as in {shape: [n_a, 1], init: zeros}"),
        ("W: {shape: [n, k], «shape»: [n, k]}", "'shape' is given twice", "the first is on line 6"),
        ("W: {shape: «n»}", "expected a shape: a list of dims"),
        ("W: {shape: [n, k], «dtype»: int}", "a parameter has no 'dtype'", "it gets a gradient"),
        ("W: {shape: [n, k], init: «zero»}", "there is no init 'zero'", "one of zeros, ones, glorot, orthogonal"),
        ("W: {shape: [n, k], init: «constant»}", "there is no init 'constant' without a value", "{constant: 1.0}"),
        ("W: {shape: [n, k], init:« }", "there is no init ''"),
        ("W: {shape: [n, k], init: «{uniform: 1}»}", "only constant and normal take a value", "{normal: 0.1}"),
        ("W: {shape: [n, k], init: «{}»}", "only constant and normal take a value"),
        ("W: {shape: [n, k], init: «{constant: 1, normal: 2}»}", "only constant and normal take a value"),
        ("W: {shape: [n, k], init: «[]»}", "expected an init", "one of zeros"),
        ("W: {shape: [n, k], init: {constant: «abc»}}", "'abc' is no finite number", "as in 1.0 or 1e-5"),
        ("W: {shape: [n, k], init: {normal: «[1]»}}", "expected a number", "this is a list"),
        ("W: [n, k]\n  «W»: [n, k]", "'W' is given twice", "the first is on line 6"),
        ("W: [n, k]\n  «n»: [n, k]", "the name 'n' is taken: see line 4", "choose another name"),
        ("W: [n, k]\n  «Q»: [n, k]", "the parameter 'Q' is never read", "use it or take it out"),
        ("W: [n, k]\n  «lambda»: [n, k]", "'lambda' already means something in Python", "lambda_1"),
        ("W: [n, k]\n  «np»: [n, k]", "the generated module needs the name 'np'", "np_1"),
        ("W: [n, k]\n  «sigmoid»: [n, k]", "the generated module needs the name 'sigmoid'"),
        ("W: [n, k]\n  «residuals»: [n, k]", "the generated module needs the name 'residuals'"),
        ("W: [n, k]\n  «W.x»: [n, k]", "'W.x' is no name"),
    ],
    "inputs: {x: [k, m]}": [
        ("inputs: «[x]»", "expected a mapping from the name of an input to its shape", "as in {x: [n_x, m]}"),
        ("inputs:«", "expected a mapping from the name of an input to its shape"),
        ("inputs: {x: [k, m], «W»: [k]}", "the name 'W' is taken: see line 6", "choose another name"),
        ("inputs: {x: [k, m], «w»: [k]}", "the input 'w' is never read", "use it or take it out"),
        ("inputs: {x: «{}»}", "'x' has no shape"),
        ("inputs: {x: {shape: [k, m], «init»: zeros}}", "an input has no 'init'"),
        ("inputs: {x: {shape: [k, m], dtype: «real»}}", "there is no dtype 'real'", "one of float, int, bool"),
        ("inputs: {x: {shape: [k, m], dtype: «[int]»}}", "expected a dtype", "this is a list"),
    ],
    "states: {h: [n, m]}": [
        ("states: «h»", "expected a mapping from the name of a state to its shape"),
        ("states: {h: {shape: [n, m], «init»: zeros}}", "a state has no 'init'"),
        ("states: {h: [n, m], «h»: [n, m]}", "'h' is given twice", "the first is on line 9"),
        ("states: {h: [n, m], «h_prev»: [n, m]}", "the name 'h_prev' is taken", "states are read under it"),
        ("states: {h: [n, m], «c»: [n, m]}", "no equation assigns the state 'c'", "as in `- c = …`"),
        ("states: {h: [n, m], «x»: [n, m]}", "the name 'x' is taken: see line 8", "choose another name"),
    ],
    "constants: {half: 0.5}": [
        ("constants: «[half]»", "expected a mapping from names to numbers", "as in {forget_bias: 1.0}"),
        ("constants: {half:« }", "'' is no finite number", "as in 1.0 or 1e-5"),
        ("constants: {half: «[1]»}", "expected a number", "this is a list"),
        ("constants: {half: «abc»}", "'abc' is no finite number"),
        ("constants: {half: «NO»}", "'NO' is no finite number"),
        ("constants: {half: «12:30»}", "'12:30' is no finite number"),
        ("constants: {half: «nan»}", "'nan' is no finite number"),
        ("constants: {half: «1e999»}", "'1e999' is no finite number"),
        ("constants: {half: «1_0»}", "'1_0' is no finite number"),
        ("constants: {half: «0x1»}", "'0x1' is no finite number"),
        ("constants: {half: «1/2»}", "'1/2' is no finite number"),
        ("constants: {half: 0.5, «odd»: 1}", "the constant 'odd' is never used", "use it or take it out"),
        ("constants: {half: 0.5, «x»: 1}", "the name 'x' is taken: see line 8", "choose another name"),
        ("constants: {half: 0.5, «h_prev»: 1}", "the name 'h_prev' is taken: see line 9", "states are read under it"),
    ],
    '"bend(u, v)"': [
        ('«"tanh(u, v)"»', "'tanh' is a function already", "choose another name"),
        ('«"bend"»', "expected the function's name and arguments", 'as in "swish(u, beta)"'),
        ('«"bend()"»', "expected the function's name and arguments"),
        ('«"bend(u, v=1)"»', "expected the function's name and arguments"),
        ('«"bend(u, 1)"»', "expected the function's name and arguments"),
        ('«"bend(u, u)"»', "an argument is named twice"),
        ('"«bend(*u)»"', "arguments cannot be starred"),
        ('"«a.bend(u)»"', "only a function's name can be called"),
        ('"bend«(u, v"', "'(' was never closed"),
        ('«"print(u, v)"»', "'print' already means something in Python"),
        ('«"np(u, v)"»', "the generated module needs the name 'np'"),
        ('«"bend(u, rng)"»', "the generated module needs the name 'rng'"),
        ('«"bend(u, _v)"»', "'_v' is no name"),
        ('«"W(u, v)"»', "the name 'W' is taken: see line 6", "choose another name"),
        ('«"h_prev(u, v)"»', "the name 'h_prev' is taken: see line 9"),
        ('«"bend(u, v, w)"»', "the argument 'w' is never read", "use it or take it out"),
        ('«"idle(u)"»: u\n  "bend(u, v)"', "the function 'idle' is never called", "use it or take it out"),
        ('"bend(u, v)": u * v\n  «"bend(u, w)"»', "the name 'bend' is taken: see line 12"),
        ('"bend(u, v)": u * v\n  «"bend(u, v)"»', "'bend(u, v)' is given twice"),
        ('"bend(u, v)": u * v\n  «"bend_du(u)"»', "the name 'bend_du' is taken: see line 12", "choose another name"),
    ],
    "u * sigmoid(v * u)": [
        ("«[u, v]»", "expected an expression", "this is a list"),
        ("u * v * «q»", "a function reads its arguments and constants, not 'q'", "known here: half, u, v"),
        ("u * v * «hlaf»", "a function reads its arguments and constants, not 'hlaf'", "did you mean 'half'?"),
        ("u * v * «x»", "a function reads its arguments and constants, not 'x'"),
        ("u * v * «n»", "a function reads its arguments and constants, not 'n'"),
        ("u * «sigmod»(v)", "'sigmod' is no elementwise function", "did you mean 'sigmoid'?"),
        ("u * «sum»(v)", "'sum' is no elementwise function"),
        ("u * «bend»(u, v)", "'bend' is no elementwise function"),
        ("«u @ v»", "a function works on each element alone: use *"),
        ("v * «u[0]»", "a function works on each element alone"),
        ("v * «u.T»", "a function works on each element alone"),
        ("«(u, v)»", "a function works on each element alone"),
        ("u * v + «None»", "expected a number"),
        ("u * v * «True»", "expected a number"),
        ("u * v * «'a'»", "expected a number"),
        ("«u if u else v»", "IfExp is not part of the language", "write where(condition, a, b)"),
        ("«u // v»", "there is no operator //"),
        ("u * «tanh(v, 1)»", "too many arguments: tanh(x)"),
        ("u * «where(v > 0, u)»", "where needs b: where(condition, a, b)"),
        ("u * «where(v, u, 0)»", "the condition must be a comparison"),
        ("u * leaky_relu(v, «rate=2»)", "leaky_relu has no argument 'rate'", "known here: slope"),
        ("u * leaky_relu(v, slope=«u»)", "'slope' is a number that is known when the spec is read"),
        ("u * v * «9**9**9»", "this number cannot be computed"),
        ("u * v ** «9**9**9»", "this number cannot be computed"),
        ("u * v + «1 / 0»", "this number cannot be computed"),
        ("u * v + «(-1) ** 0.5»", "this number is complex"),
        ("u * v * «1e999»", "finite"),
        (f"u * v * «1{'0' * 400}»", "a number of so many digits is too large"),
        ("u * v * «9007199254740993»", "this is too large for a whole number"),
        ("u * v +«", "cannot read this"),
        ("«u * v w", "perhaps an operator is missing"),
    ],
    "  - z = W @ x + b\n  - y = tanh(z)\n  - h = h_prev + bend(y, half) + z\n": [
        ("  «[]»\n", "there are no equations"),
        ("  «z»: W @ x + b\n", "expected a list of equations"),
    ],
    "- y = tanh(z)": [
        ("-« \n  - y = tanh(z)", "expected an equation, `name = expression`", "as in `h = tanh(W @ x + b)`"),
        ("- y =«", "expected an expression"),
        ("- «tanh(z)»\n  - y = z", "expected an equation, `name = expression`"),
        ("- «y == tanh(z)»", "expected an equation, `name = expression`"),
        ("- «y := tanh(z)»", "expected an equation, `name = expression`"),
        ("- «y += tanh(z)»", "expected an equation, `name = expression`"),
        ("- «y, w = tanh(z)»", "expected an equation, `name = expression`"),
        ("- «y[0] = tanh(z)»", "expected an equation, `name = expression`"),
        ("- «y.z = tanh(z)»", "expected an equation, `name = expression`"),
        ("- «2y = tanh(z)»", "expected an equation, `name = expression`"),
        ("- «[y]»", "expected an equation such as `h = tanh(W @ x + b)`", "this is a list"),
        ("- «y: tanh(z)", "expected an equation such as `h = tanh(W @ x + b)`", "text with ': ' in it must stand"),
        ("- y = tanh(z)\n  - «y» = z", "the name 'y' is taken: see line 15", "choose another name"),
        ("- y = tanh(z)\n  - «x» = z", "the name 'x' is taken: see line 8", "choose another name"),
        ("- y = tanh(z)\n  - «bend» = z", "the name 'bend' is taken: see line 12"),
        ("- y = tanh(z)\n  - «h_prev» = z", "the name 'h_prev' is taken: see line 9", "states are read under it"),
        ("- y = tanh(z)\n  - «idle» = z", "'idle' is never read", "list it under outputs or take it out"),
        ("- y = tanh(z)\n  - «lambda» = z", "'lambda' already means something in Python", "lambda_1"),
        ("- y = tanh(z)\n  - «sum» = z", "'sum' already means something in Python", "sum_1"),
        ("- y = tanh(z)\n  - «np» = z", "the generated module needs the name 'np'", "np_1"),
        ("- y = tanh(z)\n  - «softmax» = z", "the generated module needs the name 'softmax'"),
        ("- y = tanh(z)\n  - «_q» = z", "'_q' is no name"),
        ("- y = tanh(z)\n  - «é» = z", "'é' is no name"),
    ],
    "- h = h_prev + bend(y, half) + z": [
        ("- h = «h_prev + bend(y, half) + z > 0»", "a state is made of floats"),
        ("- h = «sum(h_prev + bend(y, half) + z)»", "the state 'h' is declared [n, m], this is []", "keeps"),
        ("- h = h_prev\n  - «h» = bend(y, half) + z", "'h' is assigned twice", "give the second another name"),
    ],
    "outputs: [h]": [
        ("outputs:«", "expected a list of names", "as in [a]"),
        ("outputs: «h»", "expected a list of names"),
        ("outputs: «[]»", "there are no outputs", "list what the cell computes, as in [a]"),
        ("outputs: [h, «h»]", "'h' is listed twice"),
        ("outputs: [«hh»]", "no equation assigns 'hh'", "did you mean 'h'?"),
        ("outputs: [h, «x»]", "no equation assigns 'x'", "known here: h, y, z"),
        ("outputs: [«[h]»]", "expected a name", "this is a list"),
        ("outputs: [h, «{y: z}»]", "expected a name", "this is a mapping"),
    ],
    "average_over: m": [
        ("average_over: «q»", "there is no dim 'q'", "known here: k, m, n"),
        ("average_over: «2*m»", "there is no dim '2*m'"),
        ("average_over: «[m]»", "expected a dim", "this is a list"),
        ("average_over:«", "there is no dim ''"),
        ("average_over: m\n«---\ncell: other", "another document"),
    ],
}  # fmt: skip

# The same for the right side of `- y = tanh(z)`.
EXPRESSIONS: list[Fault] = [
    # What Python's parser refuses.
    ("z +«", "cannot read this"),
    ("«z z", "perhaps an operator is missing"),
    ("«tanh z", "perhaps an operator is missing"),
    ("z «$ z", "cannot read this"),
    ("z «? z", "cannot read this"),
    ("z**«*2", "cannot read this"),
    ("z«; z", "cannot read this"),
    ("«import os", "cannot read this"),
    ("«0777", "leading zeros"),
    ("tanh«(z", "'(' was never closed"),
    ("tanh«(tanh(z)", "'(' was never closed"),
    ("z«[0", "'[' was never closed"),
    ("tanh(z)«) + (z", "unmatched ')'"),
    ("z«) * 2", "unmatched ')'"),
    ("z[0«)", "closing parenthesis ')' does not match"),
    ("«z = x", "cannot read this"),
    ("z + «é", "the character 'é' has no place here"),
    ("z«\u00a0+ z", "the character '\\xa0' has no place here"),
    ("z + «σ(z)", "the character 'σ' has no place here"),
    ("«9" + "9" * 4400, "digits"),
    # What the language leaves out.
    ("«z if z else z»", "IfExp is not part of the language", "write where(condition, a, b)"),
    ("«z and z»", "BoolOp is not part of the language", "compare one thing at a time"),
    ("z * («z or z»)", "BoolOp is not part of the language"),
    ("«not z»", "the only sign is a minus"),
    ("«~z»", "the only sign is a minus"),
    ("z * «+z»", "the only sign is a minus"),
    ("«z // 2»", "there is no operator //"),
    ("«z % 2»", "there is no operator %"),
    ("«z << 2»", "there is no operator <<"),
    ("«z & z»", "there is no operator &"),
    ("where(«0 < z < 1», z, z)", "compare two things at a time"),
    ("«z in x»", "only >, >=, <, <=, == and != compare"),
    ("«z is x»", "only >, >=, <, <=, == and != compare"),
    ("«z.shape»", "the only attribute is .T, not .shape"),
    ("«z.__class__»", "the only attribute is .T, not .__class__"),
    ("«z.sum()»", "only a function's name can be called"),
    ("«tanh(z)(z)»", "only a function's name can be called"),
    ("«tanh(*z)»", "arguments cannot be starred"),
    ("«tanh(**z)»", "arguments cannot be starred"),
    ("concat([«*z»])", "Starred is not part of the language"),
    ("(«q := z»)", "NamedExpr is not part of the language", "give it an equation of its own"),
    ("«[q for q in z]»", "ListComp is not part of the language", "write one equation per element"),
    ("sum«(q for q in z)»", "GeneratorExp is not part of the language"),
    ("z * «lambda", "cannot read this"),
    ("(«yield z»)", "Yield is not part of the language"),
    ("(«await z»)", "Await is not part of the language"),
    ("«f'{z}'»", "JoinedStr is not part of the language", "equations hold arrays and numbers"),
    ("z * «'a1'»", "'a1' is no number"),
    ("«b'a'»", "b'a' is no number"),
    ("z * «1j»", "1j is no number"),
    ("__import__(«'os; 1'»)", "'os; 1' is no number"),
    # Names.
    ("«q»", "there is no 'q'", "known here: W, b, h_prev, half, k, m, n, x, z"),
    ("z * «hlaf»", "there is no 'hlaf'", "did you mean 'half'?"),
    ("«h» + z", "'h' is not assigned yet: see line 16", "the state before the step is h_prev"),
    ("«y» + z", "'y' is not assigned yet"),
    ("«sigmod»(z)", "there is no function 'sigmod'", "did you mean 'sigmoid'?"),
    ("«bned»(z, 1)", "there is no function 'bned'", "did you mean 'bend'?"),
    ("«print»(z)", "there is no function 'print'"),
    ("«z»(z)", "there is no function 'z'"),
    ("«tanh»", "'tanh' is a function", "call it: tanh(…)"),
    ("«bend» * z", "'bend' is a function", "call it: bend(…)"),
    # What is no array or number.
    ("«()»", "expected an array or a number"),
    ("«z, z»", "expected an array or a number"),
    ("«[z, z]»", "expected an array or a number"),
    ("«None»", "expected an array or a number"),
    ("z + «True»", "expected an array or a number"),
    ("tanh(«'ij'»)", "expected an array or a number"),
    ("«half».T * z", ".T needs an array, and this is a number"),
    ("«n».T * z", ".T needs an array, and this is a number"),
    ("«2[0]»", "[ ] needs an array, and this is a number"),
    # Numbers.
    ("«1 / 0» * z", "this number cannot be computed: float division by zero"),
    ("«half / 0» * z", "this number cannot be computed"),
    ("«9**9**9» * z", "this number cannot be computed"),
    ("z ** «9**9**9»", "this number cannot be computed"),
    ("«0 ** -1» * z", "this number cannot be computed"),
    ("«(-1) ** 0.5» * z", "this number is complex"),
    ("z * «1e999»", "finite"),
    ("z * «1" + "0" * 400 + "»", "a number of so many digits is too large"),
    ("z * «9007199254740993»", "this is too large for a whole number"),
    # Shapes.
    ("«z + x»", "shapes [n, m] and [k, m] do not broadcast: n and k differ"),
    ("«z * W»", "shapes [n, m] and [n, k] do not broadcast: m and k differ"),
    ("tanh(«z - x») + z", "shapes [n, m] and [k, m] do not broadcast: n and k differ"),
    ("«maximum(z, x)»", "shapes [n, m] and [k, m] do not broadcast"),
    ("«bend(z, x)»", "shapes [n, m] and [k, m] do not broadcast"),
    ("where(«z > x», z, z)", "shapes [n, m] and [k, m] do not broadcast"),
    ("«z @ z»", "the inner dims of [n, m] @ [n, m] differ: m and n"),
    ("«z @ W.T» @ W", "the inner dims of [n, m] @ [k, n] differ: m and k"),
    ("«W @ half»", "@ multiplies two arrays; use * with a number"),
    ("z + «2 @ 2»", "@ multiplies two arrays; use * with a number"),
    ("«sum(z) @ z»", "a matrix product takes arrays of one axis or more; use * with a number"),
    ("«concat(z, W)»", "concat along axis", ""),
    ("concat(z, «1»)", "concat needs an array, and this is a number"),
    ("«concat(z, sum(z))»", "concat takes arrays of equally many axes, one or more, not [n, m] and []"),
    ("concat(z, z, axis=«(0, 1)»)", "'axis' is one whole number"),
    ("concat(z, z, axis=«None»)", "whole number"),
    ("«squeeze(z, axis=0)»", "squeeze takes out axes of size 1; axis 0 of [n, m] is not"),
    ("«broadcast_to(z, (n, 2))»", "shapes [n, m] and [n, 2] do not broadcast"),
    ("«broadcast_to(z, (m,))»", "[n, m] cannot be broadcast to [m]"),
    ("softmax(z, axis=«(0, 1)»)", "'axis' is one whole number"),
    ("softmax(«half») * z", "softmax needs an array, and this is a number"),
    ("«softmax(sum(z))» * z", "axis -1 is out of range for an array with 0 axes"),
    ("transpose(«2») * z", "transpose needs an array, and this is a number"),
    ("«sum(z, axis=2)»", "axis 2 is out of range for an array with 2 axes"),
    ("«mean(z, axis=(0, -2))»", "axis (0, -2) names an axis twice"),
    ("«expand_dims(z, 5)»", "axis 5 is out of range for an array with 3 axes"),
    ("expand_dims(z, «None»)", "'axis' is a whole number, or several in brackets", "as in axis=0"),
    ("«transpose(z, axes=(0, 0))»", "must name each axis of [n, m] once"),
    ("transpose(z, axes=«(1,)»)", "axes name each of the 2 axes once"),
    ("«where(z, z, z)»", "the condition must be a comparison, such as x > 0"),
    ("«where(z > 0, z > 1, z < 0)»", "where chooses between numbers, not between comparisons"),
    ("«zeros((2, -3))»", "negative"),
    ("z + «zeros((n - k, m))»", "negative"),
    # Subscripts.
    ("«z[0, 0, 0]»", "3 indices for an array of 2 axes"),
    ("z[«half»]", "an index is made of whole numbers and dims", "as in x[:n_a] or x[-1]"),
    ("z[«1.5»]", "an index is made of whole numbers and dims"),
    ("z[«True»]", "an index is made of whole numbers and dims"),
    ("z[:«[0]»]", "an index is made of whole numbers and dims"),
    ("z[:«n / 2»]", "an index is made of whole numbers and dims"),
    ("«z[n]»", "the index n is not sure to lie within the n of [n, m]"),
    ("«z[1]»", "the index 1 is not sure to lie within the n of [n, m]"),
    ("«z[-n - 1]»", "is not sure to lie within the n of [n, m]"),
    ("«z[:m]»", "the slice 0:m is not sure to lie within the n of [n, m]"),
    ("«z[2:1]»", "the slice 2:1 is not sure to lie within the n of [n, m]"),
    ("«z[:, n:]»", "is not sure to lie within the m of [n, m]"),
    ("z[::«half»]", "step"),
    ("z[::«0»]", "step"),
    ("z[«tanh»]", "'tanh' is a function"),
    # Arguments.
    ("«tanh()»", "tanh needs x: tanh(x)"),
    ("«maximum(z)»", "maximum needs b: maximum(a, b)"),
    ("«where(z > 0)»", "where needs a and b: where(condition, a, b)"),
    ("«concat()»", "concat needs arrays: concat(*arrays, axis=0)"),
    ("«zeros()»", "zeros needs shape: zeros(shape)"),
    ("«tanh(z, 1)»", "too many arguments: tanh(x)"),
    ("«sum(z, 0, True, 1)»", "too many arguments: sum(x, axis=None, keepdims=False)"),
    ("sum(z, «axes=0»)", "sum has no argument 'axes': sum(x, axis=None, keepdims=False)", "did you mean 'axis'?"),
    ("sum(z, «x=z»)", "'x' is given twice"),
    ("sum(z, axis=0, «axis=1»)", "'axis' is given twice"),
    ("sum(z, 0, «axis=1»)", "'axis' is given twice"),
    ("sum(z, axis=«n»)", "'axis' is a whole number, or several in brackets", "as in axis=0 or axis=(0, -1)"),
    ("sum(z, axis=«1.0»)", "'axis' is a whole number, or several in brackets"),
    ("sum(z, axis=«True»)", "'axis' is a whole number, or several in brackets"),
    ("sum(z, axis=«(0, half)»)", "'axis' is a whole number, or several in brackets"),
    ("sum(z, keepdims=«1»)", "keepdims is True or False"),
    ("transpose(z, «1»)", "axes are whole numbers in brackets", "as in axes=(1, 0)"),
    ("zeros(«(n, half)»)", "a shape is made of dims", "as in (n_a, 1)"),
    ("zeros(«n / 2»)", "a shape is made of dims"),
    ("leaky_relu(z, slope=«n»)", "'slope' is a number that is known when the spec is read"),
    ("leaky_relu(z, slope=«z»)", "'slope' is a number that is known when the spec is read"),
    ("leaky_relu(z, slope=«None»)", "'slope' is a number that is known when the spec is read"),
    ("leaky_relu(z, slope=«1" + "0" * 400 + "»)", "a number of so many digits is too large"),
    ("«bend(z)»", "bend takes u, v"),
    ("«bend(z, v=1)»", "bend takes u, v"),
]

# The same for scalars of every style in place of `- y = tanh(z)`, on one line and over several.
STYLES: list[Fault] = [
    ("- y = z +\n      tanh(«q»)", "there is no 'q'"),
    ("- y =\n      «q»", "there is no 'q'"),
    ("- 'y = z * «q»'", "there is no 'q'"),
    ("- 'y = z +\n\n      tanh(«q»)'", "there is no 'q'"),
    ("- 'y = z * «''a1'''", "'a1' is no number"),
    ('- "y = z * «q»"', "there is no 'q'"),
    ('- "y = z +\\\n      tanh(«q»)"', "there is no 'q'"),
    ('- "y = z \\x2b tanh(«q»)"', "there is no 'q'"),
    ("- \"y = z + «é\"", "the character 'é' has no place here"),
    ("- >\n    y = z +\n    tanh(«q»)", "there is no 'q'"),
    ("- >-\n    y = z +\n    «tanh(z, 1)»", "too many arguments"),
    ("- >2\n      y = z +\n      «q»", "there is no 'q'"),
    ("- |\n    y = z +\n      tanh(«q»)", "there is no 'q'"),
    ("- |\n    y =\n      tanh(«q»)", "there is no 'q'"),
    ("- |2-\n    y = z +\n      tanh(«q»)", "there is no 'q'"),
    ("- |  # not y = q\n    y = z +\n      tanh(«q»)", "there is no 'q'"),
    ("- |\n\n    y = z + «q»", "there is no 'q'"),
    ("- |\n    y = z + # q\n      «q»", "there is no 'q'"),
    ("- |\n    y = tanh(«z\n         + x)", "shapes [n, m] and [k, m] do not broadcast"),
    ("- |\n    y = z +\n      5 «?", "cannot read this"),
    ("- |\n    y = (z +\n      «tanh(z, 1)»)", "too many arguments"),
    ("- |\n    y = «lambda q: q»", "Lambda is not part of the language", "define it under functions:"),
    ("- |\n    y = «{'a': z}»", "Dict is not part of the language", "equations hold arrays and numbers"),
    ("- |\n    y = «{z}»", "Set is not part of the language"),
    ("- «|\n    y: float = z", "expected an equation, `name = expression`"),
    ("- 'y = «9**9**9» * z'", "this number cannot be computed"),
]  # fmt: skip

# The same for calls of operations on arrays of every number of axes.
ARRAYS = """\
cell: calls
dims: {n: rows, m: columns}
inputs:
  v: [n]
  z: [n, m]
  q: [4, 4]
  r: [2, 3, 4]
  t: [2, 3, 4, 5]
  i: {shape: [n], dtype: int}
  b: {shape: [n, m], dtype: bool}
equations:
  - read = sum(v) + sum(z) + sum(q) + sum(r) + sum(t) + sum(where(b, i[0], 0)) + n + m
  - y = CALL
outputs: [read, y]
"""
CALLS: list[Fault] = [
    ("«split(z, 2)»", "n is not sure to divide into 2 equal parts"),
    ("«split(q, 0)»", "4 is not sure to divide into 0 equal parts"),
    ("split(q, sections=«(1, 2)»)[0]", "'sections' is one whole number"),
    ("«split(q, 2)»", "expected an array or a number"),
    ("«split(q, 2)[2]»", "choose one of 2 with a whole number", "as in split(x, 3)[0]"),
    ("«split(q, 2)[:1]»", "choose one of 2 with a whole number"),
    ("split(q, 2)[«w»]", "there is no 'w'"),
    ("«reshape(z, (n, n))»", "[n, m] has m*n elements, [n, n] has n*n"),
    ("«reshape(r, (5, -1))»", "the 24 elements do not divide by 5"),
    ("«reshape(r, (-1, -1))»", "-1"),
    ("reshape(r, «2.5»)", "a shape is made of dims", "as in (n_a, 1)"),
    ("«stack(z, v)»", "stack takes arrays of one shape, not [n, m] and [n]"),
    ("«stack(z, z, axis=9)»", "axis 9 is out of range for an array with 3 axes"),
    ("stack(z, z, axis=«(0, 1)»)", "'axis' is one whole number"),
    ("stack(z, z, axis=«None»)", "whole number"),
    ("concat(z, z, axis=«()»)", "whole number"),
    ("«take(z, i)»", "take needs axis: take(x, indices, axis)"),
    ("«take(z, v, 0)»", "the indices must be integers", ""),
    ("take(z, i, axis=«(0, 1)»)", "'axis' is one whole number"),
    ("«z[v]»", "the indices must be integers"),
    ("z[..., «...»]", "'...' stands once at most"),
    ("«pad(z, ((1, 1), (1, 1), (1, 1)))»", "pad_width needs a pair (before, after) for each axis of [n, m]"),
    ("pad(z, «-1»)", "pad_width is made of whole numbers", "as in 1, (1, 2) or ((0, 1), (2, 0))"),
    ("pad(z, «half»)", "there is no 'half'"),
    ("roll(z, «0.5», axis=0)", "'shift' is one whole number"),
    ("roll(z, «(1, 2)», axis=0)", "'shift' is one whole number"),
    ("roll(z, «[0]», axis=0)", "'shift' is one whole number"),
    ("«flip(z, axis=5)»", "axis 5 is out of range for an array with 2 axes"),
    ("swapaxes(z, 0, «None»)", "'axis2' is one whole number"),
    ("cumsum(z, axis=«(0, 1)»)", "'axis' is one whole number"),
    ("«trace(v)»", "trace takes a matrix, not [n]"),
    ("tril(q, k=«0.5»)", "'k' is one whole number"),
    ("eye(«0.5»)", "'n' is a dim", "as in eye(n_h)"),
    ("«eye(n - 5)»", "negative"),
    ("«one_hot(v, 3)»", "one_hot takes an array of integers"),
    ("full((n, m), «v»)", "'value' is a number that is known when the spec is read"),
    ("einsum(«1», z)", "subscripts are text", "as in einsum('ij,jk->ik', a, b)"),
    ("einsum(«'1'», z)", "'1' is no number"),
    ("«einsum()»", "einsum needs arrays: einsum(subscripts, *operands)"),
    ("«einsum('ij,jk->ik', z)»", "'ij,jk->ik' names 2 operands, and there are 1"),
    ("«einsum('ijk', z)»", "'ijk' names 3 axes of [n, m]"),
    ("«einsum('ij,jk->ik', z, z)»", "'j' in 'ij,jk->ik' is m and n"),
    ("«einsum('ij->iw', z)»", "'w' stands once in the result and in an operand too"),
    ("«group_norm(t, 2)»", "the second axis of [2, 3, 4, 5] is not sure to divide into 2 groups"),
    ("group_norm(t, «(1, 3)»)", "'groups' is one whole number"),
    ("«conv1d(z, z)»", "conv1d takes arrays of 3 axes, not [n, m] and [n, m]"),
    ("«conv2d(t, r)»", "conv2d takes arrays of 4 axes, not [2, 3, 4, 5] and [2, 3, 4]"),
    ("«conv1d(r, r, groups=2)»", "2 groups of channels: [2, 3, 4] and kernel [2, 3, 4] do not match"),
    ("«conv1d(r, r, dilation=2)»", "a window of 7 is not sure to fit into 4"),
    ("«conv1d(r, r, stride=0)»", "stride"),
    ("«max_pool(z, 2)»", "pooling takes [batch, channels, length] or one axis more, not [n, m]"),
    ("«max_pool(r, 5)»", "a window of 5 is not sure to fit into 4"),
    ("«max_pool(r, 0)»", "size is a whole number from 1 on, or one for each"),
    ("«max_pool(t, (0, 1))»", "size is a whole number from 1 on, or one for each"),
    ("«max_pool(t, (1, 2, 3))»", "size is a whole number from 1 on, or one for each"),
    ("«average_pool(r, (2, 2))»", "size is a whole number from 1 on, or one for each"),
    ("«average_pool(r, 2, padding=-1)»", "padding is a whole number from 0 on"),
    ("«cross_entropy(z, v)»", "the targets are class numbers"),
    ("cross_entropy(z, i, axis=«(1,)»)", "'axis' is one whole number"),
    ("cross_entropy(z, i, axis=«None»)", "'axis' is one whole number"),
    ("«attention(q, q, q, mask=q)»", "the mask must be booleans: a comparison, or an input of dtype bool"),
    ("«attention(q, q, z)»", "the inner dims of [4, 4] @ [n, m] differ: 4 and n"),
]  # fmt: skip


def in_base() -> Iterator[tuple[str, Fault]]:
    """Each case with its piece put into the base."""
    for piece, faults in (*FAULTS.items(), ("tanh(z)", EXPRESSIONS), ("- y = tanh(z)", STYLES)):
        assert BASE.count(piece) == 1, piece
        for text, *told in faults:
            yield text[:50] or f"no {piece}", (BASE.replace(piece, text or "«"), *told)
    for text, *told in CALLS:
        yield text, (ARRAYS.replace("CALL", text), *told)


CASES = [pytest.param(text, message, *cure or [""], id=name) for name, (text, message, *cure) in in_base()]


@pytest.fixture(autouse=True)
def _no_hanging() -> Iterator[None]:
    """What takes forever fails, too."""

    def stop(*_: object) -> None:
        raise TimeoutError("graphgen hangs")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)


def unmarked(text: str) -> tuple[str, int, int, int]:
    """The text without « and »; line and column of «, and how many characters of its line » is behind it, or 0."""
    before, after = text.split("«")
    marked, closed, rest = after.partition("»")
    lines = re.split(r"\r?\n", before)
    width = len(re.split(r"\r?\n", marked)[0]) if closed else 0
    return before + marked + rest, len(lines), len(lines[-1]) + 1, width


def fault(text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        compile_cell(read_text(text))
    return caught.value


def test_the_base_of_the_table_is_a_good_spec() -> None:
    assert "def backward_sequence(" in compile_cell(read_text(BASE)).source


@pytest.mark.parametrize(("text", "message", "cure"), CASES)
def test_a_fault_is_told_at_its_place(text: str, message: str, cure: str) -> None:
    text, line, column, width = unmarked(text)
    error = fault(text)
    assert message in error.message
    assert cure in error.cure
    assert (error.position.line, error.position.column) == (line, column), str(error)
    assert not width or error.position.pointer().endswith(" " + "^" * width) or column == 1, str(error)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_the_line_of_the_fault_is_shown_whatever_ends_lines(end: str) -> None:
    error = fault(BASE.replace("doc: A cell to break.", f"# One comment.{end}# And another.").replace("tanh(z)", "q"))
    assert error.position.text == "  - y = q"
    assert error.position.column == 9


@pytest.mark.parametrize("case", STYLES, ids=str)
def test_places_are_the_same_in_a_file_with_carriage_returns(case: Fault) -> None:
    unix, windows = (
        fault(unmarked(BASE.replace("- y = tanh(z)", case[0]).replace("\n", end))[0]) for end in ("\n", "\r\n")
    )
    assert windows.message == unix.message
    assert windows.position == unix.position


def test_a_message_shows_the_line_with_carets_under_the_fault_and_the_cure() -> None:
    error = fault(BASE.replace("tanh(z)", "z + half * tahnh(z)"))
    assert str(error) == (
        "spec.yaml:15:20: there is no function 'tahnh'\n"
        "   15 |   - y = z + half * tahnh(z)\n"
        "      |                    ^^^^^\n"
        "  did you mean 'tanh'?"
    )


DEEP = {
    "brackets": "(" * 250 + "z" + ")" * 250,
    "signs": "-" * 900 + "z",
    "sums": "z + " * 900 + "z",
    "powers": "z ** " * 900 + "z",
    "calls": "tanh(" * 150 + "z" + ")" * 150,
    "subscripts": "z" + "[:]" * 900,
    "transposes": "z" + ".T" * 900,
    "lists": "[" * 190 + "z" + "]" * 190,
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize(("piece", "line"), [("tanh(z)", 15), ("u * sigmoid(v * u)", 12), ("k]", 6)])
def test_deep_nesting_is_an_error_that_names_it(kind: str, piece: str, line: int) -> None:
    deep = {"k]": f"'{DEEP[kind]}']", "tanh(z)": DEEP[kind]}.get(piece, f"'{DEEP[kind]}'")
    error = fault(BASE.replace(piece, deep, 1))
    assert "nest" in error.message
    assert error.position.line == line


@pytest.mark.parametrize("text", ["", " \n", "# nothing but a comment\n"])
def test_an_empty_spec_is_told_with_a_way_to_start(text: str) -> None:
    error = fault(text)
    assert error.message == "the spec is empty"
    assert "graphgen new" in error.cure
    assert (error.position.line, error.position.column) == (1, 1)


@pytest.mark.parametrize("text", ["lstm", "[cell, equations]", "3", "- cell: lstm", "--- ''"])
def test_a_spec_that_is_no_mapping_is_told_what_it_should_be(text: str) -> None:
    assert fault(text).message == "expected a mapping with the keys cell, equations and outputs"


def test_deeply_nested_yaml_is_an_error() -> None:
    assert "nested too deeply" in fault(BASE.replace("nowhere", "[" * 1500)).message


@pytest.mark.parametrize("key", ["cell", "equations", "outputs"])
def test_a_missing_key_is_named(key: str) -> None:
    lines = {"cell": "cell: a", "equations": "equations: [y = x + 1]", "outputs": "outputs: [y]"}
    error = fault("inputs: {x: [3]}\n" + "\n".join(line for name, line in lines.items() if name != key))
    assert error.message == f"the key '{key}' is missing"
    assert (error.position.line, error.position.column) == (1, 1)


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("equations: [y = 1 + 2]\noutputs: [y]", 2, "this is a number, not computed from any array"),
        ("dims: {n: size}\nequations: [y = n * 2]\noutputs: [y]", 3, "this is a number, not computed from any array"),
        (
            "dims: {n: size}\nequations: [y = abs(n)]\noutputs: [y]",
            3,
            "this is a number, not computed from any array",
        ),
        ("states: {h: []}\nequations: [h = 1, y = h_prev + 1]\noutputs: [y]", 3, "this is a number"),
    ],
)
def test_a_result_that_needs_no_array_is_refused(body: str, line: int, message: str) -> None:
    error = fault(f"cell: demo\n{body}")
    assert message in error.message
    assert error.position.line == line


def test_a_name_that_is_a_parameter_and_a_states_previous_value_is_told_at_the_state() -> None:
    error = fault(BASE.replace("W: [n, k]", "W: [n, k]\n  h_prev: [n, k]"))
    assert error.message == "the name 'h_prev' is taken: see line 7"
    assert (error.position.line, error.position.column) == (10, 10)


def test_every_dim_may_have_a_name_that_sequences_would_take_for_their_length() -> None:
    dims = {"T": "n", "T_steps": "k", "T_sequence": "m"}
    text = BASE
    for name, old in dims.items():
        text = re.sub(rf"\b{old}\b", name, text)
    assert "def backward_sequence(" in compile_cell(read_text(text)).source


def test_a_file_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(GraphgenError, match=r"none\.yaml: No such file or directory"):
        read(tmp_path / "none.yaml")


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(GraphgenError, match="Is a directory"):
        read(tmp_path)


def test_a_file_that_is_not_utf8_is_a_message_with_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"cell: caf\xe9\n")
    with pytest.raises(GraphgenError, match=r"latin\.yaml: not UTF-8 text \(byte 9\)"):
        read(path)


def test_messages_name_the_file_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("cell: 2d\nequations: []\noutputs: []\n", "utf-8")
    with pytest.raises(SpecError, match=r"^mine\.yaml:1:7: "):
        compile_file(Path("mine.yaml"))


MUTATIONS = 1500
PIECES = [
    *"()[]{}:,'\"#&*!|>%@`\\-+=/<.\t\n 019_zé\x00",
    "[0]",
    ".T",
    "**",
    " @ ",
    "tanh(",
    "None",
    "a_prev",
    "- ",
    ": ",
]


def mutated(text: str, rng: random.Random) -> str:
    """The text with one to three changes of characters, words or lines: gone, doubled, swapped or put in."""
    for _ in range(rng.randint(1, 3)):
        parts = re.split(rng.choice([r"(\n)", r"(\W)", r"()"]), text)
        i, j = rng.randrange(len(parts)), rng.randrange(len(parts))
        match rng.randrange(4):
            case 0:
                parts[i] = ""
            case 1:
                parts[i] *= 2
            case 2:
                parts[i], parts[j] = parts[j], parts[i]
            case 3:
                parts[i] += rng.choice(PIECES)
        text = "".join(parts)
    return text


def test_mutated_specs_compile_or_are_refused_and_nothing_else() -> None:
    rng = random.Random(0)
    shipped = sorted((path.read_text("utf-8") for path in shipped_specs().values()), key=len)[:12]  # short: quick
    compiled, refused = 0, 0
    for number in range(MUTATIONS):
        text = mutated(rng.choice(shipped), rng)
        signal.alarm(20)
        try:
            cell = read_text(text)
            elaborate(cell)
            if number % 20 == 0:  # the later stages take longer, and see only what the first two let through
                compile_cell(cell, number // 20 % 2)
            compiled += 1
        except SpecError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{text}") from error
    assert compiled > MUTATIONS / 20
    assert refused > MUTATIONS / 2


VALUES = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "0.5",
    "n",
    "-n",
    "(0, 1)",
    "(2, -1)",
    "(n, m)",
    "((1, 1), (0, 2))",
    "(1,)",
    "()",
    "[0]",
]
VALUES += ["None", "True", "'ij'", "'i,i'", "'...i'", "z > 0"]


def test_no_operation_answers_odd_arguments_with_anything_but_a_message() -> None:
    rng = random.Random(0)
    for op in [op for op in OPS.values() if op.public] * 8:
        operands = rng.choices("vzqrtib", k=len(op.operands) + 2 * op.variadic)
        given = [name for name in op.attributes if name not in op.defaults or rng.random() < 0.5]
        attributes = [f"{name}={rng.choice(VALUES)}" for name in given if name not in op.leading]
        call = f"{op.name}({', '.join([rng.choice(VALUES) for _ in op.leading] + operands + attributes)})"
        try:
            elaborate(read_text(ARRAYS.replace("CALL", call)))
        except SpecError:
            continue
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{call}") from error


@pytest.mark.parametrize(
    ("piece", "odd"),
    [
        ("u * sigmoid(v * u)", "(u > 0) * v"),
        ("u * sigmoid(v * u)", "where(u > 0, v, 0)"),
        ("u * sigmoid(v * u)", "tanh(x=u) + maximum(a=u, b=v)"),
        ("u * sigmoid(v * u)", "leaky_relu(u, slope=half) + leaky_relu(v, 0.2)"),
        ("tanh(z)", "z * -(x[0] > 0)"),
        ("tanh(z)", "maximum(b=z, a=0)"),
    ],
)
def test_what_is_odd_but_right_compiles_to_a_module_that_checks(piece: str, odd: str) -> None:
    done = compile_cell(read_text(BASE.replace(piece, odd)))
    assert check(done.source, done.cell, done.step.forward).ok


def test_a_cell_without_inputs_is_told_how_many_steps_there_are() -> None:
    done = compile_cell(
        read_text("""\
cell: free
dims: {n: units}
parameters: {W: [n, n]}
states: {h: [n]}
equations: [h = tanh(W @ h_prev)]
outputs: [h]
""")
    )
    module = load(done.source, "free")
    parameters, state = module.Parameters(W=np.eye(2)), module.State(h=np.ones(2))
    outputs, last, _ = module.forward_sequence(parameters, module.Inputs(), state, T=3)
    assert outputs.h.shape == (3, 2)
    np.testing.assert_allclose(last.h, np.tanh(np.tanh(np.tanh(np.ones(2)))), rtol=1e-15)
    report = check(done.source, done.cell, done.step.forward)
    assert {row.function for row in report.rows} > {"forward"}  # sequences are checked, too
    assert report.ok


def test_a_function_may_call_an_earlier_one_and_both_may_read_constants() -> None:
    piece = '"bend(u, v)": u * sigmoid(v * u)'
    assert piece in BASE
    done = compile_cell(
        read_text(
            BASE.replace(
                piece, '"lift(u)": u * tanh(half * u)\n  "bend(u, v)": lift(u + v) - twice * lift(half * v)'
            ).replace("{half: 0.5}", "{half: 0.5, twice: 2}")
        )
    )
    assert check(done.source, done.cell, done.step.forward).ok
