"""An MX that breaks at any step of taking a mail, by one word of the table below.

It is written out here, not on aiosmtpd: a server that answers half a line, or resets between the final dot and its answer,
must hold its socket itself. `taken` is what it has made itself responsible for, whatever the client came to know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.demo.faults import Action, Client, Close, Gone, Hang, Reset, Script, Send, Wait

MOST = 1 << 20  # octets of one mail


class SmtpStep(StrEnum):
    """Where a plan may step in: before the server's own answer to it."""

    GREETING = "greeting"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END_OF_DATA = "end_of_data"
    RSET = "rset"
    QUIT = "quit"


OWN_WORDS = {
    SmtpStep.GREETING: "220 mx.ill.example ESMTP",
    SmtpStep.EHLO: "250-mx.ill.example\r\n250-PIPELINING\r\n250-SIZE 1048576\r\n250-8BITMIME\r\n250 SMTPUTF8",
    SmtpStep.MAIL: "250 2.1.0 OK",
    SmtpStep.RCPT: "250 2.1.5 OK",
    SmtpStep.DATA: "354 Go on",
    SmtpStep.END_OF_DATA: "250 2.0.0 OK: queued as 4F2A1C",
    SmtpStep.RSET: "250 2.0.0 OK",
    SmtpStep.QUIT: "221 2.0.0 Bye",
}
STEP_OF = {"HELO": SmtpStep.EHLO} | {step.value.upper(): step for step in SmtpStep}


@dataclass(frozen=True, slots=True)
class SmtpPlan:
    """`before`: a script per step, after which the server gives its own answer unless the step stands in `instead`. `takes`:
    whether it is responsible for a mail whose final dot it has read. `times`: how many clients meet this, 0 for all."""

    before: Mapping[SmtpStep, Script] = field(default_factory=dict)
    instead: frozenset[SmtpStep] = frozenset()
    takes: bool = True
    times: int = 0


def at(step: SmtpStep, *does: Action, takes: bool = False) -> SmtpPlan:
    return SmtpPlan({step: does}, frozenset({step}), takes)


def says(step: SmtpStep, words: bytes, times: int = 0) -> SmtpPlan:
    return SmtpPlan({step: (Send(words + b"\r\n"),)}, frozenset({step}), takes=False, times=times)


def slow(step: SmtpStep, seconds: float) -> SmtpPlan:
    """The honest answer, late. The mail is taken at once."""
    return SmtpPlan({step: (Wait(seconds),)})


