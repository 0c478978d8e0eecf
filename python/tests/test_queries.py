"""Queries are checked, asked and refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from conftest import TOUR, Tour

import sealroom
from sealroom import SealroomError

SALES = (TOUR / "sales-by-region.sql").read_text()
ADDRESSES = "SELECT email_fingerprint, amount FROM purchases"


def test_asks_a_room_with_tables_of_this_package(room: Path) -> None:
    answer = sealroom.query(SALES, room=room, member="shop")
    expected = pd.read_csv(TOUR / "expected" / "answer.csv")
    assert answer["region"].tolist() == expected["region"].tolist()
    assert answer["buyers"].astype(int).tolist() == expected["buyers"].tolist()
    assert answer["sales"].astype(float).tolist() == expected["sales"].tolist()


def test_an_answer_can_be_an_arrow_table(room: Path) -> None:
    assert isinstance(sealroom.query(SALES, room=room, member="shop", kind="arrow"), pa.Table)


def test_a_refusal_has_all_its_reasons(room: Path) -> None:
    with pytest.raises(SealroomError) as raised:
        sealroom.query(ADDRESSES, room=room, member="shop")
    error = raised.value
    assert error.exit_code == 3
    assert "FINGERPRINT_USE" in [finding["code"] for finding in error.findings]
    assert "FINGERPRINT_USE: `email_fingerprint` is a fingerprint column" in str(error)


def test_checks_without_asking(tour: Tour) -> None:
    allowed = sealroom.check(SALES, member="shop", manifest=tour.manifest)
    assert allowed.allowed
    assert "threshold" in [obligation["kind"] for obligation in allowed.obligations]
    refused = sealroom.check(ADDRESSES, member="shop", manifest=tour.manifest)
    assert not refused.allowed
    assert refused.findings != []


def test_a_room_refuses_to_run_beside_the_secret(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C3R_SHARED_SECRET", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    with pytest.raises(SealroomError) as raised:
        sealroom.query(SALES, room=room, member="shop")
    assert raised.value.code == "SECRET_PRESENT"


def test_what_the_room_would_refuse_is_refused_at_home(tour: Tour) -> None:
    other = {
        "headerRow": True,
        "columns": [{"sourceHeader": "email", "targetHeader": "mail", "type": "fingerprint"}],
    }
    home = tour.folder / "shop" / "home"
    with pytest.raises(SealroomError) as raised:
        sealroom.encrypt(tour.purchases, other, manifest=tour.manifest, table_name="purchases", home=home)
    assert raised.value.hint is not None
