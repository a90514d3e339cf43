"""What is packed is what was put, and small."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.serve.newest import Newest, pack
from tests.unit.store.seen import IMAP, MX


def test_what_is_read_is_what_was_put_but_for_transcript_and_slot() -> None:
    newest = Newest()
    newest.update({"mx": MX, "imap": IMAP})
    assert newest["mx"] is MX  # until it is settled
    newest.settle()
    assert dict(newest) == {"mx": replace(MX, transcript=(), slot=None), "imap": replace(IMAP, transcript=(), slot=None)}
    assert repr(newest["mx"].facts) == repr(MX.facts)


def test_a_newer_run_takes_the_place_of_the_older_one() -> None:
    newest = Newest()
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
    packed = pack(other)
    assert len(packed.octets) < 300
    assert packed.alike is pack(MX).alike


def test_a_run_without_facts_is_one_as_well() -> None:
    newest = Newest()
    newest["mx"] = empty = replace(MX, facts=(), transcript=(), slot=None)
    newest.settle()
    assert newest["mx"] == empty
