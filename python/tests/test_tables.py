"""Tables go in and come back, as what they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from conftest import COLLABORATION_ID, TOUR

import sealroom
from sealroom import SealroomError, SealroomWarning


def column(source: object, target: str, kind: str) -> dict[str, object]:
    pad = {"pad": {"type": "none"}} if kind == "sealed" else {}
    return {"sourceHeader": source, "targetHeader": target, "type": kind, **pad}


def schema(*columns: dict[str, object]) -> dict[str, object]:
    return {"headerRow": True, "columns": list(columns)}


READERS = schema(column("email", "person", "fingerprint"), column("name", "name", "sealed"))
PURCHASES = schema(column("email", "person", "fingerprint"), column("product", "product", "cleartext"))


@pytest.fixture(scope="module")
def readers() -> pd.DataFrame:
    return pd.read_csv(TOUR / "paper" / "readers.csv")


@pytest.fixture(scope="module")
def purchases() -> pd.DataFrame:
    return pd.read_csv(TOUR / "shop" / "purchases.csv")


def protect(table: pd.DataFrame, how: sealroom.tables.Schema, secret: bytes) -> pd.DataFrame:
    return sealroom.encrypt(
        table,
        how,
        collaboration_id=COLLABORATION_ID,
        secret=secret,
        allow_cleartext=True,
        allow_duplicates=True,
    )


def test_encrypts_a_dataframe_and_opens_it_again(readers: pd.DataFrame, secret: bytes) -> None:
    protected = protect(readers, READERS, secret)
    assert isinstance(protected, pd.DataFrame)
    assert protected["person"].str.startswith("02:hmac:").all()
    assert protected["name"].str.startswith("02:enc:").all()
    opened = sealroom.decrypt(protected, collaboration_id=COLLABORATION_ID, secret=secret)
    assert sorted(opened["name"]) == sorted(readers["name"])


def test_an_arrow_table_stays_one_and_keeps_its_types(secret: bytes) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2, None], pa.int64()),
            "day": pa.array([0, 1, 2], pa.timestamp("us")),
            "price": pa.array(["1.50", None, "2.25"]).cast(pa.decimal128(9, 2)),
        }
    )
    how = schema(*(column(name, name, "sealed") for name in table.column_names))
    protected = sealroom.encrypt(table, how, collaboration_id=COLLABORATION_ID, secret=secret)
    opened = sealroom.decrypt(protected, collaboration_id=COLLABORATION_ID, secret=secret)
    assert isinstance(opened, pa.Table)
    assert opened.schema.field("day").type == pa.timestamp("us")
    assert opened.sort_by("day").to_pydict() == table.sort_by("day").to_pydict()


def test_normalises_as_the_schema_says() -> None:
    table = pd.DataFrame({"E-Mail": [" Ann@Example.ORG", "n/a"]})
    column = {"name": "E-Mail", "normalise": ["email"], "nulls": ["n/a"]}
    schema = {
        "headerRow": True,
        "columns": [{"sourceHeader": column, "targetHeader": "e", "type": "fingerprint"}],
    }
    normal = sealroom.normalise(table, schema)
    values = normal.iloc[:, 0].tolist()
    assert values[0] == "ann@example.org"
    assert pd.isna(values[1])


def test_equal_keys_have_equal_fingerprints_on_both_sides(secret: bytes) -> None:
    how = schema(column({"name": "mail", "normalise": ["email"]}, "p", "fingerprint"))
    tables = [pd.DataFrame({"mail": ["Ann@Example.org"]}), pd.DataFrame({"mail": ["ann@example.org "]})]
    ours, theirs = (
        sealroom.encrypt(table, how, collaboration_id=COLLABORATION_ID, secret=secret) for table in tables
    )
    assert ours["p"].tolist() == theirs["p"].tolist()


def test_suggests_a_schema_that_encrypts(purchases: pd.DataFrame, secret: bytes) -> None:
    suggestion = sealroom.suggest(purchases)
    assert suggestion.report["rows"] == len(purchases)
    assert [advice["column"] for advice in suggestion.advice] == list(purchases.columns)
    protected = protect(purchases, suggestion.schema, secret)
    assert len(protected) == len(purchases)


def test_an_error_has_code_message_and_hint(purchases: pd.DataFrame, secret: bytes) -> None:
    with pytest.raises(SealroomError) as raised:
        sealroom.encrypt(purchases, PURCHASES, collaboration_id=COLLABORATION_ID, secret=secret)
    error = raised.value
    assert error.code == "RULE_CLEARTEXT"
    assert error.exit_code == 3
    assert error.hint is not None
    assert str(error).startswith(f"RULE_CLEARTEXT: {error.message}")


def test_the_wrong_secret_opens_nothing(readers: pd.DataFrame, secret: bytes) -> None:
    protected = protect(readers, READERS, secret)
    with pytest.raises(SealroomError) as raised:
        sealroom.decrypt(protected, collaboration_id=COLLABORATION_ID, secret=bytes(range(32)))
    assert raised.value.exit_code == 4
    assert not any(name in str(raised.value) for name in readers["name"])


def test_warnings_of_the_command_become_warnings(secret: bytes) -> None:
    how = schema(column({"name": "phone", "normalise": ["phone:DE"]}, "p", "fingerprint"))
    table = pd.DataFrame({"phone": ["030 23125 160", "no number"]})
    with pytest.warns(SealroomWarning, match="1 of 2 values of `p` could not be normalised"):
        sealroom.encrypt(table, how, collaboration_id=COLLABORATION_ID, secret=secret)


def test_what_is_no_table_is_refused() -> None:
    anything: Any = [1, 2]
    with pytest.raises(TypeError, match=r"expected a pandas\.DataFrame or a pyarrow\.Table, got list"):
        sealroom.suggest(anything)


def test_no_file_is_left_behind(
    purchases: pd.DataFrame, secret: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    sealroom.suggest(purchases)
    how = schema(column("email", "email", "sealed"))
    sealroom.encrypt(purchases, how, collaboration_id=COLLABORATION_ID, secret=secret)
    assert list(folder.iterdir()) == []
