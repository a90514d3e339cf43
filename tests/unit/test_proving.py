"""How `config check --online` shows what it found, and what makes it fail."""

from __future__ import annotations

import io
import unicodedata
from contextlib import redirect_stdout
from dataclasses import replace

import pytest

from mailprobe.carriers import Carrier, Relation
from mailprobe.carriers.endpoint import read_imap
from mailprobe.config import BounceMailbox, Config, Prober
from mailprobe.proving import Readiness, fetched_finding, print_findings, print_provable
from mailprobe.readiness import Result, Topic, bad, good, unknown
from mailprobe.readiness.provable import Ability, provability
from mailprobe.secret import Secret, SecretRef
from tests.unit.readiness.test_carriers import UP, mx, rcpt
from tests.unit.readiness.world import evidence

PROBER = Prober("probe1.example.net", "probe@probe.example.net", "b.example.net")
CONFIG = Config(PROBER, {"lab": Carrier("lab", "Lab", Relation.OWN, ("mail.test",))})
MAILBOX = BounceMailbox(read_imap("imaps://192.0.2.7"), "b", SecretRef.of_value(Secret("x")))


@pytest.mark.parametrize(
    ("facts", "result"),
    [((mx(), UP, rcpt(250)), Result.GOOD), ((mx(), UP, rcpt(550)), Result.BAD), ((mx(),), Result.UNKNOWN)],
)
def test_bounces_that_are_fetched_are_taken_by_another_server(facts: tuple[object, ...], result: Result) -> None:
    config = replace(CONFIG, bounces_imap=MAILBOX)
    found = fetched_finding(config, (evidence(*facts),))  # type: ignore[arg-type]  # facts, one and all
    assert (found.topic, found.result, found.about) == (Topic.BOUNCES, result, "b.example.net")


def shown(work: object) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert callable(work)
        work()
    return out.getvalue()


def test_what_is_shown_moves_no_cursor() -> None:
    found = (
        good(Topic.SPF, "a\x1b[31m", "fine"),
        bad(Topic.DEAD, "lab", "what\x9b31m [bold]x[/]", "mend\u202e it"),
        unknown(Topic.CLOCK, "", "not checked"),
    )
    text = shown(lambda: print_findings(found))
    assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in text if char != "\n")
    assert [line[0] for line in text.splitlines() if line[0] != " "] == ["✓", "✗", "?"]
    assert "-> mend" in text
    assert "[bold]x[/]" in text


def test_the_table_names_every_verdict_and_what_to_add() -> None:
    text = shown(lambda: print_provable("lab", provability(frozenset(Ability) - {Ability.BREADTH})))
    assert "directory_out_of_sync" in text
    assert "for high: every MX host, or" in text
    assert "a second vantage" in text


def test_only_what_is_wrong_makes_it_fail() -> None:
    doubt, fine, wrong = unknown(Topic.SPF, "", ""), good(Topic.SPF, "", ""), bad(Topic.SPF, "", "", "")
    assert [Readiness(one, ()).exit_code for one in ((fine, doubt), (fine, wrong), ())] == [0, 1, 0]
