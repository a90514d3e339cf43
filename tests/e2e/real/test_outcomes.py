"""What the program says of a test mail, by what a real Postfix and Dovecot make of it: filed as junk, late, lost, refused once it
was read, greylisted, cut off. What time must pass, passes on the program's clock alone: the mail is where the servers have it."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.real.lab import Answer
from tests.e2e.real.mailing import Cut, ours_in, taken, tree
from tests.e2e.real.postoffice import DOMAIN, Mailbox, PostOffice, free_port, missing_programs
from tests.e2e.real.program import Program, canaries, configured, eventually
from tests.e2e.real.servers import DOORS

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or missing_programs() != (), reason="private servers need root, Dovecot, Postfix and NSD"
)
HOUR, DAY = 3600.0, 86400.0
PEOPLE = ("live", "late", "missed", "given_up", "swallowed", "picky", "grey", "cut", "cut_too")
HELD = {"late": "HOLD", "missed": "HOLD", "given_up": "HOLD"}  # Postfix says 250 and keeps the mail until it is told otherwise
ACCESS = {**HELD, "swallowed": "DISCARD", "grey": "450 4.2.0 Greylisted, please try again in 300 seconds"}
FILTERS = {"picky": "550 5.7.1 Recipient refuses mail from this domain"}
SHORT = ("--canary", "--within", "6")  # for a mail that does not come


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    boxes = {name: Mailbox() for name in PEOPLE} | {"junky": Mailbox(files_into="Junk")}
    with (
        tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder,
        PostOffice(Path(folder), mailboxes=boxes, access=dict(ACCESS), filters=dict(FILTERS), public=False) as opened,
    ):
        yield opened


@pytest.fixture
def program(office: PostOffice, tmp_path: Path) -> Program:
    return program_at(office, tmp_path, office.at("mx"))


def program_at(office: PostOffice, folder: Path, door: str) -> Program:
    carrier = [
        f'domains = ["{DOMAIN}"]',
        f'mx = ["{door}"]',
        f'imap = "{office.imaps_url}"',
        f'tls_ca = "{office.base}/tls/ca.pem"',
        f'live_controls = [{{ address = "live@{DOMAIN}", secret = "env:SECRET" }}]',
        f'dead_control = "nobody-7f3a@{DOMAIN}"',
    ]
    names = ("junky", *PEOPLE[1:])
    legs = 'secret = "env:SECRET"\nprobes = ["dns", "mx", "imap"]'
    return configured(folder, carrier, [f'id = "{name}"\naddress = "{name}@{DOMAIN}"\n{legs}' for name in names], free_port())


def said(answer: Answer) -> tuple[str, str, str]:
    """The verdict in three words; whatever it is, nobody is sent to reset his device."""
    assert answer.verdict["handset_reset_allowed"] is False
    return answer.code, answer.status, answer.verdict["confidence"]


def states(answer: Answer) -> list[object]:
    """How far T's test mail came in this check."""
    return list(dict.fromkeys(fact["state"] for fact in canaries(answer)))


def arrivals(answer: Answer, of: str = "target") -> list[object]:
    return [fact["folder"] for fact in answer.facts("canary") if fact["fact"] == "arrived" and fact["of"] == of]


def release(office: PostOffice, name: str) -> None:
    office.release()
    eventually(lambda: ours_in(office.maildir(name)), bool, 20.0)


def test_filed_as_junk(office: PostOffice, program: Program) -> None:
    """L's own lies in its inbox, so it is not our mail that looks like junk. Nothing of ours stays, and nothing else goes."""
    office.deliver("junky", b"Subject: kept\r\n\r\nfor ever\r\n", seen=True)
    before = tree(office.maildir("junky"))
    answer = program.check("junky", "--canary")
    assert said(answer) == ("delivered_to_junk", "degraded", "high"), answer.verdict
    assert answer.exit_code == 1
    assert states(answer)[-2:] == ["junked", "removed"]
    assert (arrivals(answer), arrivals(answer, "live")) == (["junk"], ["inbox"])
    assert "saved mail to Junk" in office.log()
    assert not ours_in(office.maildir("junky"))
    assert tree(office.maildir("junky")) == before
    again = program.check("junky")
    assert (said(again), states(again)) == (said(answer), ["removed"])


def test_late(office: PostOffice, program: Program) -> None:
    """Waited for, then missed; when it comes, the next check takes that back, and says that it was late."""
    first = program.check("late", *SHORT)
    assert (said(first), first.exit_code) == (("waiting", "unknown", "low"), 3), first.verdict
    assert first.verdict["say"]["args"] == {"reason": "canary_under_way"}
    assert (states(first)[-1], arrivals(first), arrivals(first, "live")) == ("accepted", [], ["inbox"])
    for ahead, sure in ((180.0, "low"), (2 * HOUR, "medium")):
        missed = program.check("late", ahead=ahead)
        assert (said(missed), states(missed)) == (("silently_dropped", "degraded", sure), ["accepted"]), missed.verdict
    release(office, "late")
    revised = program.check("late", ahead=2 * HOUR + 60)
    assert (states(revised), arrivals(revised)) == (["accepted", "seen", "removed"], ["inbox"])
    fact = canaries(revised)[-1]
    assert (fact["took_ms"], fact["found_at"] is not None) == (None, True)  # nobody saw both ends of its way
    assert said(revised) == ("healthy", "ok", "medium"), revised.verdict
    assert revised.verdict["say"]["args"] == {"mail": "arrived"}
    assert not ours_in(office.maildir("late"))
    again = program.check("late", ahead=2 * HOUR + 120)
    assert (said(again), arrivals(again)) == (said(revised), [])


