"""A small world: what is true of a mailbox, what ails the way to it, and what servers then say. Shares no code with the
verdict: only the types of facts, of an account and of a carrier, and the words for what was told.

Legs can be left out, controls can be missing, stale or refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from hypothesis import strategies as st

from mailprobe.address import parse
from mailprobe.carriers import Carrier, Channel, Endpoint, LiveControl, Relation
from mailprobe.config import Account
from mailprobe.evidence import (
    Answered,
    Arrived,
    As,
    Breakage,
    Broken,
    Canary,
    CanaryState,
    Connected,
    End,
    Ending,
    Evidence,
    Fact,
    Folder,
    NotAsked,
    NotConnected,
    NotSecured,
    Of,
    Offered,
    Opened,
    Quota,
    Replied,
    Returned,
    ReturnKind,
    Secured,
    SeenBy,
    Stage,
    TlsFault,
    Unreachable,
    Withheld,
)
from mailprobe.secret import parse_ref
from mailprobe.verdict.observed import CanarySeen, Observations, Place

NOW = 1_790_000_000.0
T, L, D = "taro@mail.test", "alive@mail.test", "nobody-7f3a@mail.test"


class Truth(Enum):
    """What is really so. The mailbox is down for those of DOWN only."""

    HEALTHY = auto()
    WRONG_PASSWORD = auto()
    LOCKED = auto()
    EXPIRED = auto()
    MISSPELT = auto()
    FULL = auto()
    FILTERED = auto()
    GREYLISTED = auto()
    PUT_OFF = auto()  # some 4xx of the first hour
    RATE = auto()
    MOVED = auto()
    HALF_DIRECTORY = auto()  # missing at one MX host of two
    GONE = auto()
    CLOSED = auto()
    SUSPENDED = auto()
    MX_FORGOT = auto()
    STORE_GONE = auto()
    IMAP_FORGOT = auto()
    DIRECTORY_DOWN = auto()
    IMAP_DOWN = auto()
    JUNK_RULE = auto()
    SILENT_FILTER = auto()  # accepted and thrown away
    DATA_FILTER = auto()  # refused after DATA by the customer's own filter
    VACATION = auto()
    FORWARDS = auto()  # elsewhere, without a copy
    SLOW = auto()  # arrives, in its own time
    BEHIND = auto()  # the door accepts; the system behind it does not know him
    DELIVERY_DOWN = auto()  # what was accepted reaches nobody


DOWN = frozenset(
    {
        Truth.GONE,
        Truth.CLOSED,
        Truth.SUSPENDED,
        Truth.MX_FORGOT,
        Truth.STORE_GONE,
        Truth.IMAP_FORGOT,
        Truth.DIRECTORY_DOWN,
        Truth.IMAP_DOWN,
        Truth.BEHIND,
        Truth.DELIVERY_DOWN,
    }
)
NEVER_IN_TIME = frozenset({Truth.SLOW, Truth.SILENT_FILTER, Truth.FORWARDS})
NOT_IN_DIRECTORY = frozenset({Truth.GONE, Truth.CLOSED, Truth.MX_FORGOT, Truth.MISSPELT})

UNKNOWN_TEXTS = [
    ("5.1.1", "<{}>: Recipient address rejected: User unknown in local recipient table"),
    ("", "Invalid recipient: <{}>"),
    ("", "Unknown user {}"),
    ("5.1.1", "no such user here"),
    ("", "{} is not taken here"),  # no table knows these words
]
US_TEXTS = [
    ("5.7.1", "Client host [198.51.100.9] blocked using zen.example; your IP is on our block list"),
    ("5.7.1", "<probe@probe.test>: Sender address rejected: not welcome"),
    ("5.7.1", "Message rejected due to the poor reputation of your IP address"),
]
POLICY_TEXTS = [("5.7.1", "Rejected by policy"), ("5.7.0", "Transaction failed: local policy"), ("5.7.1", "Access denied")]
PASSING_TEXTS = [
    ("4.7.1", 451, "Greylisting in action, please come back later"),
    ("4.3.0", 451, "Temporary failure, please try again later"),
    ("", 450, "Mailbox temporarily unavailable"),
    ("4.7.1", 450, "<probe@probe.test>: Sender address rejected: temporary lookup failure"),
    ("4.7.25", 450, "Client host rejected: cannot find your hostname, reverse lookup failed"),
    ("", 421, "Too many connections from your host, closing"),
]
BYES = [
    "Too many connections from your IP",
    "Go away",
    "Your address 198.51.100.9 is blocked",
    "Connection closed, try again later",
]


@dataclass(frozen=True)
class World:
    """One state of things, and one way of asking."""

    truth: Truth
    unknown: tuple[str, str] = UNKNOWN_TEXTS[0]
    passing: tuple[str, int, str] = PASSING_TEXTS[0]
    hosts: int = 1
    half_at: int = 0
    accepts_all: tuple[int, ...] = ()
    blocks_us: tuple[tuple[int, tuple[str, str]], ...] = ()  # hosts that refuse everybody we ask for
    spares_live: bool = False  # ... but for L, which is on their list
    policy: tuple[tuple[int, tuple[str, str]], ...] = ()  # hosts with a policy against T and D that L is spared from
    puts_off: tuple[int, ...] = ()  # hosts that put everybody off
    silent: tuple[int, ...] = ()
    live_stale: bool = False
    dead_old: tuple[str, str] | None = None  # D's remembered answer, of another time
    no_live: tuple[int, ...] = ()
    no_dead: tuple[int, ...] = ()
    live_age: float = 0.0
    imap: str = "open"  # open | timeout | banned | old_tls | bad_certificate | limited | hangs
    bye: str = BYES[0]
    live_signs_in: str = "yes"  # yes | stale | absent | unavailable
    submission: str = "asked"  # asked | none | timeout
    legs: frozenset[str] = frozenset({"mx", "imap", "submission", "canary"})
    age: float = 130.0  # seconds since the test mails were accepted, at the last look
    watched: bool = True
    mails_live: bool = True  # a test mail went to L as well
    slow: str = ""  # whose mail is not there yet although it will be: t | l
    content: str = ""  # what we send is refused for everybody: spam | reputation
    broke: bool = False  # the dialogue broke after DATA
    bounce_comes: bool = True  # what comes back is here by now
    old_bounce: str = ""  # a bounce of yesterday, when he was unknown: tied to that mail (old) or to the mailbox alone (loose)
    tells: bool = False  # the customer says where he sees it
    cut: int = 99  # facts of the mx leg that came in time
    remembered_refusal: bool = False
    enrolled: bool = True
    network: str = ""


def account_of(world: World) -> Account:
    return Account(
        id="taro",
        address=parse(T),
        carrier="lab",
        username="taro",
        submission_username=T,
        secret=parse_ref("env:X"),
        enrolled=world.enrolled and world.truth is not Truth.MISSPELT,
    )


def carrier_of(world: World) -> Carrier:
    secret = account_of(world).secret
    return Carrier(
        name="lab",
        title="Lab",
        relation=Relation.OWN,
        domains=("mail.test",),
        mx=tuple(Endpoint(f"mx{i}.mail.test", 25, Channel.CLEAR) for i in range(world.hosts)),
        imap=Endpoint("imap.mail.test", 993, Channel.IMPLICIT),
        submission=Endpoint("smtp.mail.test", 465, Channel.IMPLICIT) if world.submission != "none" else None,
        live_controls=(LiveControl(parse(L), "alive", L, secret if world.live_signs_in != "absent" else None),),
        dead_control=parse(D),
    )


def rcpt(world: World, host: int, of: Of) -> tuple[int, str, str]:
    """The one answer of this host to this recipient."""
    who = {Of.TARGET: T, Of.LIVE: L, Of.DEAD: D}[of]
    for at, (enhanced, text) in world.blocks_us:
        if at == host and not (world.spares_live and of is Of.LIVE):
            return 550, enhanced, text
    for at, (enhanced, text) in world.policy:
        if at == host and of is not Of.LIVE:
            return 550, enhanced, text
    if host in world.puts_off:
        enhanced, code, text = world.passing
        return code, enhanced, text
    if of is Of.DEAD:
        return dead(world, host)
    if of is Of.LIVE:
        return unknown(world, who) if world.live_stale else directory_or(world, (250, "2.1.5", "Ok"))
    return target(world, host)


def directory_or(world: World, answer: tuple[int, str, str]) -> tuple[int, str, str]:
    return (451, "4.3.0", "Temporary lookup failure") if world.truth is Truth.DIRECTORY_DOWN else answer


def unknown(world: World, who: str) -> tuple[int, str, str]:
    enhanced, text = world.unknown
    return 550, enhanced, text.format(who)


def dead(world: World, host: int) -> tuple[int, str, str]:
    if host in world.accepts_all:
        return 250, "2.1.5", "Ok"
    return directory_or(world, unknown(world, D))


def target(world: World, host: int) -> tuple[int, str, str]:
    table: dict[Truth, Callable[[], tuple[int, str, str]]] = {
        Truth.FULL: lambda: (552, "5.2.2", "Quota exceeded (mailbox for user is full)"),
        Truth.FILTERED: lambda: (550, "5.2.0", "recipient refuses to receive this mail"),
        Truth.GREYLISTED: lambda: (451, "4.7.1", "Greylisted, come back later"),
        Truth.PUT_OFF: lambda: (world.passing[1], world.passing[0], world.passing[2]),
        Truth.RATE: lambda: (450, "4.2.1", "The user you are trying to contact is receiving mail at a rate that is too high"),
        Truth.MOVED: lambda: (551, "5.1.6", "User has moved, please try another address"),
        Truth.SUSPENDED: lambda: (550, "5.2.1", "The mailbox is disabled"),
        Truth.DIRECTORY_DOWN: lambda: (451, "4.3.0", "Temporary lookup failure"),
    }
    if world.truth in table:
        return table[world.truth]()
    missing = world.truth in NOT_IN_DIRECTORY or (world.truth is Truth.HALF_DIRECTORY and host == world.half_at)
    return unknown(world, T) if missing and host not in world.accepts_all else (250, "2.1.5", "Ok")


def mx_facts(world: World) -> list[Fact]:
    found: list[Fact] = []
    for host in range(world.hosts):
        server, ip = f"mx{host}.mail.test:25", f"192.0.2.{host + 1}"
        if host in world.silent:
            found.append(NotConnected(at=1.0, server=server, ip=ip, why=Unreachable.TIMEOUT))
            continue
        found += conversation(world, host, server, ip)
    return found[: world.cut]


def conversation(world: World, host: int, server: str, ip: str) -> list[Fact]:
    found: list[Fact] = [Connected(at=0.1, server=server, ip=ip, took=0.1)]
    for stage, code, text in ((Stage.GREETING, 220, "mx ESMTP"), (Stage.EHLO, 250, "hello"), (Stage.MAIL, 250, "ok")):
        found.append(Replied(at=0.2, server=server, ip=ip, stage=stage, code=code, enhanced="", text=text))
    for of in Of:
        if (of is Of.LIVE and host in world.no_live) or (of is Of.DEAD and host in world.no_dead):
            found.append(NotAsked(at=0.3, of=of, server=server, ip=ip, stage=Stage.RCPT, why=Withheld.NO_CONTROL))
            continue
        code, enhanced, text = rcpt(world, host, of)
        cached = None
        if of is Of.DEAD and world.dead_old is not None:
            cached, code, (enhanced, text) = NOW - 3600, 550, world.dead_old
            text = text.format(D)
        if of is Of.LIVE and world.live_age:
            cached = NOW - world.live_age
        here: dict[str, Any] = {"at": 0.4, "of": of, "server": server, "ip": ip}
        found.append(Replied(**here, stage=Stage.RCPT, code=code, enhanced=enhanced, text=text, cached_at=cached))
    return found


NO = {
    Truth.WRONG_PASSWORD: ("AUTHENTICATIONFAILED", "Authentication failed."),
    Truth.LOCKED: ("AUTHENTICATIONFAILED", "Authentication failed."),
    Truth.MISSPELT: ("AUTHENTICATIONFAILED", "Authentication failed."),
    Truth.GONE: ("AUTHENTICATIONFAILED", "Authentication failed."),
    Truth.CLOSED: ("AUTHENTICATIONFAILED", "Authentication failed."),
    Truth.IMAP_FORGOT: ("AUTHENTICATIONFAILED", "Authentication failed."),
    Truth.EXPIRED: ("EXPIRED", "Password expired"),
    Truth.SUSPENDED: ("CONTACTADMIN", "Login disabled for this user"),
    Truth.IMAP_DOWN: ("UNAVAILABLE", "Temporary authentication failure."),
}


def imap_facts(world: World) -> list[Fact]:
    server, ip = "imap.mail.test:993", "192.0.2.100"
    here: dict[str, Any] = {"at": 0.5, "server": server, "ip": ip}
    if world.imap == "timeout":
        return [NotConnected(**here, why=Unreachable.TIMEOUT)]
    if world.imap in ("old_tls", "bad_certificate"):
        why = TlsFault.OLD_SERVER if world.imap == "old_tls" else TlsFault.EXPIRED
        return [
            Connected(**here, took=0.1),
            NotSecured(**here, why=why),
            NotAsked(at=0.6, server=server, stage=Stage.LOGIN, why=Withheld.NOT_SECURE),
        ]
    found: list[Fact] = [Connected(**here, took=0.1), Secured(**here, version="TLSv1.3", cipher="x")]
    if world.imap == "banned":
        return [*found, Broken(**here, stage=Stage.GREETING, why=Breakage.BYE, words=world.bye)]
    found.append(Offered(**here, stage=Stage.CAPABILITY, capabilities=("IMAP4REV1",)))
    return [*found, *control_login(world, server, ip), *target_login(world, server, ip)]


def control_login(world: World, server: str, ip: str) -> list[Fact]:
    here: dict[str, Any] = {"at": 0.6, "of": Of.LIVE, "server": server, "ip": ip}
    who: dict[str, Any] = {"stage": Stage.LOGIN, "who": As.CONTROL}
    if world.live_signs_in == "absent":
        return []
    if world.imap == "limited":
        return [Answered(**here, **who, status="NO", code="LIMIT", text="Maximum number of connections exceeded")]
    if world.imap == "hangs":
        return [Broken(**here, stage=Stage.LOGIN, why=Breakage.OUT_OF_TIME)]
    if world.live_signs_in == "unavailable" or world.truth is Truth.IMAP_DOWN:
        return [Answered(**here, **who, status="NO", code="UNAVAILABLE", text="Temporary authentication failure.")]
    if world.live_signs_in == "stale":
        return [Answered(**here, **who, status="NO", code="AUTHENTICATIONFAILED", text="Authentication failed.")]
    return [Answered(**here, **who, status="OK", code="", text="Logged in")]


def target_login(world: World, server: str, ip: str) -> list[Fact]:
    here: dict[str, Any] = {"at": 0.7, "server": server, "ip": ip}
    if world.imap == "limited":
        return [Answered(**here, stage=Stage.LOGIN, status="NO", code="LIMIT", text="Maximum number exceeded", who=As.CUSTOMER)]
    if world.imap == "hangs":
        return [Broken(**here, stage=Stage.LOGIN, why=Breakage.OUT_OF_TIME)]
    if world.live_signs_in == "stale" and world.remembered_refusal:
        return [NotAsked(at=0.7, server=server, stage=Stage.LOGIN, why=Withheld.CONTROL_FAILED)]
    if world.truth in NO:
        code, text = NO[world.truth]
        if world.remembered_refusal:
            words = f"[{code}] {text}"
            why = Withheld.SAME_SECRET_REFUSED
            return [NotAsked(**here, stage=Stage.LOGIN, why=why, who=As.CUSTOMER, last_at=NOW - 7200, last_words=words)]
        return [Answered(**here, stage=Stage.LOGIN, status="NO", code=code, text=text, who=As.CUSTOMER)]
    found: list[Fact] = [Answered(**here, stage=Stage.LOGIN, status="OK", code="", text="", who=As.CUSTOMER)]
    if world.truth is Truth.STORE_GONE:
        text = "Mailbox doesn't exist: INBOX"
        return [*found, Answered(**here, stage=Stage.EXAMINE, status="NO", code="NONEXISTENT", text=text, who=As.CUSTOMER)]
    used = 100 if world.truth is Truth.FULL else 10
    return [
        *found,
        Opened(**here, uidvalidity=1, uidnext=2, who=As.CUSTOMER),
        Quota(**here, resource="STORAGE", used=used, limit=100),
    ]


def submission_facts(world: World) -> list[Fact]:
    server, ip = "smtp.mail.test:465", "192.0.2.101"
    here: dict[str, Any] = {"at": 0.8, "server": server, "ip": ip}
    if world.submission == "none":
        return [NotAsked(at=0.8, stage=Stage.AUTH, why=Withheld.NO_SERVER, who=As.CUSTOMER)]
    if world.submission == "timeout":
        return [NotConnected(**here, why=Unreachable.TIMEOUT)]
    found: list[Fact] = [Connected(**here, took=0.1), Offered(**here, stage=Stage.EHLO, capabilities=("AUTH PLAIN",))]
    if world.imap != "open":
        return [*found, NotAsked(**here, stage=Stage.AUTH, why=Withheld.OTHER_LEG_FAILED, who=As.CUSTOMER)]
    refused = world.truth in NO and world.truth not in (Truth.IMAP_FORGOT, Truth.IMAP_DOWN)
    code, enhanced, text = (535, "5.7.8", "Error: authentication failed") if refused else (235, "2.7.0", "ok")
    found.append(Replied(**here, stage=Stage.AUTH, code=code, enhanced=enhanced, text=text, who=As.CUSTOMER))
    if refused:
        live: dict[str, Any] = {**here, "of": Of.LIVE}
        found.append(NotAsked(**live, stage=Stage.AUTH, why=Withheld.CACHED, who=As.CONTROL, last_at=NOW - 1))
    return found


def reaches(world: World, of: Of) -> str:
    """Where a test mail ends up in the long run: inbox | junk | elsewhere | nowhere | refused | unknown | unsent."""
    if rcpt(world, 0, of)[0] != 250 or 0 in world.silent:
        return "unsent"
    if world.content or world.truth is Truth.DELIVERY_DOWN:
        return "refused" if world.content == "spam" else "nowhere"
    if of is Of.LIVE:
        return "inbox"
    fates = {
        Truth.JUNK_RULE: "junk",
        Truth.SILENT_FILTER: "nowhere",
        Truth.STORE_GONE: "nowhere",
        Truth.DATA_FILTER: "refused",
        Truth.FORWARDS: "elsewhere",
        Truth.BEHIND: "unknown",
    }
    return "unknown" if world.truth in NOT_IN_DIRECTORY else fates.get(world.truth, "inbox")


def is_there(world: World, of: Of) -> bool:
    late = (of is Of.TARGET and (world.slow == "t" or world.truth is Truth.SLOW)) or (of is Of.LIVE and world.slow == "l")
    return reaches(world, of) in ("inbox", "junk") and not late


def canary_facts(world: World) -> list[Fact]:
    ids = (Of.TARGET, Of.LIVE) if world.mails_live else (Of.TARGET,)
    return [fact for of in ids for fact in one_mail(world, of)] + yesterday(world)


def one_mail(world: World, of: Of) -> list[Fact]:
    fate, mail = reaches(world, of), f"mail-{of.value}"
    if fate == "unsent":
        return [NotAsked(at=0.5, of=of, stage=Stage.MAIL, why=Withheld.NOT_ACCEPTED)]
    here: dict[str, Any] = {"at": 0.6, "of": of}
    told: dict[str, Any] = {"canary": mail, "number": "4821", "watched": world.watched}
    if fate == "refused":
        text = ("5.7.1", "Message considered spam") if world.content else ("5.2.0", "recipient refuses to receive this mail")
        end: dict[str, Any] = {"server": "mx0.mail.test:25", "stage": Stage.END_OF_DATA, "enhanced": text[0], "text": text[1]}
        return [Replied(**here, **end, code=550), Canary(**here, **told, state=CanaryState.REFUSED)]
    if world.broke:
        standing = Canary(**here, **told, state=CanaryState.UNCERTAIN, age=world.age)
    else:
        standing = Canary(**here, **told, state=CanaryState.ACCEPTED, sent_at=NOW - world.age, age=world.age)
    return [standing, *what_follows(world, of, mail)]


def what_follows(world: World, of: Of, mail: str) -> list[Fact]:
    here: dict[str, Any] = {"at": 0.7, "of": of, "canary": mail}
    found: list[Fact] = []
    if is_there(world, of) and world.watched:
        folder = Folder.JUNK if reaches(world, of) == "junk" else Folder.INBOX
        found.append(Arrived(**here, folder=folder, took=2.0, by=SeenBy.IDLE))
    if not world.bounce_comes:
        return found
    back: dict[str, Any] = {**here, "returned_at": NOW - 1}
    own = {Of.TARGET: T, Of.LIVE: L}[of]
    if world.content == "reputation":
        text = "Message rejected due to the poor reputation of your IP address"
        found.append(Returned(**back, kind=ReturnKind.FAILED, code=550, enhanced="5.7.1", text=text, recipient=own))
    elif reaches(world, of) == "unknown":
        enhanced, text = world.unknown
        said: dict[str, Any] = {"code": 550, "enhanced": enhanced or "5.1.1", "text": text.format(own), "recipient": own}
        found.append(Returned(**back, kind=ReturnKind.FAILED, **said))
    elif of is Of.TARGET and world.truth is Truth.FORWARDS:
        said = {"code": 550, "enhanced": "5.1.1", "text": "User unknown", "recipient": "hanako@far.test"}
        found.append(Returned(**back, kind=ReturnKind.FORWARDED, **said))
    elif of is Of.TARGET and world.truth is Truth.VACATION:
        found.append(Returned(**back, kind=ReturnKind.AUTO_REPLY))
    return found


def yesterday(world: World) -> list[Fact]:
    """He was unknown then, and is not any more: it comes back only now."""
    if not world.old_bounce:
        return []
    mail = "mail-of-yesterday" if world.old_bounce == "old" else ""
    said: dict[str, Any] = {"code": 550, "enhanced": "5.1.1", "text": "User unknown", "recipient": T}
    return [Returned(at=0.8, canary=mail, kind=ReturnKind.FAILED, returned_at=NOW - 2, **said)]


def told_of(world: World) -> Observations:
    """An honest customer."""
    if not world.tells or "canary" not in world.legs:
        return Observations()
    seen = {"inbox": Place.WEBMAIL, "junk": Place.JUNK}[reaches(world, Of.TARGET)] if is_there(world, Of.TARGET) else None
    return Observations(canaries=(CanarySeen(seen, 4821),))


FACTS = {"canary": canary_facts, "mx": mx_facts, "imap": imap_facts, "submission": submission_facts}


def evidence_of(world: World) -> list[Evidence]:
    return [evidence(probe, FACTS[probe](world)) for probe in ("mx", "imap", "submission", "canary") if probe in world.legs]


def evidence(probe: str, facts: list[Fact]) -> Evidence:
    return Evidence("taro", probe, "here", None, NOW - 1, 0.0, 1.0, tuple(facts), (), Ending(End.FINISHED))


# ---- at random -------------------------------------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn, truths: frozenset[Truth] = frozenset(Truth)) -> World:
    truth = draw(st.sampled_from(sorted(truths, key=lambda one: one.value)))
    hosts = draw(st.integers(1, 3)) if truth is not Truth.HALF_DIRECTORY else 2
    content = draw(st.sampled_from(["", "", "", "spam", "reputation"]))
    some = st.lists(st.integers(0, hosts - 1), unique=True, max_size=hosts).map(tuple)
    rare = st.one_of(st.just(()), st.just(()), some)
    return World(
        truth=truth,
        unknown=draw(st.sampled_from(UNKNOWN_TEXTS)),
        passing=draw(st.sampled_from(PASSING_TEXTS)),
        hosts=hosts,
        half_at=draw(st.integers(0, hosts - 1)),
        accepts_all=draw(rare),
        blocks_us=tuple((host, draw(st.sampled_from(US_TEXTS))) for host in draw(rare)),
        spares_live=draw(st.booleans()),
        policy=tuple((host, draw(st.sampled_from(POLICY_TEXTS))) for host in draw(rare)),
        puts_off=draw(rare),
        # a host that is out of order for everybody makes half a directory a whole one
        silent=draw(rare) if truth is not Truth.HALF_DIRECTORY else (),
        live_stale=draw(st.booleans()) and draw(st.booleans()),
        dead_old=draw(st.one_of(st.none(), st.none(), st.sampled_from([*UNKNOWN_TEXTS, *POLICY_TEXTS, *US_TEXTS]))),
        no_live=draw(rare),
        no_dead=draw(rare),
        live_age=draw(st.sampled_from([0.0, 0.0, 300.0, 3600.0])),
        imap=draw(st.sampled_from(["open", "open", "open", "timeout", "banned", "old_tls", "bad_certificate", "limited"])),
        bye=draw(st.sampled_from(BYES)),
        live_signs_in=draw(st.sampled_from(["yes", "yes", "stale", "absent", "unavailable"])),
        submission=draw(st.sampled_from(["asked", "asked", "none", "timeout"])),
        legs=draw(st.frozensets(st.sampled_from(["mx", "imap", "submission", "canary"]))),
        cut=draw(st.sampled_from([99, 99, 99, 3, 5, 6, 7, 8, 12])),
        remembered_refusal=draw(st.booleans()),
        enrolled=draw(st.booleans()),
        network=draw(st.sampled_from(["", "outside"])),
        age=draw(st.sampled_from([5.0, 130.0, 4000.0, 90_000.0])),
        watched=draw(st.booleans()) or draw(st.booleans()),
        mails_live=draw(st.booleans()) or draw(st.booleans()),
        # both late is an outage, whatever its name
        slow=draw(st.sampled_from(["", "", "t", "l"])) if truth not in NEVER_IN_TIME else "",
        content=content,
        broke=draw(st.booleans()) and draw(st.booleans()),
        # ours thrown away in silence, T's and L's, cannot be told from an outage by two mails
        bounce_comes=content == "reputation" or draw(st.booleans()) or draw(st.booleans()),
        old_bounce=draw(st.sampled_from(["", "", "old", "loose"])),
        tells=draw(st.booleans()),
    )
