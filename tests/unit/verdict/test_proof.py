"""T, L and D side by side."""

from __future__ import annotations

from mailprobe.evidence import Answered, As, Of, Stage
from mailprobe.verdict.proof import prove
from tests.unit.verdict.facts import ACCOUNT, CARRIER, IMAP, NO_USER, OK, REFUSED, evidence, replied, three

HELLO = replied("250 hello", stage=Stage.EHLO)


def test_side_by_side_with_addresses_masked() -> None:
    rows = prove([evidence("mx", HELLO, *three(NO_USER, OK, NO_USER))], account=ACCOUNT, carrier=CARRIER)
    assert [(row.of, row.answer, row.alike) for row in rows] == [
        (Of.TARGET, "550 5.1.1", True),
        (Of.LIVE, "250 2.1.5", False),
        (Of.DEAD, "550 5.1.1", False),
    ]
    assert rows[0].text == rows[2].text == "<address>: Recipient address rejected: User unknown in virtual mailbox table"


def test_unlike_answers_and_remembered_ones() -> None:
    facts = [replied("550 5.2.1 disabled"), replied(NO_USER, Of.DEAD, cached_at=5.0)]
    target, dead = prove([evidence("mx", *facts)], account=ACCOUNT, carrier=CARRIER)
    assert not target.alike
    assert (dead.cached, dead.at) == (True, 5.0)


def test_sign_ins_come_after_the_doors() -> None:
    status, code, text = REFUSED
    refused = Answered(at=102, **IMAP, stage=Stage.LOGIN, status=status, code=code, text=text, who=As.CUSTOMER)
    rows = prove([evidence("imap", refused), evidence("mx", *three(OK, OK, NO_USER))], account=ACCOUNT, carrier=CARRIER)
    assert [row.kind for row in rows] == ["rcpt", "rcpt", "rcpt", "imap"]
    assert rows[-1].answer == "NO [AUTHENTICATIONFAILED]"