def test_given_up_and_then_late(office: PostOffice, program: Program) -> None:
    assert program.check("given_up", *SHORT).code == "waiting"
    lost = program.check("given_up", ahead=DAY + HOUR)
    assert (said(lost), states(lost)) == (("silently_dropped", "degraded", "high"), ["accepted", "lost"]), lost.verdict
    release(office, "given_up")
    revised = program.check("given_up", ahead=DAY + 2 * HOUR)
    assert (said(revised), arrivals(revised)) == (("healthy", "ok", "medium"), ["inbox"]), revised.verdict
    assert states(revised) == ["lost", "late", "removed"]
    assert not ours_in(office.maildir("given_up"))


def test_neither_his_nor_the_known_good_one(office: PostOffice, program: Program) -> None:
    """Both are late: that is the carrier's trouble, and nobody's setting."""
    office.access["live"] = "HOLD"
    office.reload()
    try:
        assert program.check("missed", *SHORT).code == "waiting"
        outage = program.check("missed", ahead=180.0)
    finally:
        del office.access["live"]
        office.reload()
    assert (said(outage), outage.exit_code) == (("delivery_outage", "down", "medium"), 2), outage.verdict
    release(office, "missed")
    revised = program.check("missed", ahead=240.0)
    assert (said(revised), arrivals(revised)) == (("healthy", "ok", "medium"), ["inbox"]), revised.verdict
    assert not ours_in(office.maildir("live"))


def test_lost(office: PostOffice, program: Program) -> None:
    """Postfix says 250 and drops it: nobody is told."""
    assert program.check("swallowed", *SHORT).code == "waiting"
    for ahead, sure, state in ((180.0, "low", "accepted"), (2 * HOUR, "medium", "accepted"), (DAY + HOUR, "high", "lost")):
        answer = program.check("swallowed", ahead=ahead)
        assert (said(answer), states(answer)[-1]) == (("silently_dropped", "degraded", sure), state), answer.verdict
    assert not ours_in(office.maildir("swallowed"))


def test_his_own_filter_refuses_it_once_it_was_read(office: PostOffice, program: Program) -> None:
    """The known good account gets the same mail, so it is not about us; the next check still knows."""
    for answer in (program.check("picky", "--canary"), program.check("picky")):
        (no,) = [fact for fact in answer.facts("canary") if fact["fact"] == "replied" and fact["code"] >= 400]
        assert (no["of"], no["stage"], no["code"], no["enhanced"]) == ("target", "end_of_data", 550, "5.7.1")
        assert said(answer) == ("recipient_filter", "degraded", "high"), answer.verdict
        assert states(answer)[-1] == "refused"
    assert not ours_in(office.maildir("picky"))


def test_greylisted_and_then_taken(office: PostOffice, program: Program) -> None:
    first = program.check("grey", "--canary")
    assert (said(first), first.verdict["say"]["args"]) == (("waiting", "unknown", "low"), {"reason": "greylisted"})
    assert states(first) == ["planned"]
    del office.access["grey"]
    office.reload()
    looks = program.check("grey", ahead=200.0)  # it may not go yet, and a check without a test mail never sends
    assert (looks.code, states(looks)) == ("waiting", ["planned"])
    then = program.check("grey", "--canary", ahead=400.0)
    assert said(then) == ("healthy", "ok", "high"), then.verdict
    assert states(then) == ["planned", "sending", "accepted", "seen", "removed"]
    assert {answer.notes >= {"greylisted"} for answer in (first, looks, then)} == {True}
    assert canaries(first)[0]["canary"] == canaries(then)[0]["canary"]
    assert taken(office, str(canaries(then)[0]["canary"])) == 1


@pytest.mark.parametrize(("name", "passes"), [("cut", True), ("cut_too", False)])
async def test_cut_off_after_data(office: PostOffice, tmp_path: Path, name: str, passes: bool) -> None:
    """Uncertain is never "failed", and never "sent again": found, it has arrived; not found, nothing is known."""
    wire = Cut(DOORS["mx_clear"][0], office.doors["mx_clear"], passes=passes, whose=name)
    async with wire.open() as door:
        program = program_at(office, tmp_path, door)
        first = await asyncio.to_thread(program.check, name, *(("--canary",) if passes else SHORT))
        later = await asyncio.to_thread(program.check, name, ahead=2 * HOUR)
    (broken,) = [fact for fact in first.facts("canary") if fact["fact"] == "broken"]
    assert (broken["of"], broken["stage"]) == ("target", "end_of_data")
    assert "uncertain" in states(first)
    assert (wire.ends, taken(office, str(canaries(first)[0]["canary"]))) == (1, int(passes))
    if passes:
        assert (said(first), arrivals(first)) == (("healthy", "ok", "high"), ["inbox"]), first.verdict
        assert states(first)[-1] == "removed"
        return
    assert said(first) == ("waiting", "unknown", "low"), first.verdict
    assert first.verdict["say"]["args"] == {"reason": "canary_uncertain"}
    assert (said(later), states(later)) == (("accepts_mail", "unknown", "high"), ["uncertain"]), later.verdict
    assert "delivery" in later.verdict["missing"]
