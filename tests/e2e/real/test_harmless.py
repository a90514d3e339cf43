"""A check leaves nothing behind: no lock-out, no mail touched, no flag changed."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.real.lab import Answer, Lab, Setup, check
from tests.e2e.real.postoffice import DOMAIN, PostOffice

REFUSED_BY_DOVECOT = ("Password mismatch", "unknown user", "password mismatch")


def refusals(office: PostOffice, user: str) -> int:
    """What Dovecot counts against the user: failed logins, at IMAP and for Postfix's AUTH."""
    time.sleep(0.3)  # Dovecot's log is written by a process of its own
    lines = [line for line in office.log().splitlines() if " auth: " in line and f"({user}," in line]
    return sum(any(words in line for words in REFUSED_BY_DOVECOT) for line in lines)


def test_three_checks_with_a_stale_password(lab: Lab, tmp_path: Path) -> None:
    """The first spends the refusals; the others remember them, and say the same."""
    setup = Setup(f"stale1@{DOMAIN}")
    codes = [check(lab, setup, tmp_path).code for _ in range(3)]
    assert 1 <= refusals(lab.office, "stale1") <= 2
    assert codes == ["password_or_lock"] * 3


def test_three_checks_at_once(lab: Lab, tmp_path: Path) -> None:
    """Three processes, one store."""
    setup = Setup(f"stale2@{DOMAIN}")
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: check(lab, setup, tmp_path), range(3)))
    assert 1 <= refusals(lab.office, "stale2") <= 2
    assert {answer.status for answer in answers} <= {"degraded", "unknown"}


def test_three_different_wrong_passwords(lab: Lab, tmp_path: Path) -> None:
    """Somebody tries one after the other: the budget is the user's, not the password's."""
    for secret in ("first", "second", "third"):
        check(lab, Setup(f"stale3@{DOMAIN}", secret=secret), tmp_path)
    assert 1 <= refusals(lab.office, "stale3") <= 2


def tree(folder: Path) -> dict[str, str]:
    """Every mail by its path (which holds the flags, and new/ or cur/: \\Recent) and its bytes; not the indexes."""
    mails = [path for part in ("new", "cur", "tmp") for path in (folder / part).iterdir()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in mails}


@pytest.fixture
def letters(lab: Lab) -> Path:
    for number in range(3):
        lab.office.deliver("kept", f"Subject: new {number}\r\n\r\nunread\r\n".encode())
        lab.office.deliver("kept", f"Subject: old {number}\r\n\r\nread\r\n".encode(), seen=True)
    return lab.office.maildir("kept")


def healthy(answer: Answer) -> bool:
    return (answer.code, answer.exit_code) == ("healthy", 0)


def test_the_mail_is_as_it_was(lab: Lab, letters: Path, tmp_path: Path) -> None:
    before = tree(letters)
    assert {path.partition("/")[0] for path in before} == {"new", "cur"}
    assert healthy(check(lab, Setup(f"kept@{DOMAIN}"), tmp_path))
    master = Setup(f"kept@{DOMAIN}", secret=None, master="masterpw", submission=None)
    assert healthy(check(lab, master, tmp_path))
    assert tree(letters) == before


def test_nothing_is_delivered(lab: Lab, tmp_path: Path) -> None:
    """RCPT only: a check puts no mail into the queue or into a mailbox."""
    assert healthy(check(lab, Setup(f"kept@{DOMAIN}"), tmp_path))
    assert "cleanup[" not in (lab.office.base / "postfix.log").read_text(errors="replace")
