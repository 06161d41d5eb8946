"""What docs/models.md says is so: its code runs, its error is the one shown, its models are shipped."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from graphgen import build
from graphgen.check.module import check
from graphgen.compiler import compile_cell, compile_file
from graphgen.errors import SpecError
from graphgen.resources import find_spec
from graphgen.spec.reader import read_text

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "models.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = []
    for name, spec in zip(("tagger", "translator"), blocks("yaml"), strict=True):
        paths.append(tmp_path / f"{name}.yaml")
        paths[-1].write_text(spec, "utf-8")
        done = compile_file(paths[-1])
        assert check(done.source, done.cell, done.step.forward).ok
    jobs = [build.Job(path, 1) for path in paths]
    build.write_all(build.compile_all(jobs), tmp_path / "modules", force=False, clean=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    here: dict[str, Any] = {}
    exec("".join(blocks("python")), here)
    assert here["written"].shape == (5, 3)
    for module in ("modules", "modules.tagger", "modules.translator"):
        del sys.modules[module]


def test_the_page_shows_an_error_as_it_is() -> None:
    (shown,) = blocks("text")
    text = blocks("yaml")[0].replace("concat(forwards.a, backwards.a, axis=1)", "forwards.a + backwards.a")
    with pytest.raises(SpecError) as caught:
        compile_cell(read_text(text, "tagger.yaml"))
    folder = f"{find_spec('softmax_cross_entropy').parent}/"
    assert str(caught.value).replace(folder, "") + "\n" == shown


def test_the_page_names_models_that_are_shipped() -> None:
    named = set(re.findall(r"`(\w+_\w+)`", PAGE))
    assert {"stacked_lstm", "deep_lstm", "word_language_model"} <= named
    for name in named - {"average_over", "there_c", "d_state", "forward_sequence", "of_steps"}:
        find_spec(name)
