"""Malformed specs: each fault is told by its code, at its line and column, with a cure, and never as a traceback."""

from __future__ import annotations

import ast
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphgen.compiler import compile_cell, compile_file
from graphgen.errors import MOST, WIDEST, GraphgenError, SpecError, did_you_mean
from graphgen.faults import EXAMPLE, KINDS, ROOMS, Kind
from graphgen.listing import faults_reference
from graphgen.spec.reader import KEYS, draft_text, read, read_text
from tests.malformed import STYLES, Case, cases, unmarked

CASES = cases()
SPEC_KINDS = {kind.code: kind for kinds in ROOMS.values() for kind in kinds}
ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _no_hanging() -> Iterator[None]:
    """What takes forever fails, too."""

    def stop(*_: object) -> None:
        raise TimeoutError("graphgen hangs")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)


def refused(text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        compile_cell(draft_text(text))
    return caught.value


def places(error: SpecError) -> list[tuple[str, int]]:
    return [(fault.code, fault.position.line) for fault in error.faults]


def test_the_example_is_a_good_spec() -> None:
    assert "def backward_sequence(" in compile_cell(read_text(EXAMPLE)).source


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_fault_is_told_at_its_place(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(case.text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SpecError) as caught:
        compile_file(path)
    error = caught.value
    assert places(error) == [(case.code, case.line)], str(error)
    fault = error.faults[0]
    assert fault.position.column == case.column, str(error)
    assert case.message in fault.message
    assert fault.cure
    assert case.cure in fault.cure
    if 0 < case.width < WIDEST and case.column > 1:
        assert fault.position.pointer().endswith(" " + "^" * case.width), str(error)


def test_the_corpus_has_every_kind_of_fault_and_every_key() -> None:
    assert len(CASES) >= 300
    assert {case.code for case in CASES} == set(SPEC_KINDS)
    assert {key for case in CASES for key in keys_above(case)} >= set(KEYS)


def keys_above(case: Case) -> list[str]:
    """The key of the language whose value has the fault."""
    lines = re.split(r"\r?\n", case.text)[: case.line]
    return [match[0] for line in lines if (match := re.match(r"\w+(?=:)", line))][-1:]


@pytest.mark.parametrize("kind", SPEC_KINDS.values(), ids=SPEC_KINDS)
def test_the_example_of_a_kind_has_that_fault_and_no_other(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_bytes(kind.example)
    with pytest.raises(SpecError) as caught:
        compile_file(path)
    assert [fault.code for fault in caught.value.faults] == [kind.code]


def test_the_reference_of_errors_is_fresh() -> None:
    assert (ROOT / "docs" / "errors.md").read_text("utf-8") == faults_reference()


def test_codes_are_lower_case_words_that_stand_once_in_the_table() -> None:
    codes = [kind.code for kinds in ROOMS.values() for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code) for code in codes)


def test_every_code_that_the_sources_give_is_in_the_table() -> None:
    given = set()
    for path in (ROOT / "graphgen").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in ("fail", "_fault", "ShapeError", "Fault"):
                given |= {
                    arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and " " not in str(arg.value)
                }
    assert given - {"name-form", "name-of-python", "name-of-module"} <= set(KINDS)
    assert {"text", "broadcast", "unknown-key"} <= given


# Several faults of one spec: pieces of the example and what to put there, and the codes and lines that are told.
TOGETHER: list[tuple[dict[str, str], list[tuple[str, int]]]] = [
    (
        {"demo": "2d", "[n, k]": "[n, q]", "u * sigmoid": "q * sigmoid", "outputs: [h]": "outputs: [h, h]"},
        [("name-form", 1), ("unknown-dim", 6), ("function-reads", 12), ("repeated-output", 17)],
    ),
    (  # y hangs on z, which is unknown; h on y
        {"W @ x + b": "W @ h_prev + b", "tanh(z)": "tanh(z + x)", "nowhere": "[a]"},
        [("text", 3), ("inner-dims", 14)],
    ),
    ({"W @ x + b": "W @", "tanh(z)": "tahnh(x)"}, [("syntax", 14), ("unknown-function", 15)]),
    ({"W @ x + b": "W @ q + b", "tanh(z)": "tanh(r)"}, [("unknown-name", 14), ("unknown-name", 15)]),
    ({"{x: [k, m]}": "[x]", "{half: 0.5}": "half"}, [("mapping", 8), ("mapping", 10)]),
    ({"dims:": "dim:", "doc:": "dok:", "half: 0.5": "half: x"},
     [("unknown-key", 2), ("unknown-key", 4), ("number-form", 10)]),
    ({"n: units": "n: [units]", "average_over: m": "average_over: q"}, [("text", 4), ("unknown-dim", 18)]),
    ({"{h: [n, m]}": "{h: [n, m], c: [n, q], d: [n]}"}, [("unknown-dim", 9), ("state-unassigned", 9)]),
    ({"- y = tanh(z)": "- y[0] = tanh(z)"}, [("equation-form", 15)]),
    ({"- y = tanh(z)": "- [y]", "+ z\n": "+ b @ b\n"}, [("text", 15)]),
    ({"- y = tanh(z)": "- y: tanh(z)"}, [("text", 15)]),
    ({'"bend(u, v)"': '"bend(u, v"', "tanh(z)": "bend(z, z)"}, [("bracket", 12)]),
    ({"sigmoid(v * u)": "sum(v)"}, [("not-elementwise", 12)]),
    ({"init: zeros": "int: zeros", "[k, m]": "{shape: [k, m], init: one}"},
     [("unknown-field", 7), ("unknown-field", 8)]),
    ({"shape: [n, 1], init": "shap: [n, 1], int"}, [("unknown-field", 7), ("unknown-field", 7)]),
    ({"{half: 0.5}": "{half: 0.5, a: 1, b: 2, c: 3}"}, [("name-taken", 10)]),
    ({"{half: 0.5}": "{half: 0.5, a: 1, c: 3}"}, [("unused", 10), ("unused", 10)]),
    ({"{half: 0.5}": "{half: 0.5, a: 1}", "tanh(z)": "tanh(q)"}, [("unknown-name", 15)]),
    ({"{h: [n, m]}": "{h: [n, m], x: [n]}"}, [("name-taken", 9)]),
    ({"{h: [n, m]}": "{x: [n, m]}", "{x: [k, m]}": "{h: [k, m]}"},
     [("state-unassigned", 9), ("unknown-name", 14), ("name-taken", 16)]),
    ({"cell: demo\n": "", "outputs: [h]\n": ""}, [("missing-key", 1), ("missing-key", 1)]),
    ({"bend(y, half)": "bend(y)", "outputs: [h]": "outputs: [h, y, q]"},
     [("missing-argument", 16), ("unknown-output", 17)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"), TOGETHER, ids=[str(list(changes.values())) for changes, _ in TOGETHER]
)
def test_faults_that_do_not_hang_on_each_other_are_told_together(
    changes: dict[str, str], expected: list[tuple[str, int]]
) -> None:
    text = EXAMPLE
    for old, new in changes.items():
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    assert places(refused(text)) == expected


def test_no_more_faults_are_told_than_anybody_reads() -> None:
    wrong = "".join(f"  - q{i} = r{i}\n" for i in range(3 * MOST))
    error = refused(EXAMPLE.replace("  - z", f"{wrong}  - z"))
    assert places(error) == [("unknown-name", 14 + i) for i in range(MOST)]


def test_reading_alone_refuses_a_faulty_spec_too() -> None:
    text = EXAMPLE.replace("init: zeros", "init: zero").replace("tanh(z)", "tanh(")
    with pytest.raises(SpecError) as caught:
        read_text(text)
    assert places(caught.value) == [("init", 7), ("bracket", 15)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_the_line_of_the_fault_is_shown_whatever_ends_lines(end: str) -> None:
    text = EXAMPLE.replace("doc: A cell to break.", f"# One comment.{end}# And another.").replace("tanh(z)", "q")
    position = refused(text).faults[0].position
    assert position.text == "  - y = q"
    assert position.column == 9


@pytest.mark.parametrize("case", STYLES, ids=str)
def test_places_are_the_same_in_a_file_with_carriage_returns(case: tuple[str, ...]) -> None:
    spec = unmarked(EXAMPLE.replace("- y = tanh(z)", case[1]))[0]
    unix, windows = (refused(spec.replace("\n", end)).faults for end in ("\n", "\r\n"))
    assert windows == unix


def test_a_message_shows_the_code_the_line_with_carets_under_the_fault_and_the_cure() -> None:
    error = refused(EXAMPLE.replace("tanh(z)", "z + half * tahnh(z)"))
    assert str(error) == (
        "spec.yaml:15:20: there is no function 'tahnh' [unknown-function]\n"
        "   15 |   - y = z + half * tahnh(z)\n"
        "      |                    ^^^^^\n"
        "  did you mean 'tanh'?"
    )


def test_of_a_long_line_the_part_around_the_fault_is_shown() -> None:
    told = str(refused(EXAMPLE.replace("tanh(z)", f"z +{' ' * 200}tahnh(z) + {' ' * 200}z"))).splitlines()
    assert max(map(len, told)) <= WIDEST + 8
    assert told[1][told[2].index("^") : told[2].rindex("^") + 1] == "tahnh"


def test_what_is_told_moves_no_cursor() -> None:
    error = refused(EXAMPLE.replace("source:", '"\\e[2J\\nso\\rurce":'))
    assert str(error).splitlines()[0] == "spec.yaml:3:1: there is no key '\ufffd[2J\ufffdso\ufffdurce' [unknown-key]"


def test_the_nearest_name_is_looked_for_among_few_enough() -> None:
    assert did_you_mean("n19000", [f"n{i:05}" for i in range(20_000)]) in ("", "did you mean 'n01900'?")


DEEP = {
    "brackets": "(" * 250 + "z" + ")" * 250,
    "signs": "-" * 900 + "z",
    "sums": "z + " * 900 + "z",
    "powers": "z ** " * 700 + "z",
    "calls": "tanh(" * 150 + "z" + ")" * 150,
    "subscripts": "z" + "[:]" * 900,
    "transposes": "z" + ".T" * 900,
    "lists": "[" * 190 + "z" + "]" * 190,
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize(("piece", "line"), [("tanh(z)", 15), ("u * sigmoid(v * u)", 12), ("k]", 6)])
def test_deep_nesting_is_an_error_that_names_it(kind: str, piece: str, line: int) -> None:
    deep = {"k]": f"'{DEEP[kind]}']", "tanh(z)": DEEP[kind]}.get(piece, f"'{DEEP[kind]}'")
    assert places(refused(EXAMPLE.replace(piece, deep, 1))) == [("nesting", line)]


def test_every_dim_may_have_a_name_that_sequences_would_take_for_their_length() -> None:
    dims = {"T": "n", "T_steps": "k", "T_sequence": "m"}
    text = EXAMPLE
    for name, old in dims.items():
        text = re.sub(rf"\b{old}\b", name, text)
    assert "def backward_sequence(" in compile_cell(read_text(text)).source


def test_a_file_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(GraphgenError, match=r"none\.yaml: No such file or directory"):
        read(tmp_path / "none.yaml")


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(GraphgenError, match="Is a directory"):
        read(tmp_path)


def test_messages_name_the_file_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(EXAMPLE.replace("demo", "2d"), "utf-8")
    with pytest.raises(SpecError, match=r"^mine\.yaml:1:7: "):
        compile_file(Path("mine.yaml"))
