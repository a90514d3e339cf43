"""An account, a carrier, and facts in the words of real servers."""

from __future__ import annotations

from typing import Any

from mailprobe.address import parse
from mailprobe.carriers import Channel, Endpoint, LiveControl
from mailprobe.evidence import (
    Answered,
    As,
    Breakage,
    Broken,
    End,
    Ending,
    Evidence,
    Fact,
    NotAsked,
    Of,
    Offered,
    Replied,
    Stage,
    Withheld,
)
from mailprobe.replies import Us
from mailprobe.secret import parse_ref
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import (
    History,
    Picture,
)
from mailprobe.verdict.take import take_picture
from tests.unit import given

NOW = 1_790_000_000.0
LIVE, DEAD = parse("alive@mail.test"), parse("nobody-7f3a@mail.test")
ACCOUNT = given.account(secret=parse_ref("env:X"))
T = str(ACCOUNT.address)
TWO_MX = tuple(Endpoint(f"mx{i}.mail.test", 25, Channel.CLEAR) for i in (1, 2))
CARRIER = given.carrier(
    mx=TWO_MX,
    imap=Endpoint("imap.mail.test", 993, Channel.IMPLICIT),
    live_controls=(LiveControl(LIVE, "alive", "alive", parse_ref("env:L")),),
    dead_control=DEAD,
)
NO_USER = "550 5.1.1 <{}>: Recipient address rejected: User unknown in virtual mailbox table"
BLOCKED = "550 5.7.1 Client host [198.51.100.9] blocked using zen.example"
OK = "250 2.1.5 Ok"
LATER = "451 4.7.1 Greylisting in action, please come back later"
LOOKUP = "451 4.3.0 <{}>: Temporary lookup failure"
US = Us(("198.51.100.9", "probe.example.net"))


def seen(*facts: Fact, probe: str = "mx", now: float = NOW, **more: Any) -> Picture:
    return look(evidence(probe, *facts), now=now, **more)


def look(*runs: Evidence, now: float = NOW, **more: Any) -> Picture:
    asked: dict[str, Any] = {
        "account": ACCOUNT,
        "carrier": CARRIER,
        "told": Observations(),
        "bounces": (),
        "history": History(),
        "us": US,
    }
    return take_picture(runs, now=now, **{**asked, **more})


def evidence(probe: str, *facts: Fact) -> Evidence:
    return Evidence("tanaka", probe, "here", None, NOW - 10, 100.0, 5.0, facts, (), Ending(End.FINISHED))


def replied(line: str, of: Of = Of.TARGET, mx: int = 1, stage: Stage = Stage.RCPT, **more: Any) -> Replied:
    code, _, rest = line.partition(" ")
    first, _, text = rest.partition(" ")
    enhanced, text = (first, text) if first.count(".") == 2 else ("", rest)
    who = {Of.TARGET: T, Of.LIVE: str(LIVE), Of.DEAD: str(DEAD)}[of]
    where: dict[str, Any] = {"server": f"mx{mx}.mail.test:25", "ip": f"192.0.2.{mx}"}
    return Replied(at=101.0, of=of, **where, stage=stage, code=int(code), enhanced=enhanced, text=text.format(who), **more)


def three(target: str, live: str | None, dead: str | None, mx: int = 1) -> list[Fact]:
    said = ((target, Of.TARGET), (live, Of.LIVE), (dead, Of.DEAD))
    return [replied(line, of, mx) for line, of in said if line is not None]


IMAP: dict[str, Any] = {"server": "imap.mail.test:993", "ip": "192.0.2.100"}
OPEN = Offered(at=101, **IMAP, stage=Stage.CAPABILITY, capabilities=("IMAP4REV1",))


def hung_up(why: Breakage, words: str = "", stage: Stage = Stage.LOGIN) -> Broken:
    return Broken(at=102, **IMAP, stage=stage, why=why, words=words)


def refused_before(why: Withheld, words: str, age: float = 900) -> NotAsked:
    return held(why, last_at=NOW - age, last_words=words)


def login(status: str, code: str = "", text: str = "", of: Of = Of.TARGET, who: As = As.CUSTOMER, **more: Any) -> Answered:
    return Answered(at=102, of=of, **{**IMAP, **more}, stage=Stage.LOGIN, status=status, code=code, text=text, who=who)


def held(why: Withheld, who: As | None = As.CUSTOMER, **more: Any) -> NotAsked:
    return NotAsked(at=103, server=IMAP["server"], stage=Stage.LOGIN, why=why, who=who, **more)


REFUSED = ("NO", "AUTHENTICATIONFAILED", "Authentication failed.")


def live(status: str, code: str = "", text: str = "", who: As = As.CONTROL, **more: Any) -> Answered:
    return login(status, code, text, Of.LIVE, who, **more)
