"""Tables, a secret and a room of the tour in `samples/`."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

import sealroom
from sealroom.cli import find_command

TOUR = Path(__file__).resolve().parents[2] / "samples" / "tour"
COLLABORATION_ID = "5ea1ed00-d3a0-4c0f-8a00-0000000070a1"


@pytest.fixture(autouse=True)
def _no_secret_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("C3R_SHARED_SECRET", raising=False)
    monkeypatch.setenv("SEALROOM_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def secret() -> bytes:
    return secrets.token_bytes(32)


@pytest.fixture(scope="session")
def purchases() -> pd.DataFrame:
    return pd.read_csv(TOUR / "shop" / "purchases.csv")


@pytest.fixture(scope="session")
def readers() -> pd.DataFrame:
    return pd.read_csv(TOUR / "paper" / "readers.csv")


def run_command(*arguments: str | Path, cwd: Path) -> str:
    command = [*find_command(), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout  # noqa: S603


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the room of the tour, with both tables encrypted by the command itself."""
    folder = tmp_path_factory.mktemp("tour") / "tour"
    shutil.copytree(TOUR, folder)
    members = ""
    abilities = {"shop": "[CAN_QUERY, CAN_RECEIVE_RESULTS]", "paper": "[]"}
    for member, can in abilities.items():
        run_command("member", "init", "--id", member, "--home", f"keys/{member}", cwd=folder)
        keys = run_command("member", "card", "--manifest-keys", "--home", f"keys/{member}", cwd=folder)
        payer = "    payer: true\n" if member == "shop" else ""
        indented = "".join(f"    {line}\n" for line in keys.splitlines())
        members += f"  - id: {member}\n    displayName: {member}\n    abilities: {can}\n{payer}{indented}"
    manifest = folder / "manifest.yaml"
    manifest.write_text(f"{(folder / 'tables.yaml').read_text()}\nmembers:\n{members}")
    for member in abilities:
        run_command("collab", "sign", "manifest.yaml", "--as", member, "--home", f"keys/{member}", cwd=folder)
    run_command("room", "init", "room", "--manifest", "manifest.yaml", cwd=folder)
    return folder / "room"


@pytest.fixture(scope="session")
def loaded_room(room: Path, purchases: pd.DataFrame, readers: pd.DataFrame, secret: bytes) -> Path:
    """Load both tables, encrypted by this package, into the room."""
    for name, table, schema in [
        ("purchases", purchases, "shop/purchases.schema.json"),
        ("readers", readers, "paper/readers.schema.json"),
    ]:
        protected = sealroom.encrypt(
            table, TOUR / schema, manifest=room.parent / "manifest.yaml", secret=secret
        )
        file = room.parent / f"{name}.protected.parquet"
        protected.to_parquet(file, index=False)
        run_command("room", "add", name, file, "--room", room, cwd=room.parent)
    return room
