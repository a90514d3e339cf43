"""What is packed is what was put, and small."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.serve.newest import Newest, pack
from tests.unit.store.seen import IMAP, MX


def test_what_is_read_is_what_was_put_but_for_transcript_and_slot() -> None:
    newest = Newest(MX.account)
    newest.update({"mx": MX, "imap": IMAP})
    assert newest["mx"] is MX  # until it is settled
    newest.settle()
    assert dict(newest) == {"mx": replace(MX, transcript=(), slot=None), "imap": replace(IMAP, transcript=(), slot=None)}
    assert repr(newest["mx"].facts) == repr(MX.facts)


def test_a_newer_run_takes_the_place_of_the_older_one() -> None:
    newest = Newest(MX.account)
    newest["mx"] = MX
    newest.settle()
    newest["mx"] = replace(MX, started=MX.started + 900.0, facts=MX.facts[:3])
    assert (list(newest), newest["mx"].started) == (["mx"], MX.started + 900.0)
    newest.settle()
    assert (list(newest), len(newest["mx"].facts)) == (["mx"], 3)
    del newest["mx"]
    assert not newest
    with pytest.raises(KeyError):
        newest["mx"]


def test_another_run_of_the_same_kind_is_a_fraction_of_its_facts() -> None:
    pack(MX)
    other = replace(MX, account="suzuki", facts=tuple(replace(one, at=one.at + 0.1) for one in MX.facts))
    same, octets = pack(other)
    assert len(octets) < 300
    assert same is pack(MX)[0]


def test_what_all_probes_of_two_accounts_have_in_common_is_held_once() -> None:
    held = []
    for account in ("sato", "suzuki"):
        newest = Newest(account)
        newest.update({one.probe: replace(one, account=account) for one in (MX, IMAP)})
        newest.settle()
        newest["imap"] = replace(IMAP, account=account, took=9.0)
        newest.settle()
        assert [(one.account, one.took) for one in newest.values()] == [(account, MX.took), (account, 9.0)]
        held.append(newest._alike)
    assert held[0] is held[1]


def test_a_run_without_facts_is_one_as_well() -> None:
    newest = Newest(MX.account)
    newest["mx"] = empty = replace(MX, facts=(), transcript=(), slot=None)
    newest.settle()
    assert newest["mx"] == empty
