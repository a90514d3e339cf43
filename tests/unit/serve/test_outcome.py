"""What a run is counted as."""

from __future__ import annotations

import pytest

from mailprobe.evidence import End, Ending, Evidence
from mailprobe.metrics import Outcome
from mailprobe.serve.outcome import BAD, GOOD, outcome_of
from mailprobe.verdict.picture import Acceptance, Delivery, Domain, Picture, SignIn
from tests.unit.verdict.pictures import picture


def ran(probe: str, kind: End = End.FINISHED) -> Evidence:
    return Evidence("tanaka", probe, "here", 1, 0.0, 0.0, 1.0, (), (), Ending(kind))


@pytest.mark.parametrize(
    ("probe", "seen", "outcome"),
    [
        ("dns", picture(domain=Domain.FOUND), Outcome.GOOD),
        ("dns", picture(domain=Domain.ABSENT), Outcome.BAD),
        ("dns", picture(domain=Domain.UNSURE), Outcome.UNKNOWN),
        ("mx", picture(acceptance=Acceptance.ACCEPTED), Outcome.GOOD),
        ("mx", picture(acceptance=Acceptance.AS_NEVER_EXISTED), Outcome.BAD),
        ("mx", picture(acceptance=Acceptance.GREYLISTED), Outcome.UNKNOWN),
        ("imap", picture(sign_in=SignIn.OPENED), Outcome.GOOD),
        ("imap", picture(sign_in=SignIn.REFUSED), Outcome.BAD),
        ("imap", picture(sign_in=SignIn.UNREACHABLE), Outcome.UNKNOWN),
        ("submission", picture(submission=SignIn.OPENED), Outcome.GOOD),
        ("canary", picture(delivery=Delivery.ARRIVED), Outcome.GOOD),
        ("canary", picture(delivery=Delivery.JUNKED), Outcome.BAD),
        ("canary", picture(delivery=Delivery.UNDER_WAY), Outcome.UNKNOWN),
    ],
)
def test_each_probe_by_its_own_answer(probe: str, seen: Picture, outcome: Outcome) -> None:
    assert outcome_of(ran(probe), seen, prober_fit=True) is outcome


def test_our_own_trouble_makes_no_failure() -> None:
    refused = picture(acceptance=Acceptance.AS_NEVER_EXISTED)
    assert outcome_of(ran("mx"), refused, prober_fit=False) is Outcome.UNKNOWN
    assert outcome_of(ran("mx", End.OUR_FAULT), refused, prober_fit=True) is Outcome.OUR_FAULT
    assert outcome_of(ran("mx", End.HELD), refused, prober_fit=True) is Outcome.HELD


def test_nothing_is_both() -> None:
    assert not GOOD & BAD
