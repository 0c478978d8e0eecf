"""What goes wrong, as the command says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SealroomError(Exception):
    """An error of the command. It names files, columns and rows, and never a value or a secret.

    `code` is one of docs/errors.md, `hint` the way out or `None`, `findings` the reasons for which a query
    was refused. `CLI_NOT_FOUND` and `CLI_FAILED` are this package's own: the command is not there, or ended
    without a word.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str | None = None,
        *,
        exit_code: int | None = None,
        findings: tuple[Mapping[str, Any], ...] = (),
    ) -> None:
        """Keep what the command said."""
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.findings = findings

    def __str__(self) -> str:
        """Say what is wrong in one line, the reasons of a refusal, and the way out."""
        reasons = [f"{finding['code']}: {finding['message']}" for finding in self.findings]
        hint = [] if self.hint is None else [f"hint: {self.hint}"]
        return "\n".join([f"{self.code}: {self.message}", *reasons, *hint])


class SealroomWarning(UserWarning):
    """A warning of the command."""
