"""The benchmarks: contenders compute the same, and what is measured is shown, written and read again."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import results
from benchmarks.cases import CASES, Choice, jobs
from benchmarks.cli import main
from benchmarks.compiling import generated_spec
from benchmarks.contenders import GRAPHGEN, Recipe
from benchmarks.layouts import FORMS
from benchmarks.measure import BOUNDS, Memory, Result, Timing, differences
from benchmarks.problem import GATES, Problem, Shape
from benchmarks.process import BenchmarkError, Worker
from graphgen.compiler import compile_cell
from graphgen.spec.reader import read_text

SHAPE = Shape(3, 2, 5, 4)


LEVELS = [(cell, dtype, 2, "modules", level) for cell in GATES for dtype in BOUNDS for level in GRAPHGEN.values()]
FORMS_OF_CELLS = [(cell, "float64", 1, "modules", 0, form) for cell, forms in FORMS.items() for form in forms]
BY_HAND = [(cell, "float32", 1, "by_hand") for cell in GATES]


def gradients(file, *arguments):
    """What the second run of a contender computes."""
    run = Recipe(file, arguments).build()
    run.call()
    return run.gradients(run.call())


@cache
def expected(problem):
    return gradients("modules", problem, 0)


@pytest.mark.parametrize("contender", [*LEVELS, *FORMS_OF_CELLS, *BY_HAND], ids=str)
def test_numpy_contenders_compute_the_same(contender):
    cell, dtype, layers, file, *arguments = contender
    problem = Problem(cell, SHAPE, dtype, layers)
    found = gradients(file, problem, *arguments)
    assert all(array.dtype == dtype for array in found.values())
    assert max(differences(found, expected(problem.exactly())).values()) <= BOUNDS[dtype]


def test_another_gradient_is_an_error():
    timing = Timing("layer", "rnn", SHAPE, "float64", {}, rounds=1)
    right = {"x": np.ones(3), "b": np.ones(2)}
    timing.compare({"products": {}, "one": right, "two": dict(right)})
    for wrong in (right | {"b": np.array([1, 1.001])}, {"x": np.ones(3)}, right | {"x": np.ones((3, 1))}):
        with pytest.raises(BenchmarkError, match="two has another gradient"):
            timing.compare({"one": right, "two": wrong})


def test_a_worker_tells_what_went_wrong():
    with Worker("nobody") as worker, pytest.raises(BenchmarkError, match="No module named"):
        worker.ask("prepare", Recipe("nothing", ()))


def test_every_case_has_jobs():
    choice = Choice(shapes=(SHAPE,))
    assert all(list(jobs(case, choice)) for case in CASES)


def test_a_spec_with_a_matrix_state_runs_at_capped_sizes():
    found = gradients("shipped", "mlstm", 1, Shape(2, 2, 50, 60), "float32")
    assert found["state.C"].shape == (32, 32, 2)
    assert all(np.isfinite(gradient).all() for gradient in found.values())


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("count", [23, 25, 51])
def test_generated_specs_have_as_many_equations_as_asked_for(count, with_state):
    cell = read_text(generated_spec(count, with_state))
    assert len(cell.equations) == count
    assert (compile_cell(cell).sequence is not None) == with_state


def test_memory_is_what_a_run_allocates():
    recipe = Recipe("by_hand", (Problem("rnn", SHAPE, "float64"),))
    result = Memory("rnn", SHAPE, "float64", {"by hand": recipe}, lambda: 7).measure(range)
    assert result.medians["its prediction"] == 7e-6
    assert 8 * SHAPE.steps * SHAPE.batch * SHAPE.hidden < 1e6 * result.medians["by hand"] < 1e5


def test_the_command_measures_and_reports(tmp_path):
    narrowed = ["--case=layer", "--cell=rnn", f"--shape={SHAPE}", "--dtype=float64", "--rounds=1"]
    written, page = tmp_path / "results.json", tmp_path / "page.md"
    done = CliRunner().invoke(main, [*narrowed, "--contender=by hand", "--contender=graphgen -O1", f"-o{written}"])
    assert done.exit_code == 0, done.output
    (result,) = results.read(written).results
    assert list(result.samples) == ["products", "by hand", "graphgen -O1"]
    assert all(value > 0 for value in result.medians.values())

    assert CliRunner().invoke(main, ["report", str(written), f"-o{page}"]).exit_code == 0
    for text in (done.output, page.read_text("utf-8")):
        assert "layer: rnn, float64" in text
        assert "by hand" in text


def test_one_page_tells_of_several_runs_on_one_machine(tmp_path):
    first = results.Results("first run", {"NumPy": "2"}, [Result("compile", "all", None, None, "s", {"-O2": [2.0]})])
    second = results.Results(
        "second run", {"NumPy": "2"}, [Result("memory", "rnn", SHAPE, "float32", "MB", {"a": [7.0]})]
    )
    other = results.Results("third run", {"NumPy": "3"}, [])
    for run in (first, second, other):
        run.write(tmp_path / f"{run.command[:5]}.json")
    page = tmp_path / "page.md"
    paths = [str(tmp_path / f"{name}.json") for name in ("first", "secon", "third")]
    assert CliRunner().invoke(main, ["report", *paths[:2], f"-o{page}"]).exit_code == 0
    text = page.read_text("utf-8")
    assert "first run" in text
    assert "second run" in text
    assert text.index("## Memory") < text.index("## Compile time")
    refused = CliRunner().invoke(main, ["report", *paths, f"-o{page}"])
    assert refused.exit_code == 2
    assert "different machines" in refused.output
    assert page.read_text("utf-8") == text
