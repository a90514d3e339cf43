"""A verdict that an agent called wrong, taken away at the host: as a case without addresses, noted before it is shown."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from mailprobe.config import Config, load
from mailprobe.console.calls.ask import Ask
from mailprobe.console.calls.keeping import Keeping
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.sealing import sealer_of
from mailprobe.console.rooms import Rooms
from mailprobe.store import open_store
from tests.golden.wrong import judged, read_wrong
from tests.unit.console.calls.given import Checks
from tests.unit.store.seen import MX
from tests.unit.test_staffing import LAB, Desk

KEYED = LAB.replace("allow_networks", 'token_keys = ["env:MAILPROBE_TEST_KEY"]\nallow_networks').replace(
    "u000002", "hanako.tanaka"
)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("MAILPROBE_TEST_KEY", "k" * 43)
    made = Desk(tmp_path, capsys, monkeypatch)
    made.config.write_text(KEYED.replace("{store}", str(made.store)))
    return made


async def called_wrong(config: Config, cause: str) -> tuple[str, str]:
    """A check of the only account there is, written down as wrong. Its number and id."""
    async with open_store(config.store_url) as store:
        house = Checks(config, seen=(MX,), kept=store)
        keeping = Keeping(store, await sealer_of(config.prober.token_keys))
        calls = Calls(Rooms(lambda: house, lambda: (), lambda: house.now[0]), keeping=keeping)
        ask = Ask("hanako.tanaka@mail.test", ticket="T-1")
        call = await calls.start(ask, calls.account_of(ask), "sato")
        await calls.under_way[call.id]
        call.wrong = cause
        await keeping.keep(call)
        return call.number, call.id


def test_it_is_listed_and_taken_away_by_its_number_or_its_id(desk: Desk) -> None:
    number, which = asyncio.run(called_wrong(load(desk.config), "hanako.tanaka@mail.test was being moved"))
    listed = json.loads(desk.run("wrong", "list", "--json")[1])
    assert (listed["number"], listed["id"], listed["carrier"]) == (number, which, "lab")
    assert number in desk.run("wrong", "list")[1]
    code, case, _ = desk.run("wrong", "case", f"{number[:3]} {number[3:]}")
    assert (code, "was being moved" in case, "hanako" in case) == (0, True, False)
    assert judged(read_wrong(case).case).code.value == listed["code"]
    assert desk.run("wrong", "case", which)[1] == case
    assert desk.rows("SELECT what, of, why FROM audit") == [("golden", "tanaka", number)] * 2


def test_what_nobody_called_wrong_is_nothing_to_take_away(desk: Desk) -> None:
    number, which = asyncio.run(called_wrong(load(desk.config), ""))
    assert desk.run("wrong", "list")[:2] == (0, "")
    for said in (number, which, "00000"):
        code, out, err = desk.run("wrong", "case", said)
        assert (code, out, "error[MP2501]" in err) == (65, "", True)
    assert desk.rows("SELECT what FROM audit") == []


def test_where_there_is_none_that_is_said_beside_the_answer(desk: Desk) -> None:
    code, out, said = desk.run("wrong", "list", "--json")
    assert (code, out) == (0, "")
    assert "nobody has called a verdict wrong" in said
