"""Queries are checked, asked and refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import sealroom
from sealroom import SealroomError

from .conftest import TOUR

SALES = (TOUR / "sales-by-region.sql").read_text()
ADDRESSES = "SELECT person, amount FROM purchases"


def test_asks_a_room_with_tables_of_this_package(loaded_room: Path) -> None:
    answer = sealroom.query(SALES, room=loaded_room, member="shop")
    expected = pd.read_csv(TOUR / "expected" / "answer.csv")
    assert answer["region"].tolist() == expected["region"].tolist()
    assert answer["buyers"].astype(int).tolist() == expected["buyers"].tolist()
    assert answer["sales"].astype(float).tolist() == expected["sales"].tolist()


def test_an_answer_can_be_an_arrow_table(loaded_room: Path) -> None:
    assert isinstance(sealroom.query(SALES, room=loaded_room, member="shop", kind="arrow"), pa.Table)


def test_a_refusal_has_all_its_reasons(loaded_room: Path) -> None:
    with pytest.raises(SealroomError) as raised:
        sealroom.query(ADDRESSES, room=loaded_room, member="shop")
    error = raised.value
    assert error.exit_code == 3
    assert "FINGERPRINT_USE" in [finding["code"] for finding in error.findings]
    assert "FINGERPRINT_USE: `person` is a fingerprint column" in str(error)


def test_checks_without_asking(room: Path) -> None:
    allowed = sealroom.check(SALES, member="shop", manifest=room.parent / "manifest.yaml")
    assert allowed.allowed
    assert "threshold" in [obligation["kind"] for obligation in allowed.obligations]
    refused = sealroom.check(ADDRESSES, member="shop", manifest=room.parent / "manifest.yaml")
    assert not refused.allowed
    assert refused.findings != []


def test_a_room_refuses_to_run_beside_the_secret(loaded_room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C3R_SHARED_SECRET", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    with pytest.raises(SealroomError) as raised:
        sealroom.query(SALES, room=loaded_room, member="shop")
    assert raised.value.code == "SECRET_PRESENT"