DATA, END = SmtpStep.DATA, SmtpStep.END_OF_DATA
SENDING: dict[str, SmtpPlan] = {
    "healthy": SmtpPlan(),
    "refused_at_mail": says(SmtpStep.MAIL, b"550 5.7.1 Sender rejected"),
    "refused_at_rcpt": says(SmtpStep.RCPT, b"550 5.1.1 User unknown"),
    "refused_at_data": says(DATA, b"550 5.7.1 No mail from you"),
    "refused_at_end": says(END, b"550 5.7.1 Refused by the recipient's filter"),
    "full_at_end": says(END, b"552 5.2.2 The mailbox is full"),
    "later_at_mail": says(SmtpStep.MAIL, b"451 4.3.0 Try again later"),
    "later_at_rcpt": says(SmtpStep.RCPT, b"450 4.2.0 Greylisted, try again later"),
    "later_at_data": says(DATA, b"451 4.3.0 Try again later"),
    "later_at_end": says(END, b"451 4.3.0 Try again later"),
    "greylisted_once": says(SmtpStep.RCPT, b"450 4.2.0 Greylisted, try again later", times=1),
    "no_recipients_at_data": says(DATA, b"503 5.5.1 No valid recipients"),
    "421_at_data": at(DATA, Send(b"421 4.3.2 Shutting down\r\n"), Close()),
    "421_at_end": at(END, Send(b"421 4.3.2 Shutting down\r\n"), Close()),
    "cut_before_354": at(DATA, Reset()),
    "close_before_354": at(DATA, Close()),
    "no_354": at(DATA, Hang()),
    "cut_in_data": at(DATA, Send(b"354 Go on\r\n"), Reset()),
    "cut_after_dot": at(END, Reset(), takes=True),  # it has the mail, the client does not know
    "close_after_dot": at(END, Close(), takes=True),
    "lost_after_dot": at(END, Reset()),  # it has not, and looks the same
    "half_a_250": at(END, Send(b"250 2.0"), Close(), takes=True),
    "no_answer_at_end": at(END, Hang(), takes=True),
    "slow_end": slow(END, 30.0),
    "cut_at_quit": at(SmtpStep.QUIT, Reset(), takes=True),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """One mail as it was taken, dots unstuffed (RFC 5321 section 4.5.2). sender: '' for `<>`."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes


@dataclass(slots=True)
class IllExchanger:
    """`listening(IllExchanger.of("cut_after_dot").serve, remember=True)`. `passes_on`: hears of each mail as it is taken."""

    plan: SmtpPlan = SmtpPlan()
    passes_on: Callable[[Taken], None] = lambda _: None
    taken: list[Taken] = field(default_factory=list)
    met: int = 0

    @classmethod
    def of(cls, word: str, passes_on: Callable[[Taken], None] = lambda _: None) -> IllExchanger:
        """KeyError for a word that is not in SENDING."""
        return cls(SENDING[word], passes_on)

    async def serve(self, client: Client) -> None:
        self.met += 1
        plan = self.plan if not self.plan.times or self.met <= self.plan.times else SmtpPlan()
        await SmtpSession(self, client, plan).converse()

    def take(self, mail: Taken) -> None:
        self.taken.append(mail)
        self.passes_on(mail)


@dataclass(slots=True)
class SmtpSession:
    """One client. Raises Gone at its end."""

    server: IllExchanger
    client: Client
    plan: SmtpPlan
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)

    async def converse(self) -> None:
        await self.own_words(SmtpStep.GREETING)
        while True:
            line = (await self.client.line()).decode("utf-8", "replace")
            await self.hear(line[:4].strip().upper(), line[5:])

    async def hear(self, verb: str, rest: str) -> None:
        step = STEP_OF.get(verb)
        if step is None:
            await self.client.say("250 2.0.0 OK" if verb == "NOOP" else "502 5.5.1 No such command")
        elif out_of_turn := self.out_of_turn(step):
            await self.client.say(out_of_turn)
        elif await self.own_words(step):
            await self.went_well(step, rest)

    def out_of_turn(self, step: SmtpStep) -> str:
        """RFC 5321 section 4.1.4: what pipelining makes of a refusal."""
        if step is SmtpStep.RCPT and self.sender is None:
            return "503 5.5.1 MAIL first"
        return "503 5.5.1 No valid recipients" if step is SmtpStep.DATA and not self.recipients else ""

    async def own_words(self, step: SmtpStep) -> bool:
        """Whether the server has given its own answer, after what the plan has for this step."""
        await self.client.play(self.plan.before.get(step, ()))
        if step in self.plan.instead:
            return False
        await self.client.say(OWN_WORDS[step])
        return True

    async def went_well(self, step: SmtpStep, rest: str) -> None:
        match step:
            case SmtpStep.MAIL:
                self.sender, self.recipients = path_of(rest), []
            case SmtpStep.RCPT:
                self.recipients.append(path_of(rest))
            case SmtpStep.DATA:
                await self.content()
            case SmtpStep.RSET | SmtpStep.EHLO:
                self.sender, self.recipients = None, []
            case SmtpStep.QUIT:
                raise Gone

    async def content(self) -> None:
        lines: list[bytes] = []
        while (line := await self.client.line()) != b".":
            lines.append(line.removeprefix(b"."))
            if sum(map(len, lines)) > MOST:
                raise Gone
        if self.plan.takes:
            self.server.take(Taken(self.sender or "", tuple(self.recipients), b"".join(line + b"\r\n" for line in lines)))
        self.sender, self.recipients = None, []
        await self.own_words(SmtpStep.END_OF_DATA)


def path_of(rest: str) -> str:
    """`FROM:<a@b> SIZE=1` -> `a@b`."""
    return rest[rest.find("<") + 1 : rest.rfind(">")]
