"""Tables, a secret and a room of the tour in `samples/`."""

from __future__ import annotations

import json
import secrets
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import sealroom
from sealroom.cli import find_command

TOUR = Path(__file__).resolve().parents[2] / "samples" / "tour"
KEY = "--key age:home/receive.key"
ALLOW = "--name Spring --allow-cleartext --allow-duplicates"
COLLABORATION_ID = "5ea1ed00-d3a0-4c0f-8a00-0000000070a1"


@pytest.fixture(autouse=True)
def _no_secret_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("C3R_SHARED_SECRET", raising=False)
    monkeypatch.setenv("SEALROOM_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def secret() -> bytes:
    return secrets.token_bytes(32)


def run_command(line: str, cwd: Path) -> None:
    """Run the command as a person types it, who says yes when asked whether digits are the same."""
    command = [*find_command(), *shlex.split(line)]
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, input=b"yes\n")  # noqa: S603


@dataclass(frozen=True)
class Tour:
    """Two members, who have signed a manifest for their two tables and have one secret."""

    folder: Path
    purchases: pd.DataFrame
    readers: pd.DataFrame

    @property
    def manifest(self) -> Path:
        return self.folder / "spring.yaml"


@pytest.fixture(scope="session")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Tour:
    """Do what docs/tutorial.md says, with schemas from this package."""
    folder = tmp_path_factory.mktemp("tour")
    tables = {}
    with pytest.MonkeyPatch.context() as context:
        context.delenv("C3R_SHARED_SECRET", raising=False)
        for member, name, line in [
            ("shop", "purchases", f"collab init ../spring.yaml --as shop --home home {KEY} {ALLOW}"),
            ("paper", "readers", f"collab join ../spring.yaml --as paper --home home {KEY}"),
        ]:
            own = folder / member
            own.mkdir()
            table = tables[name] = pd.read_csv(TOUR / member / f"{name}.csv")
            (own / "schema.json").write_text(json.dumps(sealroom.suggest(table).schema))
            run_command(line, own)
            rule = "--min 5" if member == "shop" else "--min 10 --foreign-measures"
            data = TOUR / member / f"{name}.csv"
            run_command(
                f"collab add-table {name} --schema schema.json --data {data} --rule aggregation {rule}", own
            )
        for member, line in [
            ("paper", "collab sign"),
            ("shop", "collab sign"),
            ("shop", "key send --to paper"),
            ("paper", "key receive"),
        ]:
            run_command(line, folder / member)
    return Tour(folder, tables["purchases"], tables["readers"])


@pytest.fixture(scope="session")
def room(tour: Tour) -> Path:
    """Load both tables, encrypted by this package, into a room."""
    run_command(f"room init room --manifest {tour.manifest}", tour.folder)
    for member, name, table in [("shop", "purchases", tour.purchases), ("paper", "readers", tour.readers)]:
        own = tour.folder / member
        protected = sealroom.encrypt(
            table, own / "schema.json", manifest=tour.manifest, table_name=name, home=own / "home"
        )
        protected.to_parquet(tour.folder / f"{name}.parquet", index=False)
        run_command(f"room add {name} {name}.parquet --room room", tour.folder)
    return tour.folder / "room"
