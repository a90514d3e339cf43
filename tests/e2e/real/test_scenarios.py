"""What the program says of mailboxes on real Dovecot, Postfix and NSD, asked as a user asks it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from imaplib import IMAP4_SSL
from pathlib import Path

import pytest

from tests.e2e.real.lab import WORKERS, Answer, Lab, Setup, check
from tests.e2e.real.postoffice import DOMAIN
from tests.e2e.real.scenarios import EXIT, SCENARIOS, Scenario

Asked = dict[str, Future[Answer]]


@pytest.fixture(scope="module")
def asked(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """All of them, a few at a time: a check waits for the servers more than it computes."""
    with ThreadPoolExecutor(WORKERS) as threads:
        yield {
            one.name: threads.submit(check, lab, one.make(lab), tmp_path_factory.mktemp("scenario", numbered=True))
            for one in SCENARIOS
        }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_scenario(scenario: Scenario, asked: Asked) -> None:
    answer = asked[scenario.name].result()
    assert (answer.code, answer.status) == (scenario.code, scenario.status), answer.verdict
    assert answer.exit_code == EXIT[scenario.status]
    assert answer.status != "down" or scenario.truly_down
    assert answer.verdict["confidence"] == (scenario.confidence or answer.verdict["confidence"])
    assert answer.notes >= set(scenario.notes)
    assert not answer.verdict["handset_reset_allowed"]


def test_names_are_unique() -> None:
    assert len({one.name for one in SCENARIOS}) == len(SCENARIOS)


@contextlib.contextmanager
def signed_in(lab: Lab, name: str) -> Iterator[None]:
    """Somebody holds the one connection that 127.0.0.4 lets a user have."""
    with IMAP4_SSL("127.0.0.4", lab.office.imaps, ssl_context=lab.office.trust()) as client:
        client.login(name, "secret")
        while may_sign_in(lab, name):  # the server counts him a moment after it has answered him
            time.sleep(0.05)
        yield


def may_sign_in(lab: Lab, name: str) -> bool:
    """A refusal for too many connections also ends this one."""
    try:
        with IMAP4_SSL("127.0.0.4", lab.office.imaps, ssl_context=lab.office.trust()) as another:
            another.login(name, "secret")
    except IMAP4_SSL.error:
        return False
    return True


def test_too_many_connections(lab: Lab, tmp_path: Path) -> None:
    """[LIMIT]: Dovecot allows one connection of a user at this address, and his own program has it."""
    with signed_in(lab, "limited"):
        answer = check(lab, Setup(f"limited@{DOMAIN}", imap=f"imaps://127.0.0.4:{lab.office.imaps}"), tmp_path)
    assert (answer.code, answer.status, answer.exit_code) == ("login_rate_limited", "degraded", 1), answer.verdict


def test_too_many_connections_of_the_control(lab: Lab, tmp_path: Path) -> None:
    with signed_in(lab, "u000001"):
        answer = check(lab, Setup(imap=f"imaps://127.0.0.4:{lab.office.imaps}"), tmp_path)
    said = next(fact for fact in answer.facts("imap") if fact["of"] == "live" and fact.get("stage") == "login")
    assert "Maximum number of connections" in said["text"]
    # Dovecot's patch levels differ in the code: where it says that the server is at fault, the target is asked all the same
    assert answer.status == {"LIMIT": "unknown", "UNAVAILABLE": "ok"}[said["code"]], answer.verdict
