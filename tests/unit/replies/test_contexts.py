"""The same reason in other surroundings: what servers put around a refusal changes nothing of what it is about.

Each documented text (golden/replies.txt) is read again behind and before the words with which Postfix, Exim, sendmail and others
quote a reason. None of them may turn a reason that is ours, the server's or the message's into one of the recipient.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailprobe.evidence import Stage
from mailprobe.replies import SPEAKS, Meaning, ReplyClass, SpeaksOf, read

LINES = (Path(__file__).parents[2] / "golden" / "replies.txt").read_text("utf-8").splitlines()
ROWS = [line.split(" ", 3) for line in LINES if line and not line.startswith("#")]
REASONS = [(cls, 550 if code == "0" else int(code), re.sub(r"^#?[45]\.\d+\.\d+ ", "", text)) for _, code, cls, text in ROWS]
OTHERS = (SpeaksOf.US, SpeaksOf.SERVER, SpeaksOf.MESSAGE)

AROUND = [
    "{}",
    "<neko@b.test>: {}",
    "<neko@b.test>: Recipient address rejected: {}",
    "Recipient address rejected: {}",
    "rejected RCPT <neko@b.test>: {}",
    "recipient neko@b.test: {}",
    "host mx.b.test[192.0.2.1] said: 550 {} (in reply to RCPT TO command)",
    "SMTP error from remote mail server after RCPT TO:<neko@b.test>: host mx.b.test [192.0.2.1]: 550 {}",
    "your mail to this mailbox could not be delivered: {}",
    "Mail to mailbox neko rejected, {}",
    "neko@b.test - {}",
    "{}, neko@b.test",
    "{} <neko@b.test>",
    "{} for neko@b.test",
    "{} [a1b2c3d4.17]",
    "{} - message rejected",
    "Your message was rejected: {}",
    "Your mail was rejected because {}",
    "The recipient server refused it because {}",
    "message for neko@b.test not accepted because {}",
    "The mail system of the recipient said {}",
    "while talking to mx.b.test.: >>> RCPT To:<neko@b.test> <<< 550 {}",
    "This user has a mailbox here; {}",
    "Delivery to recipient neko@b.test failed. {}",
    "192.0.2.1 does not like recipient. Remote host said: 550 {} Giving up on 192.0.2.1.",
    "{} [mx.b.test 2024-05-09T23:34:45.000Z 08DC]",
    "{} If you think your mail is no spam contact us",
    "{} Please check the address and try again",
]
OF_THE_SENDER = [
    "Sender address rejected: {}",
    "<s@x.test>: Sender address rejected: {}",
    "Sender verify failed: {}",
    "callout to the sender says {}",
    "Could not verify your address: {}",
    "Helo command rejected: {}",
    "<mx.x.test[192.0.2.1]>: Client host rejected: {}",
]


def speaks(cls: str) -> SpeaksOf:
    return SpeaksOf.US if cls == "us" else SPEAKS[ReplyClass(cls)]


def meant(around: str, code: int, reason: str) -> Meaning:
    text = f"{code} {around.format(reason)}"
    return read(stage=Stage.RCPT, code=code, text=text, address="neko@b.test", domain="b.test")


@pytest.mark.parametrize("around", AROUND)
def test_surroundings_blame_no_recipient(around: str) -> None:
    others = [row for row in REASONS if speaks(row[0]) in OTHERS]
    blamed = [row for row in others if meant(around, row[1], row[2]).speaks_of is SpeaksOf.RECIPIENT]
    assert len(blamed) <= 0.01 * len(others), blamed


@pytest.mark.parametrize("around", AROUND)
def test_surroundings_hide_no_recipient(around: str) -> None:
    recipients = [row for row in REASONS if speaks(row[0]) is SpeaksOf.RECIPIENT]
    hidden = [row for row in recipients if meant(around, row[1], row[2]).speaks_of is not SpeaksOf.RECIPIENT]
    assert len(hidden) <= 0.04 * len(recipients), hidden


def test_a_heading_hides_few_reasons() -> None:
    """RFC 5321 section 4.2.3 gives every 550 these words; some servers add their reason."""
    others = [row for row in REASONS if speaks(row[0]) in OTHERS]
    heading = "Requested action not taken: mailbox unavailable. {}"
    blamed = [row for row in others if meant(heading, row[1], row[2]).speaks_of is SpeaksOf.RECIPIENT]
    assert len(blamed) <= 0.02 * len(others), blamed


@pytest.mark.parametrize("around", OF_THE_SENDER)
def test_what_is_said_of_a_sender_is_no_word_about_the_recipient(around: str) -> None:
    recipients = [row for row in REASONS if speaks(row[0]) is SpeaksOf.RECIPIENT]
    assert [row for row in recipients if meant(around, row[1], row[2]).speaks_of is SpeaksOf.RECIPIENT] == []
