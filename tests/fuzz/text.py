"""Random text for the reader: shipped specs with random changes, and random bytes."""

from __future__ import annotations

import random
import re
from pathlib import Path

from graphgen.elaborate import elaborate
from graphgen.errors import SpecError
from graphgen.resources import shipped_specs
from graphgen.spec.reader import read_text

WORDS = """
: - , [ ] { } ( ) ' " # & * ! | > % @ ` ? = + / ** // \\ . .. ... ~ ^ < == -> := ; $ _ __ 0 1 -1 1e9 0x1 1_0 07
null true NO 12:30 1e-5 .inf .nan 2020-01-01 !!python/object << &a *a --- ... lambda x: if await f'x'
cell dims parameters inputs states constants functions equations outputs average_over shape init dtype
x m n_a a_prev W_g concat(x) sigmoid axis=0 [::2] [None] .T einsum('ij,jk', reshape zeros int bool float
"""
ODD = [
    "\n", "\t", "\r", "\x00", "\x85", "\u2028", "\ufeff", "\ud7ff", "é", "ﬁ", "𝒳", "  ", "\n  - ", "\n  ", ": ",
    "((((", "[[[[", "9" * 40, "n_a*" * 8 + "n_a",
]  # fmt: skip
PIECES = [*WORDS.split(), *ODD]


def texts(seed: int) -> random.Random:
    """The source of randomness of one batch."""
    return random.Random(seed)


def specs() -> list[str]:
    """The text of every shipped spec, as it is and without its prose."""
    whole = [Path(path).read_text(encoding="utf-8") for path in shipped_specs().values()]
    return whole + [re.sub(r"(?ms)^(doc|source):.*?(?=^\w)", "", text) for text in whole]


def mutated(text: str, rng: random.Random) -> str:
    """A text with a few changes: pieces put in, taken out, doubled, exchanged."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at, length = rng.randrange(len(text) + 1), rng.choice((0, 1, 1, 2, 5, 20))
        piece = rng.choice((rng.choice(PIECES), text[at : at + length], "", chr(rng.randrange(1, 0xD800))))
        if rng.random() < 0.3:  # a word or a number instead of another
            at = text.find(rng.choice(text.split() or [""]))
        text = text[:at] + piece + text[at + length :]
    return text


def anything(rng: random.Random) -> str:
    """Random bytes, as the text that they are."""
    size = rng.choice((0, 1, 3, 10, 50, 200))
    if rng.random() < 0.5:
        return rng.randbytes(size).decode("utf-8", "replace")
    return "".join(rng.choice(PIECES) for _ in range(size // 3))


def text(rng: random.Random, known: list[str]) -> str:
    """One input for the reader: mostly a spec with changes, short ones more often than long ones."""
    if rng.random() < 0.3:
        return anything(rng)
    (spec,) = rng.choices(known, [1 / len(spec) ** 3 for spec in known])
    return mutated(spec, rng)


def is_told(text: str) -> bool:
    """Whether the text is a spec, or its fault is told; anything else comes out as it is."""
    try:
        elaborate(read_text(text))
    except SpecError:
        return True
    return False
