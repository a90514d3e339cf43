"""T, L and D side by side."""

from __future__ import annotations

from mailprobe.evidence import Answered, Arrived, As, Canary, CanaryState, Fact, Folder, Of, Returned, ReturnKind, SeenBy, Stage
from mailprobe.verdict.proof import prove
from tests.unit.verdict.facts import ACCOUNT, CARRIER, IMAP, NO_USER, OK, REFUSED, T, evidence, replied, three

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


def test_a_test_mail_is_shown_from_its_acceptance_to_its_return() -> None:
    taken = [replied("250 2.0.0 Ok: queued as 4Fz1", of, stage=Stage.END_OF_DATA) for of in (Of.TARGET, Of.LIVE)]
    back = Returned(
        at=104,
        canary="c1",
        kind=ReturnKind.FAILED,
        returned_at=7.0,
        code=550,
        enhanced="5.1.1",
        text=f"<{T}>: unknown, sent to hanako@far.test by b-token@bounce.test",
        remote="store.mail.test",
    )
    seen = Arrived(at=105, of=Of.LIVE, **IMAP, canary="c2", folder=Folder.INBOX, took=1.26, by=SeenBy.IDLE)
    standing = Canary(at=103, canary="c1", number="4821", state=CanaryState.ACCEPTED)
    facts: list[Fact] = [replied("250 2.1.0 Ok", stage=Stage.MAIL), *taken, standing, seen, back, back]
    rows = prove([evidence("canary", *facts)], account=ACCOUNT, carrier=CARRIER)
    assert [(row.kind, row.of, row.server, row.answer, row.text) for row in rows] == [
        ("canary", Of.LIVE, "imap.mail.test:993", "arrived inbox", "1.3 s"),
        ("canary", Of.TARGET, "mx1.mail.test:25", "end_of_data 250 2.0.0", "Ok: queued as 4Fz1"),
        ("canary", Of.LIVE, "mx1.mail.test:25", "end_of_data 250 2.0.0", "Ok: queued as 4Fz1"),
        (
            "canary",
            Of.TARGET,
            "store.mail.test",
            "returned failed 550 5.1.1",
            "<address>: unknown, sent to address by address",
        ),
    ]


def test_a_test_mail_that_was_refused_names_the_step() -> None:
    refused = replied("450 4.7.1 Greylisted", stage=Stage.RCPT)
    (row,) = prove([evidence("canary", refused, replied("250 2.0.0 bye", stage=Stage.QUIT))], account=ACCOUNT, carrier=CARRIER)
    assert (row.answer, row.text) == ("rcpt 450 4.7.1", "Greylisted")
