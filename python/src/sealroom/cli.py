"""Running the `sealroom` command: tables and queries by pipes, secrets by the environment."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import SealroomError, SealroomWarning

SECRET_VARIABLE = "C3R_SHARED_SECRET"  # noqa: S105 -- the name of a variable
CLI_VARIABLE = "SEALROOM_CLI"


@dataclass(frozen=True)
class Answer:
    """What a run of the command gave."""

    exit_code: int
    output: bytes
    """Its standard output."""
    facts: Mapping[str, Any]
    """The JSON of its last line on standard error; empty without one."""


def find_command() -> list[str]:
    """Find the command: SEALROOM_CLI, or `sealroom` on the path, or the build that this folder belongs to.

    SEALROOM_CLI is a program, or the `sealroom.js` of a build, which Node runs.
    """
    named = os.environ.get(CLI_VARIABLE, "")
    if named != "":
        return _with_node(named) if named.endswith(".js") else [named]
    installed = shutil.which("sealroom")
    if installed is not None:
        return [installed]
    built = Path(__file__).resolve().parents[3] / "dist" / "bin" / "sealroom.js"
    if built.is_file():
        return _with_node(str(built))
    raise SealroomError(
        "CLI_NOT_FOUND",
        "the `sealroom` command is not on the path",
        f"install it with `npm install --global`, or set {CLI_VARIABLE} to its `dist/bin/sealroom.js`",
    )


def run(
    arguments: Sequence[str | Path],
    *,
    data: bytes = b"",
    secret: str | bytes | None = None,
    accepted: Sequence[int] = (0,),
) -> Answer:
    """Run the command with `--json`.

    The secret, if there is one, goes through the environment of this one process. Warnings become Python's.
    An exit code that is not `accepted` becomes a `SealroomError`.
    """
    command = [*find_command(), *map(str, arguments), "--json"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=_environment(secret), check=False)  # noqa: S603
    except OSError as error:
        message = f"the command cannot be started: {error.strerror}"
        raise SealroomError(
            "CLI_NOT_FOUND", message, f"set {CLI_VARIABLE} to the `sealroom` command"
        ) from error
    facts = _last_json(done.stderr)
    if done.returncode not in accepted:
        raise _error_of(done.returncode, done.stdout, facts)
    for warning in facts.get("warnings", ()):
        warnings.warn(str(warning), SealroomWarning, stacklevel=3)
    return Answer(done.returncode, done.stdout, facts)


def _with_node(script: str) -> list[str]:
    node = shutil.which("node")
    if node is None:
        raise SealroomError(
            "CLI_NOT_FOUND", "Node is not on the path, which runs `sealroom`", "install Node 20.19 or later"
        )
    return [node, script]


def _environment(secret: str | bytes | None) -> dict[str, str]:
    if secret is None:
        return dict(os.environ)
    text = base64.b64encode(secret).decode("ascii") if isinstance(secret, bytes) else secret
    return {**os.environ, SECRET_VARIABLE: text}


def _last_json(text: bytes) -> Mapping[str, Any]:
    for line in reversed(text.decode("utf-8", "replace").splitlines()):
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            return value if isinstance(value, dict) else {}
    return {}


def _error_of(exit_code: int, output: bytes, facts: Mapping[str, Any]) -> SealroomError:
    error = facts.get("error")
    if not isinstance(error, dict):
        return SealroomError(
            "CLI_FAILED", f"the command ended with exit code {exit_code}", exit_code=exit_code
        )
    place = ":".join(str(part) for part in (error.get("where") or {}).values())
    message = f"{place}: {error['message']}" if place != "" else error["message"]
    findings = tuple(_last_json(output).get("findings", ()))
    return SealroomError(error["code"], message, error.get("hint"), exit_code=exit_code, findings=findings)
