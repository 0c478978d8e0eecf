"""Queries: checking them, and asking a room."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, overload

from .arrow import Kind, from_stream
from .cli import run

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

REFUSED = 3


@dataclass(frozen=True)
class Verdict:
    """Whether a query may run."""

    allowed: bool
    findings: list[dict[str, Any]]
    """Every reason for a refusal: its code, message, place in the text, and the way out."""
    obligations: list[dict[str, Any]]
    """What the room adds, such as thresholds."""
    budgets: list[dict[str, Any]]
    """What is left of the budgets, before and after the query."""


def check(
    sql: str,
    *,
    member: str,
    room: str | PathLike[str] | None = None,
    manifest: str | PathLike[str] | None = None,
    receivers: Sequence[str] = (),
) -> Verdict:
    """Say whether a room, or a signed manifest without a room, allows a query of a member. Nothing runs."""
    place = [] if room is None else ["--room", str(room)]
    paper = [] if manifest is None else ["--manifest", str(manifest)]
    arguments = ["check", "-", *place, *paper, *_asking(member, receivers)]
    answer = json.loads(run(arguments, data=sql.encode(), accepted=(0, REFUSED)).output)
    return Verdict(answer["allowed"], answer["findings"], answer["obligations"], answer["budgets"])


@overload
def query(
    sql: str,
    *,
    room: str | PathLike[str],
    member: str,
    receivers: Sequence[str] = (),
    kind: Literal["pandas"] = "pandas",
) -> pd.DataFrame: ...


@overload
def query(
    sql: str,
    *,
    room: str | PathLike[str],
    member: str,
    receivers: Sequence[str] = (),
    kind: Literal["arrow"],
) -> pa.Table: ...


def query(
    sql: str,
    *,
    room: str | PathLike[str],
    member: str,
    receivers: Sequence[str] = (),
    kind: Kind = "pandas",
) -> Any:
    """Ask a room, and return the answer; a refusal is a `SealroomError` with all its findings.

    This is for the operator of the room, on its machine: `member` is a claim, and no proof. A room runs
    without the shared secret, so that must not be in the environment of this process.
    """
    arguments = ["query", "-", "--room", str(room), *_asking(member, receivers)]
    answer = run([*arguments, "--output", "-", "--output-format", "arrow"], data=sql.encode())
    return from_stream(answer.output, kind)


def _asking(member: str, receivers: Sequence[str]) -> list[str]:
    return ["--as", member, *(part for receiver in receivers for part in ("--for", receiver))]
