"""The catalogue of the hostile modes: what an honest server says at each step, and every way of turning bad there. Data."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from mailprobe.carriers import Channel
from mailprobe.demo import hostile
from mailprobe.demo.faults import Action, Close, Drip, Flood, Hang, Hear, Reset, Script, Send, StartTls
from mailprobe.evidence import Breakage, Stage

IMPLICIT, STARTTLS, CLEAR = Channel.IMPLICIT, Channel.STARTTLS, Channel.CLEAR
Talk = tuple[tuple[Stage, bytes], ...]  # what an honest server says at each step; `$` is the tag of the client's command

IMAP_INSIDE: Talk = (
    (Stage.LOGIN, b"$ OK [CAPABILITY IMAP4rev1 QUOTA] welcome\r\n"),
    (Stage.EXAMINE, b"* OK [UIDVALIDITY 1] valid\r\n$ OK [READ-ONLY] done\r\n"),
    (Stage.QUOTA, b'* QUOTAROOT INBOX "q"\r\n* QUOTA "q" (STORAGE 1 2)\r\n$ OK done\r\n'),
    (Stage.LOGOUT, b"* BYE see you\r\n$ OK bye\r\n"),
)
SUBMISSION_INSIDE: Talk = (
    (Stage.EHLO, b"250-mx.hostile.example\r\n250 AUTH PLAIN\r\n"),
    (Stage.AUTH, b"235 2.7.0 welcome\r\n"),
    (Stage.QUIT, b"221 2.0.0 bye\r\n"),
)
MX_INSIDE: Talk = (
    (Stage.EHLO, hostile.SMTP_OFFER),
    (Stage.MAIL, b"250 2.1.0 OK\r\n"),
    (Stage.RCPT, b"250 2.1.5 OK\r\n"),
    (Stage.RSET, b"250 2.0.0 OK\r\n"),
    (Stage.QUIT, b"221 2.0.0 bye\r\n"),
)
SMTP_DOOR: Talk = ((Stage.GREETING, hostile.SMTP_HELLO), (Stage.EHLO, hostile.SMTP_OFFER_TLS), (Stage.STARTTLS, b"220 begin\r\n"))
HONEST: dict[tuple[str, Channel], Talk] = {
    ("imap", IMPLICIT): ((Stage.GREETING, hostile.IMAP_HELLO), *IMAP_INSIDE),
    ("imap", STARTTLS): (
        (Stage.GREETING, hostile.IMAP_HELLO_CLEAR),
        (Stage.STARTTLS, b"$ OK begin\r\n"),
        (Stage.CAPABILITY, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n$ OK done\r\n"),
        *IMAP_INSIDE,
    ),
    ("submission", IMPLICIT): ((Stage.GREETING, hostile.SMTP_HELLO), *SUBMISSION_INSIDE),
    ("submission", STARTTLS): (*SMTP_DOOR, *SUBMISSION_INSIDE),
    ("mx", CLEAR): ((Stage.GREETING, hostile.SMTP_HELLO), *MX_INSIDE),
    ("mx", STARTTLS): (*SMTP_DOOR, *MX_INSIDE),
}
PARTING = (Stage.LOGOUT, Stage.QUIT)  # nothing is learnt there any more, so nothing is noted


@dataclass(frozen=True)
class Way:
    """One way of misbehaving. `does`: the actions, `$` being the tag; `why`: the breakages it may be called;
    `words`: what must be kept of what was said; `replies`: it is an answer, and no breakage."""

    name: str
    does: Script
    why: frozenset[Breakage] = frozenset()
    words: str = ""
    replies: bool = False


def broken(name: str, why: str, *does: Action, words: str = "") -> Way:
    return Way(name, does, frozenset(Breakage(one) for one in why.split()), words)


CHUNK = b"A" * hostile.CHUNK
WILD = b"\x00\x1b[31mred\x07\x9b\xff \x83\x81\x81[\x83\x8b \xe2\x80\xae"  # NUL, ESC, C1, Shift_JIS, right-to-left
ANY_WAY = (
    broken("hangs", "out_of_time", Hang()),
    broken("closes", "closed", Close()),
    broken("resets", "reset closed", Reset()),
    broken("speaks HTTP", "garbage", Send(hostile.HTTP), Close(), words="HTTP/1.1"),
    broken("sends noise", "garbage", Send(hostile.NOISE), Hang()),
    broken("never ends a line", "line_too_long", Flood(CHUNK), words="AAAA"),
    broken("never ends a line slowly", "out_of_time", Drip(b"B" * 99, 0.05), words="BBB"),
)
SMTP_WAYS = (
    *ANY_WAY,
    Way("is too busy", (Send(b"421 4.3.2 Too busy here\r\n"), Close()), words="Too busy here", replies=True),
    Way("sends escapes", (Send(b"550 5.1.1 no " + WILD + b" yes\r\n"), Hang()), words="[31mred", replies=True),
    broken("stops without a line's end", "closed", Send(b"250 par"), Close(), words="250 par"),
    broken("resets within a line", "reset closed", Send(b"250 par"), Reset()),
    broken("never ends a reply", "reply_too_long", Flood(b"250-MORE\r\n" * 64), words="250-MORE"),
    broken("breaks off a reply", "out_of_time", Send(b"250-first\r\n"), Hang(), words="250-first"),
    broken("says 2x0", "garbage", Send(b"2x0 hello\r\n"), Hang(), words="2x0 hello"),
    broken("changes its mind within a reply", "garbage", Send(b"250-yes\r\n550 no\r\n"), Hang(), words="550 no"),
)
IMAP_WAYS = (
    *ANY_WAY,
    broken("says BYE", "bye", Send(b"* BYE Too busy here\r\n"), Close(), words="Too busy here"),
    broken("says BYE and stays", "bye", Send(b"* BYE [UNAVAILABLE] Too busy\r\n"), Hang(), words="Too busy"),
    broken("stops without a line's end", "closed", Send(b"* OK par"), Close(), words="* OK par"),
    broken("resets within a line", "reset closed", Send(b"* OK par"), Reset()),
    broken("announces a huge literal", "literal_too_long", Send(b"* LIST () NIL {99999999999}\r\n"), Hang()),
    broken("sends an endless literal", "line_too_long", Send(b"* LIST () NIL {200000}\r\n"), Flood(CHUNK)),
)
IMAP_COMMAND_WAYS = (
    broken("says the wrong tag", "garbage", Send(b"Z9 OK done\r\n"), Hang(), words="Z9 OK"),
    broken("floods untagged", "too_much reply_too_long", Flood(b"* OK still busy\r\n" * 64)),
    broken("says go on for ever", "garbage", Flood(b"+ go on\r\n" * 64), words="+"),
    broken("announces less than nothing", "garbage literal_too_long", Send(b"* LIST () NIL {-1}\r\n"), Hang()),
    broken("leaves a bracket open", "garbage", Send(b"* QUOTA x (STORAGE 1\r\n"), Hang(), words="* QUOTA x"),
    Way("sends escapes", (Send(b"$ NO [ALERT] no " + WILD + b" yes\r\n"), Hang()), words="[31mred", replies=True),
)


PREAUTH = broken("is signed in already", "preauth", Send(b"* PREAUTH somebody is here\r\n"), Hang(), words="somebody is here")


def ways(name: str, stage: Stage) -> tuple[Way, ...]:
    if name != "imap":
        return SMTP_WAYS
    return (*IMAP_WAYS, PREAUTH) if stage is Stage.GREETING else (*IMAP_WAYS, *IMAP_COMMAND_WAYS)


def tagged(action: Action, tag: int) -> Action:
    return Send(action.data.replace(b"$ ", b"A%d " % tag)) if isinstance(action, Send) else action


def script(talk: Talk, upto: int, then: Script, context: ssl.SSLContext) -> Script:
    """An honest server up to step number `upto`, where it does `then` instead of answering."""
    made: list[Action] = []
    for number, (stage, said) in enumerate(talk[:upto]):
        made += [Hear()] if number else []
        made.append(tagged(Send(said), number))
        made += [StartTls(context)] if stage is Stage.STARTTLS else []
    return (*made, *([Hear()] if upto else []), *(tagged(one, upto) for one in then))


@dataclass(frozen=True)
class Case:
    """One server: probe, channel, the step at which it turns bad, and how."""

    name: str
    channel: Channel
    step: int
    way: Way

    @property
    def stage(self) -> Stage:
        return HONEST[self.name, self.channel][self.step][0]

    def __str__(self) -> str:
        return f"{self.name}-{self.channel.value}-{self.stage.value}{self.step}-{self.way.name.replace(' ', '_')}"


CASES = [
    Case(name, channel, step, way)
    for (name, channel), talk in HONEST.items()
    for step, (stage, _) in enumerate(talk)
    for way in ways(name, stage)
]
