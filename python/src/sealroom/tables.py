"""Tables: proposing a schema, normalising, encrypting and decrypting."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from .arrow import Table, like, to_stream
from .cli import run

Schema = Mapping[str, Any] | str | PathLike[str]
"""A table schema as a dictionary, or the path of its file."""

PIPED = ("-", "--file-format", "arrow", "--output", "-")


@dataclass(frozen=True)
class Suggestion:
    """A proposal for a schema. A person must check it: it cannot know what is confidential."""

    schema: dict[str, Any]
    advice: list[dict[str, Any]]
    """For each column what it holds, the proposed kinds, and why. No values."""
    report: dict[str, Any]
    """The match-key report (docs/schemas.md). Counts and shares, never values."""


def suggest(table: Table, *, allow_cleartext: bool = True, country: str | None = None) -> Suggestion:
    """Propose a schema for a table.

    `country` is that of phone numbers without a country code, such as `"DE"`.
    """
    cleartext = f"--allow-cleartext={str(allow_cleartext).lower()}"
    arguments = ["schema", *PIPED, "--suggest", cleartext, *_option("--country", country)]
    answer = run(arguments, data=to_stream(table))
    return Suggestion(json.loads(answer.output), answer.facts["advice"], answer.facts["report"])


def normalise(table: Table, schema: Schema) -> Table:
    """Return the columns of a schema, normalised and in clear: what `encrypt` would protect."""
    with _schema_file(schema) as file:
        answer = run(["normalise", *PIPED, "--schema", file], data=to_stream(table))
    return like(table, answer.output)


def encrypt(
    table: Table,
    schema: Schema,
    *,
    collaboration_id: str | None = None,
    manifest: str | PathLike[str] | None = None,
    table_name: str | None = None,
    secret: str | bytes | None = None,
    key: str | None = None,
    home: str | PathLike[str] | None = None,
    allow_cleartext: bool = False,
    allow_duplicates: bool = False,
    allow_joins_on_columns_with_different_names: bool = False,
    preserve_nulls: bool = False,
) -> Table:
    """Encrypt a table. The rows come back in random order.

    The collaboration is a manifest, which has its id and settings, or an id and the settings given here. With
    `table_name`, what the room would refuse in this table of the manifest is refused here.

    The secret is base64 text or at least 32 bytes; without one, the command takes it from the environment or
    from the home (docs/keys.md).
    """
    settings = {
        "--allow-cleartext": allow_cleartext,
        "--allow-duplicates": allow_duplicates,
        "--allow-joins-on-columns-with-different-names": allow_joins_on_columns_with_different_names,
        "--preserve-nulls": preserve_nulls,
    }
    with _schema_file(schema) as file:
        arguments: list[str | Path] = [
            *("encrypt", *PIPED, "--schema", file),
            *_collaboration(collaboration_id, manifest, key, home),
            *_option("--table", table_name),
            *(name for name, is_allowed in settings.items() if is_allowed),
        ]
        answer = run(arguments, data=to_stream(table), secret=secret)
    return like(table, answer.output)


def decrypt(
    table: Table,
    *,
    collaboration_id: str | None = None,
    manifest: str | PathLike[str] | None = None,
    secret: str | bytes | None = None,
    key: str | None = None,
    home: str | PathLike[str] | None = None,
) -> Table:
    """Open the sealed cells of a table. Its fingerprints stay as they are; its rows keep their order."""
    arguments = ["decrypt", *PIPED, *_collaboration(collaboration_id, manifest, key, home)]
    return like(table, run(arguments, data=to_stream(table), secret=secret).output)


def _option(name: str, value: str | PathLike[str] | None) -> list[str]:
    return [] if value is None else [name, str(value)]


def _collaboration(
    collaboration_id: str | None,
    manifest: str | PathLike[str] | None,
    key: str | None,
    home: str | PathLike[str] | None,
) -> list[str]:
    return [
        *_option("--id", collaboration_id),
        *_option("--manifest", manifest),
        *_option("--key", key),
        *_option("--home", home),
    ]


@contextmanager
def _schema_file(schema: Schema) -> Iterator[Path]:
    """Give the path of a schema; one that is no file is written to a private folder and removed again."""
    if not isinstance(schema, Mapping):
        yield Path(schema)
        return
    with tempfile.TemporaryDirectory(prefix="sealroom-") as folder:
        file = Path(folder) / "schema.json"
        file.write_text(json.dumps(schema), encoding="utf-8")
        yield file
