"""What the README shows, works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sealroom

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 -- the README's own text
    assert capsys.readouterr().out == "['Graz', 'Linz']\n"


def test_the_table_names_every_function() -> None:
    named = set(re.findall(r"^\| `(\w+)\(", README, re.MULTILINE))
    functions = {name for name in sealroom.__all__ if callable(getattr(sealroom, name)) and name.islower()}
    assert named == functions
