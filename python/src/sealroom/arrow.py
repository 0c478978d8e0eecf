"""Tables of pandas and pyarrow as streams of Arrow, and back."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeVar, cast

import pyarrow as pa
import pyarrow.ipc

Kind = Literal["pandas", "arrow"]


class AnyTable(Protocol):
    """What a `pandas.DataFrame` and a `pyarrow.Table` have in common."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""


Table = TypeVar("Table", bound=AnyTable)
"""A `pandas.DataFrame` or a `pyarrow.Table`: what comes in is what goes out."""


def to_stream(table: AnyTable) -> bytes:
    """Write a table as a stream of Arrow. The index of a DataFrame is left out."""
    arrow = table if isinstance(table, pa.Table) else _from_pandas(table)
    sink = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    return bytes(sink.getvalue().to_pybytes())


def from_stream(data: bytes, kind: Kind) -> Any:  # noqa: ANN401 -- one of the two kinds
    """Read a table from a stream of Arrow."""
    table = pyarrow.ipc.open_stream(data).read_all()
    return table.to_pandas() if kind == "pandas" else table


def like(given: Table, data: bytes) -> Table:
    """Read a table as the kind of table that was given."""
    return cast("Table", from_stream(data, "arrow" if isinstance(given, pa.Table) else "pandas"))


def _from_pandas(table: AnyTable) -> pa.Table:
    # Pandas need not be installed.
    if not hasattr(table, "columns") or not hasattr(table, "dtypes"):
        raise TypeError(f"expected a pandas.DataFrame or a pyarrow.Table, got {type(table).__name__}")
    return pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
