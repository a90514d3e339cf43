"""The way from a bounce to its test mail: what is looked at, in which order, and what does not count."""

import time

import pytest

from mailprobe.bounces.match import MOST, Signed, is_of, only_one, signed
from mailprobe.evidence import CanaryState
from mailprobe.wire.returned import read_returned
from tests.unit.bounces.mails import DOMAIN, NOW, SIGNER, dsn, letter, planned, sender_of

SUBJECT, OTHER = "0123456789abcdef" * 2, "ff" * 16
STAMP = SIGNER.stamp("c1")


def of(raw: bytes) -> Signed:
    return signed(read_returned(raw).ties, SIGNER, NOW)


@pytest.mark.parametrize(
    "raw",
    [
        dsn(stamp=STAMP),
        dsn(stamp=STAMP.upper()),
        dsn(envelope_id=STAMP),
        dsn(envelope_id=STAMP.replace(".", "+2E")),
        letter(headers=f"In-Reply-To: <{STAMP}@{DOMAIN}>"),
        letter(headers=f"References: <x@y.test>\n <{STAMP}@{DOMAIN}>"),
        letter(text=f"--- the headers follow\nMessage-ID: <{STAMP}@{DOMAIN}>\n"),
        letter(text=f"Your mail {STAMP}."),
        letter(text=f"> X-Mailprobe-Token: {STAMP}"),
        letter(parts=(("message/rfc822", f"Subject: x\nX-Mailprobe-Token:\n {STAMP}\n\nbody"),)),
    ],
)
def test_a_stamp_is_found_wherever_servers_leave_it(raw: bytes) -> None:
    assert of(raw).canaries == ("c1",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Subject: x",
        f"x{STAMP[2:]}",
        STAMP[:-1],
        STAMP + "a",
        f"c2{STAMP[2:]}",
        STAMP.replace(".", ""),
        "a" * 100_000,
        "a." * 50_000,
    ],
)
def test_what_is_not_signed_by_us_is_nothing(text: str) -> None:
    assert of(letter(text=text)) == Signed((), ())


def test_what_we_gave_counts_before_what_the_text_quotes() -> None:
    raw = dsn(envelope_id=SIGNER.stamp("first"), stamp=SIGNER.stamp("second"), more=f"X-Note: {SIGNER.stamp('third')}\n")
    assert of(raw).canaries == ("first", "second", "third")


def test_a_signed_sender_quoted_in_the_text_is_read() -> None:
    local = SIGNER.sender(SUBJECT, NOW)
    assert of(letter(text=f"Hello,\nReturn-Path: <{local.upper()}@{DOMAIN}>")).senders == (sender_of(SUBJECT),)
    assert of(letter(headers=f"Delivered-To: {local}@{DOMAIN}")).senders == (sender_of(SUBJECT),)
    assert of(letter(text=f"{local}x@{DOMAIN} x{local}@{DOMAIN}")).senders == ()


def test_thousands_of_candidates_cost_no_more_than_a_few() -> None:
    began = time.process_time()
    many = "\n".join(f"{n:064d}.{'a' * 18}" for n in range(700))
    assert of(letter(text=many + "\n" + STAMP)).canaries == ()  # the few that are looked at are others
    assert time.process_time() - began < 1.0
    assert len(of(letter(text="\n".join(SIGNER.stamp(f"c{n}") for n in range(50)))).canaries) == MOST


def test_a_stamp_counts_for_its_own_mailbox() -> None:
    assert is_of(planned("c1", SUBJECT), SUBJECT[:16])
    assert not is_of(planned("c1", SUBJECT), OTHER[:16])


STATES = {
    CanaryState.SENDING: True,
    CanaryState.ACCEPTED: True,
    CanaryState.UNCERTAIN: True,
    CanaryState.LOST: True,
    CanaryState.PLANNED: False,
    CanaryState.REFUSED: False,
    CanaryState.SEEN: False,
    CanaryState.JUNKED: False,
    CanaryState.LATE: False,
    CanaryState.BOUNCED: False,
    CanaryState.REMOVED: False,
    CanaryState.LEFT: False,
}


@pytest.mark.parametrize("state", CanaryState)
def test_only_what_is_out_may_be_meant_by_the_sender_alone(state: CanaryState) -> None:
    one = planned("c1", SUBJECT, state)
    assert only_one((one,), sender_of(SUBJECT).day, SIGNER) == (one if STATES[state] else None)


def test_two_that_are_out_are_none() -> None:
    first, second = planned("c1", SUBJECT), planned("c2", SUBJECT, CanaryState.LOST)
    assert only_one((first, second), sender_of(SUBJECT).day, SIGNER) is None


def test_each_day_has_its_sender() -> None:
    today, yesterday = planned("c1", SUBJECT), planned("c2", SUBJECT, planned_at=NOW - 86_400)
    assert only_one((today, yesterday), sender_of(SUBJECT).day, SIGNER) == today
    assert only_one((today, yesterday), sender_of(SUBJECT).day - 1, SIGNER) == yesterday
