"""What is too much: each limit, and what was found to hang, crash or fill the memory of a parser."""

from __future__ import annotations

LIMITS: dict[str, list[tuple[str, ...]]] = {
    "cell: demo": [
        ("file-size", "«#" + "x" * 2**20 + "\ncell: demo", "the file is larger than 1 MiB"),
        ("nesting", "[" * 64 + "«[" + "[" * 200_000, "this is nested too deeply", "four levels at most"),
        ("nesting", "{a: " * 64 + "«{" + "a: {" * 100_000, "this is nested too deeply"),
        ("nesting", "- " * 64 + "«- " + "- " * 100_000, "this is nested too deeply"),
        ("nesting", "? " * 64 + "«? " + "? " * 100_000, "this is nested too deeply"),
        ("yaml", "cell: demo\nnone: " + "[" * 20 + "]" * 20 + "«}", "did not find expected"),
        ("name-form", "cell: «ﬁve»", "'ﬁve' is no name"),  # Python would read it as five
    ],
    "source: nowhere": [
        (
            "too-many",
            "none: [" + ("[" + "a, " * 19_989 + "],\n") * 2 + "a, " * 10_013 + "«a]",
            "this is more than 50,000 keys, values and elements",
        ),
    ],
    "nowhere": [("alias", "[«&a [x, x], &b [*a, *a], &c [*b, *b], &d [*c, *c]]", "anchors (&name)")],
    "{n: units, k: features, m: batch}": [
        ("merge-key", "{«<<: [{n: units}], k: features, m: batch}", "merge keys (<<)"),
        ("merge-key", "{n: units, k: features, m: batch, «<<: {}}", "merge keys (<<)"),
        ("name-form", "{n: units, k: features, m: batch, «'<<'»: text}", "'<<' is no name"),
        (
            "too-many",
            "{n: units, k: features, m: batch, " + "".join(f"d{i}: d, " for i in range(19_997)) + "«d: d}",
            "this is more than 20,000 elements",
        ),
    ],
    "W: [n, k]": [
        ("too-many", "W: [" + "n, " * 20_000 + "«n]", "this is more than 20,000 elements"),
        ("number-of-axes", "W: «[n" + ", n" * 30 + "]»", "an array has at most 30 axes"),
        (
            "dim-size",
            "W: [n, «(n + k + m + 1)" + " * (n + k + m + 1)" * 60 + "»]",
            "this product of dims is too large",
        ),
        ("dim-size", "W: [n, «9007199254740992 * 9007199254740992»]", "this product of dims is too large"),
        ("equation-length", "W: [n, «" + "n + " * 1000 + "n]", "this is longer than 4,000 characters"),
        ("nesting", "W: [n, '" + "(" * 64 + "«(" + "k" + ")" * 65 + "']", "nested too deeply"),
    ],
    '"bend(u, v)"': [
        (
            "function-size",
            '"f(u)": tanh(u) * tanh(-u)\n  "g(u)": f(f(u)) * f(f(-u))\n  "i(u)": «g(g(u))»\n  "bend(u, v)"',
            "written out, this has",
        ),
        ("function-size", '"f(u)": «' + "gelu(" * 60 + "u" + ")" * 60 + '»\n  "bend(u, v)"', "written out, this has"),
    ],
    "u * sigmoid(v * u)": [
        ("equation-length", "«" + "u * " * 1000 + "v", "this is longer than 4,000 characters"),
        ("function-size", "«(" + "tanh(u) * " * 15 + "v) * (" + "tanh(u) * " * 40 + "v)»", "written out, this has"),
    ],
    "  - z = W @ x + b\n": [
        (
            "too-many",
            "  - z = W @ x + b\n" + "  - q = z\n" * 19_999 + "  - «q = z\n",
            "this is more than 20,000 elements",
        ),
        (
            "number-size",
            "  - a0 = 3\n"
            + "".join(f"  - a{i + 1} = a{i} * a{i}\n" for i in range(5))
            + "  - a6 = «a5 * a5»\n  - z = W @ x + b * a6\n",
            "this is too large for a whole number",
        ),
    ],
    "- y = tanh(z)": [
        ("equation-length", "- «y = " + "z + " * 1000 + "z", "this is longer than 4,000 characters"),
        ("equation-length", "- «y = " + "(" * 200_000, "this is longer than 4,000 characters"),
        ("nesting", "- «y = " + "-" * 3900 + "z»", "this expression is nested too deeply"),
        ("nesting", "- «y = z" + "[0]" * 1300 + "»", "this expression is nested too deeply"),
        ("nesting", "- «y = z" + "+z" * 1900 + "»", "this expression is nested too deeply"),
        ("nesting", "- «y = z" + "**9" * 1300 + "»", "this expression is nested too deeply"),
    ],
    "tanh(z)": [
        ("nesting", "(" * 64 + "«(" + "z" + ")" * 65, "brackets are nested too deeply"),
        ("nesting", "(" * 64 + "«(" + "(" * 3000, "brackets are nested too deeply"),
        ("number-size", "z * 9**9**«9**9**9»", "this number cannot be computed"),
        ("number-size", "z * 9**(«9**9**9»)", "this number cannot be computed"),
        ("number-size", "z ** (-«9**9**9»)", "this number cannot be computed"),
        ("number-size", "z * «" + "9" * 3900 + "»", "this is too large for a whole number"),
        ("number-size", "z * «0x" + "f" * 3900 + "»", "this is too large for a whole number"),
        ("number-size", "z * («9007199254740992 * 2»)", "this is too large for a whole number"),
        ("not-in-language", "z * («1 << 9999999999»)", "there is no operator <<"),
        ("not-a-value", "«'a'» * 9999999999", "expected an array or a number"),
        ("character", "«ﬁ * z", "the character 'ﬁ' has no place here"),
    ],
}
