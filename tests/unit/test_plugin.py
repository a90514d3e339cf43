"""What is stored as one line of a monitoring plugin: never probes, and what is too old is unknown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe import plugin
from mailprobe.address import parse
from mailprobe.config import Account
from mailprobe.plugin import LastResult, Standing, say, span
from mailprobe.verdict import Actor, Code, Status

NOW = 1_700_000_000.0
ACCOUNT = Account(
    "tanaka", parse("taro.marker@mail.test"), "lab", "t", "t", every=(("", 300.0), ("imap", 900.0)), probes=("mx", "imap")
)
FRESH = (LastResult("mx", NOW - 42.0, 0.25), LastResult("imap", NOW - 342.0))
STANDING = Standing("tanaka", Status.DOWN, Code.DIRECTORY_OUT_OF_SYNC.value, Actor.PROVISIONING.value, NOW - 5400.0, FRESH)
# the guidelines' 'label'=value[UOM];[warn];[crit];[min];[max]
PERFDATA = re.compile(r"[a-z_]+=\d+(\.\d+)?s(;\d*){0,2}(;\d+)?")


def test_the_line() -> None:
    said = say(ACCOUNT, STANDING, NOW)
    assert said.exit_code == 2
    assert said.line == (
        "MAILPROBE CRITICAL - tanaka: directory_out_of_sync, provisioning must act, since 2023-11-14T20:43:20Z (1h30m), "
        "last result 42s ago | age=42s;;660;0 in_status=5400s;;;0 mx_age=42s;;660;0 mx_took=0.250s;;;0 imap_age=342s;;1860;0"
    )
    assert all(PERFDATA.fullmatch(one) for one in said.line.partition(" | ")[2].split())


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [(Status.OK, 0, "OK"), (Status.DEGRADED, 1, "WARNING"), (Status.DOWN, 2, "CRITICAL"), (Status.UNKNOWN, 3, "UNKNOWN")],
)
def test_each_status_has_its_word_and_its_code(status: Status, code: int, word: str) -> None:
    said = say(ACCOUNT, replace(STANDING, status=status), NOW)
    assert (said.exit_code, said.line.startswith(f"MAILPROBE {word} - ")) == (code, True)


@pytest.mark.parametrize(("age", "exit_code"), [(0.0, 2), (659.0, 2), (661.0, 3), (86_400.0, 3)])
def test_what_is_stale_is_unknown(age: float, exit_code: int) -> None:
    """Two intervals of five minutes, and a minute for the run itself."""
    said = say(ACCOUNT, replace(STANDING, results=(LastResult("mx", NOW - age),)), NOW)
    assert said.exit_code == exit_code
    assert ("stale" in said.line) is (exit_code == 3)


def test_one_probe_that_has_gone_quiet_is_told() -> None:
    said = say(ACCOUNT, replace(STANDING, results=(FRESH[0], LastResult("imap", NOW - 3000.0))), NOW)
    assert (said.exit_code, "no fresh result of imap |" in said.line) == (2, True)
    assert "no fresh result" not in say(ACCOUNT, STANDING, NOW).line


def test_results_that_can_tell_nothing_are_as_good_as_none() -> None:
    """A prober in trouble, or a server without a clear answer: the metrics show unknown after three intervals, and so do we."""
    for stale_at, exit_code in ((NOW + 1.0, 2), (NOW, 3)):
        said = say(ACCOUNT, replace(STANDING, known_at=NOW - 901.0, stale_at=stale_at), NOW)
        assert said.exit_code == exit_code
    assert "nothing could be told for 15m1s (was down directory_out_of_sync), last result 42s ago" in said.line


def test_a_first_bad_result_is_no_status_yet() -> None:
    said = say(ACCOUNT, Standing("tanaka", Status.UNKNOWN, "", "", 0.0, FRESH, NOW - 42.0), NOW)
    assert (said.exit_code, "no status yet" in said.line) == (3, True)
    assert "since" not in said.line
    assert "in_status" not in said.line


def test_nothing_stored() -> None:
    for standing in (None, replace(STANDING, results=())):
        said = say(ACCOUNT, standing, NOW)
        assert (said.exit_code, "no result is stored yet" in said.line) == (3, True)


def test_a_clock_that_was_set_back() -> None:
    assert say(ACCOUNT, replace(STANDING, results=(LastResult("mx", NOW + 60.0),)), NOW).exit_code == 2
    said = say(ACCOUNT, replace(STANDING, results=(LastResult("mx", NOW + 3600.0),)), NOW)
    assert (said.exit_code, "in the future" in said.line) == (3, True)


def test_nobody_must_act() -> None:
    said = say(ACCOUNT, replace(STANDING, status=Status.OK, code="healthy", actor="nobody"), NOW)
    assert "must act" not in said.line


def test_the_address_is_not_in_it() -> None:
    assert "taro" not in say(ACCOUNT, STANDING, NOW).line


@given(st.text(max_size=80))
def test_it_stays_one_line_with_one_bar(text: str) -> None:
    line = plugin.unknown(text, "age=1s").line
    assert (line.count("|"), len(line.splitlines())) == (1, 1)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (42, "42s"), (60, "1m"), (61, "1m1s"), (3600, "1h"), (3605, "1h"), (90_000, "1d1h"), (-5, "0s")],
)
def test_spans(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
