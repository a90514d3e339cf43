"""What is seen of ourselves can be said in both languages, with every word that the sentence wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailprobe.console.texts import text, texts
from mailprobe.prober import Finding, Remark, findings
from mailprobe.prober.clock import Jump, JumpKind, clock
from mailprobe.prober.findings import remark_of
from mailprobe.prober.names import ListSays, Seen, block_list, name, on_no_list
from mailprobe.verdict.picture import Control
from mailprobe.verdict.picture import Prober as AtTheDoor
from mailprobe.verdict.texts import LANGUAGES, PLACEHOLDER
from tests.unit.prober.test_findings import CONTROLS, DOORS, LISTS, MASS, NAMES, NOW, RESOLVERS, RIGHT, WITNESS, flips


def every_finding() -> Iterator[Finding]:
    """Of all that the tables of the other tests hold."""
    yield from (findings.resolver(row[1], NOW) for row in RESOLVERS)
    yield from (findings.port_25(row[1], NOW) for row in DOORS)
    yield from (findings.turned_away("lab", one, NOW) for one in AtTheDoor)
    yield from (found for row in CONTROLS for found in findings.controls(row[1], NOW))
    yield from (findings.witness("lab", row[1], NOW) for row in WITNESS)
    yield from (findings.mass(row[1], {"a": 100, "b": 100, "c": 10, "d": 50}, NOW) for row in MASS)
    yield findings.mass(flips("a", 100), {"a": 100}, NOW)
    yield from (name(Seen(ip, "probe.example.net", **{**RIGHT, **given}), NOW) for _, ip, given, _ in NAMES)
    yield from (block_list("list.example.net", ListSays(ours, always, never), NOW) for _, ours, always, never, _ in LISTS)
    yield on_no_list("list.example.net", NOW)
    yield from (clock([Jump(kind, 7.0, 995.0, 1000.0)], 1030.0, NOW) for kind in JumpKind)


def test_every_remark_is_seen_and_its_sentence_gets_every_word() -> None:
    seen = {Remark(f"control_{one.value}") for one in Control if one not in (Control.GOOD, Control.GOOD_BY_MASTER)}
    for one in every_finding():
        seen.add(one.what)
        if one.what is Remark.NOTHING:
            continue
        for language in LANGUAGES:
            sentence = texts(language)[f"prober.seen.{one.what}"]
            assert set(PLACEHOLDER.findall(sentence)) == {name for name, _ in one.words}, one
    assert seen == set(Remark)


def test_no_sentence_is_there_that_nobody_says() -> None:
    for language in LANGUAGES:
        said = {key.removeprefix("prober.seen.") for key in texts(language) if key.startswith("prober.seen.")}
        assert said == {one.value for one in Remark if one is not Remark.NOTHING}


@pytest.mark.parametrize("one", [one for one in Control if one not in (Control.GOOD, Control.GOOD_BY_MASTER)])
def test_how_a_control_failed_is_said(one: Control) -> None:
    said = text(f"prober.seen.{remark_of(one)}", "ja")
    assert said != text(f"prober.seen.{remark_of(one)}", "en")
