"""`MAILPROBE_RECORD=1 pytest tests/e2e/real/test_record.py` writes the golden transcripts anew, from the real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager as Meanwhile
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from imaplib import IMAP4_SSL
from pathlib import Path

import pytest

from tests.e2e.real.lab import Setup, account_lines, carrier_lines, environment, prober_lines
from tests.e2e.real.postoffice import DOMAIN, PostOffice
from tests.golden.record import record
from tests.golden.transcript import read

GOLDEN = Path(__file__).parents[2] / "golden" / "transcripts"
LEGS = 'probes = ["mx", "imap", "submission"]'
OFFICIAL = {"imap": 143, "imaps": 993, "submission": 587, "submissions": 465, "mx": 25}


@contextmanager
def signed_in(office: PostOffice) -> Iterator[None]:
    """Somebody else holds the one connection that this door allows a user."""
    with IMAP4_SSL("127.0.0.4", office.imaps, ssl_context=office.trust()) as holder:
        holder.login("limited", "secret")
        yield


@dataclass(frozen=True)
class Situation:
    name: str
    title: str
    make: Callable[[PostOffice], Setup]
    meanwhile: Callable[[PostOffice], Meanwhile[None]] = lambda office: nullcontext()


def box(name: str, told: tuple[str, ...] = ()) -> Callable[[PostOffice], Setup]:
    return lambda office: Setup(f"{name}@{DOMAIN}", told=told)


def door(name: str) -> Callable[[PostOffice], Setup]:
    return lambda office: Setup(mx=(office.at(name),))


SITUATIONS = (
    Situation("healthy", "Everything works, TLS from the first octet", box("u000002")),
    Situation(
        "healthy-starttls",
        "Everything works, by STARTTLS",
        lambda o: Setup(imap=f"imap://127.0.0.1:{o.imap}", submission=f"smtp://{o.at('submission')}"),
    ),
    Situation("born-from", "The directories have lost the customer, the portal has not", box("gone-customer", ("portal_ok",))),
    Situation("missing-from-mx", "Signs in, but the receiving side does not know the address", box("no_mx")),
    Situation("imap-does-not-know", "The password is good for sending and refused for reading", box("no_imap")),
    Situation("wrong-password", "The password is refused everywhere", box("other_password")),
    Situation(
        "limit",
        "One connection too many: [LIMIT]",
        lambda o: Setup(f"limited@{DOMAIN}", imap=f"imaps://127.0.0.4:{o.imaps}"),
        signed_in,
    ),
    Situation("unavailable", "The sign-in directory does not answer: [UNAVAILABLE]", box("tempfail")),
    Situation("suspended", "The sign-in is barred with a reason", box("suspended")),
    Situation("store-fails", "Signs in, but the mailbox does not open", box("crashed")),
    Situation("greylisted", "Come back later", box("grey")),
    Situation("full", "The receiving side says that the mailbox is full", box("full")),
    Situation("map-down", "The receiving side cannot look up its recipients: 451", door("map_down")),
    Situation("blocked", "The receiving side refuses our address", door("blocks_us")),
    Situation("sender-refused", "The receiving side refuses our sender", door("refuses_sender")),
    Situation("sending-refused", "Reads, but may not send", box("no_sending")),
    Situation(
        "expired-certificate",
        "The sign-in server shows an expired certificate",
        lambda o: Setup(imap=f"imaps://127.0.0.2:{o.imaps}"),
    ),
)


def ports(office: PostOffice) -> dict[int, int]:
    known = {office.imap: 143, office.imaps: 993}
    return known | {port: OFFICIAL.get(name.split("_")[0], 25) for name, port in office.doors.items()}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
async def test_record(situation: Situation, office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = situation.make(office)
    for name, value in environment(setup).items():
        monkeypatch.setenv(name, value)
    lines = [line for line in prober_lines(office, setup, tmp_path) if not line.startswith(("[store]", "url"))]
    config = "\n".join([*lines, *carrier_lines(office, setup), *account_lines(setup), LEGS, ""])
    with situation.meanwhile(office):
        transcript = await record(situation.title, config, setup.address, setup.told, ports(office), tmp_path)
    assert read(str(transcript)) == transcript
    (GOLDEN / f"{situation.name}.txt").write_text(str(transcript), encoding="utf-8")
