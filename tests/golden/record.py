"""Writes down what real servers say, for the unit tests to replay for ever."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailprobe.net.connecting import Net
from mailprobe.net.sealed import Sealed
from mailprobe.net.stream import CannotSecure, Stream
from mailprobe.net.tls import Tls
from tests.golden.replay import check
from tests.golden.transcript import CLIENT, CLOSED, NO_TLS, PAUSE, SERVER, TLS, Step, Talk, Transcript, facts_of, verdict_in_words

LONG = 1.0  # seconds of silence that are worth a mark
PARTING = re.compile(r"QUIT|A\d+ LOGOUT")
# What differs from day to day and from machine to machine, and means nothing
MOMENTARY = (
    (re.compile(r"\[[\w.-]+:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]"), "[mx.mail.test:2026-01-01 00:00:00]"),
    (re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]"), "[2026-01-01 00:00:00]"),
    (re.compile(r"(UIDVALIDITY|uidvalidity) \d+"), r"\1 1767225600"),
    (re.compile(r" \([\d.]+(?: \+ [\d.]+)* secs\)"), " (0.001 secs)"),
    (re.compile(r"queued as \w+"), "queued as 4XAMPLE"),
)


def lasting(text: str) -> str:
    """A line as it will be tomorrow."""
    for pattern, always in MOMENTARY:
        text = pattern.sub(always, text)
    return text


class RecordingStream(Stream):
    """A real connection that writes itself down."""

    steps: list[Step]
    rest: bytes = b""
    last: float = 0.0  # monotonic: of the last step
    in_clear: bool = True  # until a handshake begins: what comes then is read behind it

    def note(self, mark: str, text: str = "") -> None:
        silence = self._clock() - max(self.sent_at, self.last)
        if mark == SERVER and silence > LONG:
            self.steps.append(Step(PAUSE))
        self.last = self._clock()
        self.steps.append(Step(mark, self.mask(lasting(text))))

    def connection_made(self, transport: object) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # asyncio hands over what it hands over
        self.last = self._clock()

    def data_received(self, data: bytes) -> None:
        if self.in_clear:
            self.hear(data)
        super().data_received(data)

    def _opened(self, sealed: Sealed, data: bytes) -> bytes:
        said = super()._opened(sealed, data)
        self.hear(said)
        return said

    def hear(self, said: bytes) -> None:
        *lines, self.rest = (self.rest + said).split(b"\r\n")
        for line in lines:
            self.note(SERVER, line.decode())

    def eof_received(self) -> bool:
        said = [step.text for step in self.steps if step.mark == CLIENT]
        if not (said and PARTING.fullmatch(said[-1])):  # after that who is first is chance
            self.note(CLOSED)
        return super().eof_received()

    def tell(self, who: str, *texts: str) -> None:
        super().tell(who, *texts)
        for text in texts if who == "C" else ():
            self.note(CLIENT, text)

    async def secure(
        self, server_name: str, *, ca: Path | None = None, profile: str = "default", verify: bool = True, within: float = 10.0
    ) -> Tls:
        self.in_clear = False
        try:
            done = await super().secure(server_name, ca=ca, profile=profile, verify=verify, within=within)
        except CannotSecure as cannot:
            self.note(NO_TLS, f"{cannot.why.value} {cannot.detail}")
            raise
        self.steps.insert(
            self.before_tls(), Step(TLS, f"{done.version} {done.cipher} {'verified' if done.verified else 'not verified'}")
        )
        return done

    def before_tls(self) -> int:
        """The greeting may come in one piece with the handshake's end: it was said behind it all the same."""
        said = [number for number, step in enumerate(self.steps) if step.mark == CLIENT]
        return said[-1] + 2 if said else 0  # behind the go-ahead, which is one line


@dataclass(frozen=True, slots=True)
class RecordingNet(Net):
    talks: list[Talk] = field(default_factory=list)
    ports: Mapping[int, int] = field(default_factory=dict)

    def stream(self, label: str, ip: str) -> Stream:
        made = RecordingStream(label, ip, self.tap, self.clock)
        made.steps = []
        return made

    async def dial(self, stream: Stream, ip: str, port: int) -> None:
        await Net.dial(self, stream, ip, port)
        assert isinstance(stream, RecordingStream)
        self.talks.append(Talk(f"{ip}:{self.ports.get(port, port)}", stream.steps))  # type: ignore[arg-type]  # it still grows


async def record(
    title: str, config: str, address: str, told: tuple[str, ...], ports: Mapping[int, int], folder: Path
) -> Transcript:
    """Run one check against the real servers that `config` names. ports: the real ones, and what to write instead."""
    talks: list[Talk] = []
    plan = Transcript(title, address, told, config, (), (), "")
    done = await check(plan, folder, lambda guard, tap: RecordingNet(guard, tap, time.monotonic, talks, ports))
    return Transcript(
        title=title,
        check=address,
        told=told,
        config=portable(config, ports),
        talks=tuple(Talk(talk.place, tuple(talk.steps)) for talk in talks),
        facts=tuple(lasting(fact) for fact in facts_of(done.evidence)),
        verdict=verdict_in_words(done.verdict),
    )


def portable(config: str, ports: Mapping[int, int]) -> str:
    """Without the ports and the files of this one run."""
    for real, written in ports.items():
        config = re.sub(rf":{real}\b", f":{written}", config)
    kept = [line for line in config.splitlines() if line.strip() and not line.startswith(("tls_ca", "resolvers"))]
    return "\n".join(kept) + "\n"
