"""The command is found, and what it is given does not show."""

from __future__ import annotations

import base64
import json
import logging
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import COLLABORATION_ID

import sealroom
from sealroom import SealroomError
from sealroom.cli import find_command

SCHEMA = {
    "headerRow": True,
    "columns": [{"sourceHeader": "email", "targetHeader": "p", "type": "fingerprint"}],
}


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program in the place of the command that records how it was called, and says nothing."""
    record = tmp_path / "record.json"
    program = tmp_path / "stand-in"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "secret = os.environ.get('C3R_SHARED_SECRET')\n"
        f"json.dump({{'arguments': sys.argv[1:], 'secret': secret}}, open({str(record)!r}, 'w'))\n"
        "sys.exit(9)\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv("SEALROOM_CLI", str(program))
    return record


def test_the_secret_is_in_the_environment_and_nowhere_else(
    stand_in: Path, secret: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    table = pd.DataFrame({"email": ["ann@example.org"]})
    with pytest.raises(SealroomError) as raised:
        sealroom.encrypt(table, SCHEMA, collaboration_id=COLLABORATION_ID, secret=secret)
    record = json.loads(stand_in.read_text())
    text = base64.b64encode(secret).decode()
    assert record["secret"] == text
    assert not any(text in argument for argument in record["arguments"])
    assert raised.value.code == "CLI_FAILED"
    assert raised.value.exit_code == 9
    for shown in (str(raised.value), repr(raised.value), caplog.text):
        assert text not in shown
        assert "ann@example.org" not in shown


def test_the_environment_of_this_process_keeps_no_secret(
    stand_in: Path, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame({"email": ["ann@example.org"]})
    with pytest.raises(SealroomError):
        sealroom.encrypt(table, SCHEMA, collaboration_id=COLLABORATION_ID, secret=secret)
    with pytest.raises(SealroomError):
        sealroom.decrypt(table, collaboration_id=COLLABORATION_ID)
    assert json.loads(stand_in.read_text())["secret"] is None


def test_finds_the_command_by_variable_by_path_and_beside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALROOM_CLI", "/somewhere/sealroom.js")
    assert find_command()[1:] == ["/somewhere/sealroom.js"]
    monkeypatch.delenv("SEALROOM_CLI")
    installed = tmp_path / "sealroom"
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o700)
    with monkeypatch.context() as context:
        context.setenv("PATH", str(tmp_path))
        assert find_command() == [str(installed)]
    built = tmp_path / "dist" / "bin" / "sealroom.js"
    built.parent.mkdir(parents=True)
    built.touch()
    with monkeypatch.context() as context:
        context.setattr("shutil.which", lambda name: "/bin/node" if name == "node" else None)
        context.setattr("sealroom.cli.__file__", str(tmp_path / "python" / "src" / "sealroom" / "cli.py"))
        assert find_command() == ["/bin/node", str(built)]


def test_says_how_to_get_a_command_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALROOM_CLI", "/nowhere/sealroom")
    with pytest.raises(SealroomError) as raised:
        sealroom.suggest(pd.DataFrame({"a": ["b"]}))
    assert raised.value.code == "CLI_NOT_FOUND"
    assert raised.value.hint is not None
