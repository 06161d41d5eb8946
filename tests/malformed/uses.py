"""Faults of specs that use others: pieces of the model, and what breaks there."""

from __future__ import annotations

from graphgen.faults.uses import CALL, MODEL, SCAN

FROM_USE_TO_SCAN = MODEL[MODEL.index("two:") : MODEL.index("\n  - top")]

USES: dict[str, list[tuple[str, ...]]] = {
    "one: lstm": [
        ("use-form", "one: «{dims: {n_a: n_a}}»", "'one' names no spec", "as in {encoder: lstm}"),
        ("mapping", "one: «[lstm]»", "expected a spec", "as in {encoder: lstm}"),
        ("unknown-spec", "one: «lsm»", "there is no shipped spec 'lsm'", "did you mean 'lstm'?"),
        ("use-file", "one: «./none.yaml»", "none.yaml: No such file", "mend the path"),
        ("uses-itself", "one: «spec.yaml»", "a spec cannot use itself"),
        ("use-average", "one: «lstm_averaged»", "only a model says what its cost is a mean over", "average_over"),
        ("unknown-field", "one: {spec: lstm, «dim»: {}}", "a use has no 'dim'", "did you mean 'dims'?"),
        ("function-taken", "one: lstm\n  «tanh»: lstm", "'tanh' is a function already", "choose another name"),
        ("name-taken", "one: lstm\n  «n_x»: lstm", "the name 'n_x' is taken: see line 2"),
        ("name-form", "one: lstm\n  «2d»: lstm", "'2d' is no name"),
        ("repeated-key", "one: lstm\n  «one»: lstm", "'one' is given twice"),
        ("unused", "one: lstm\n  «spare»: lstm", "the use 'spare' is never called", "use it or take it out"),
    ],
    "n_a: 2*n_a": [
        ("unknown-dim", "«n_q»: n_a", "lstm has no dim 'n_q'", "did you mean 'n_x'?"),
        ("unknown-dim", "n_a: 2*«n_q»", "there is no dim 'n_q'"),
    ],
    "{spec: lstm, stack: 3}": [
        ("unknown-share", "{spec: lstm, stack: 3, parameters: «nine»}", "no use before this one is called 'nine'"),
        ("share-differs", "{spec: lstm, stack: 3, parameters: «one»}", "have other stacks"),
        ("share-differs", "{spec: rnn, stack: 3, parameters: «one»}", "are other specs"),
    ],
    CALL: [
        ("use-uncalled", "«one» + z", "'one' is a spec", "scan(one, …)"),
        ("use-stack", "«pile(x=z, a=a_prev, c=c_prev)»", "pile is a stack of 3", "scan(pile, …)"),
        ("use-positional", "one(«z», a=a_prev, c=c_prev)", "the inputs of a spec are given by name", "x=…"),
        ("use-state", "«one(x=z, a=a_prev)»", "one step of one needs its state: c", "state=…"),
        ("use-state", "one(x=z, state=«z»)", "state takes what a cell returns", "encoded.final"),
        ("unknown-input", "one(«w=z», a=a_prev, c=c_prev)", "one has no input 'w'", "known here: a, c, x"),
        ("repeated-argument", "one(x=z, a=a_prev, c=c_prev, «a=z»)", "'a' is given twice"),
        ("missing-input", "«one(a=a_prev, c=c_prev)»", "one needs x", "as in one(x=…, state=…)"),
        ("use-shape", "one(x=«x», a=a_prev, c=c_prev)", "'x' of one is declared [n_x, m], and this is [T, n_x, m]"),
        ("use-shape", "one(x=z, a=a_prev, c=«z»)", "'c' of one is declared [n_a, m], and this is [n_x, m]"),
        ("not-an-array", "one(x=«1», a=a_prev, c=c_prev)", "'x' is an array, and this is a number"),
    ],
    FROM_USE_TO_SCAN: [
        (
            "use-size",
            FROM_USE_TO_SCAN.replace("{spec: lstm, dims: {n_a: 2*n_a}}", "rnn").replace(SCAN, f"«{SCAN}»"),
            "no argument tells the size n_h of two",
            "say it: two: {spec: rnn, dims: {n_h: …}}",
        ),
    ],
    "- y =": [
        (
            "shared-shape",
            "- more = «scan(one, x=x, state=steps.final)»\n  - y = sum(more.a) +",
            "one.W_g would be",
            "use the spec under another name",
        ),
    ],
    "a = step.a": [
        ("record", "a = «step»", "this is all that one returns", "choose one: name.output"),
        ("record", "a = «step» + 1", "this is all that one returns", "choose one: .a, .c"),
        ("unknown-result", "a = «step.b»", "one returns no 'b'", "known here: a, c"),
        ("not-in-language", "a = «step.a.b»", "the only attribute is .T, not .b"),
    ],
    SCAN: [
        ("scan-form", "«scan(x, x=x)» + two", "scan runs one used spec", "of one, two, pile"),
        ("scan-steps", "«scan(two, x=z, lengths=ends)»", "no input of two has an axis of steps", "[T,"),
        ("scan-lengths", "scan(two, x=x, lengths=«z»)", "lengths are integers", "dtype: int"),
        ("scan-lengths", "scan(two, x=x, lengths=«arange(n_x)»)", "no dim is of the size n_x"),
        ("argument-kind", "scan(two, x=x, lengths=ends, reverse=«1»)", "reverse is True or False"),
    ],
}
