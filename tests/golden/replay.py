"""The servers of a transcript, without sockets: every line of the client must be the one that was written down."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mailprobe.config import account_for, load
from mailprobe.daemon import open_house
from mailprobe.evidence import TlsFault
from mailprobe.net.connecting import Net
from mailprobe.net.stream import CannotSecure, Stream
from mailprobe.net.tls import Tls
from mailprobe.question import Listener, Question
from mailprobe.report import Check
from mailprobe.verdict.observed import parse
from tests.golden.transcript import CLIENT, CLOSED, NO_TLS, PAUSE, SERVER, TLS, Step, Talk, Transcript

VALID_UNTIL = 4_000_000_000.0  # Unix seconds


class Differs(AssertionError):
    """The program no longer says what it said to the real server."""


class ReplayStream(Stream):
    """A connection to a written-down server."""

    steps: deque[Step]

    def begin(self, talk: Talk) -> None:
        self.steps = deque(talk.steps)
        self.sent_at = self.heard_at = self._clock()
        self.go_on()

    def go_on(self) -> None:
        """Everything that the server says before it is the client's turn. A pause is history: nobody waits for it again."""
        while self.steps and self.steps[0].mark in (SERVER, CLOSED, PAUSE):
            step = self.steps.popleft()
            if step.mark == SERVER:
                self.data_received(step.text.encode() + b"\r\n")
            elif step.mark == CLOSED:
                self.eof_received()

    def expected(self, *marks: str) -> Step:
        step = self.steps.popleft() if self.steps else Step("the end")
        if step.mark not in marks:
            raise Differs(f"{self.server}: written down is '{step}', what came was {marks[0]}")
        return step

    def tell(self, who: str, *texts: str) -> None:
        super().tell(who, *texts)
        for text in texts if who == "C" else ():
            known = self.expected(CLIENT)
            if known.text != self.mask(text):
                raise Differs(f"{self.server}: written down is '{known}', the client said '{self.mask(text)}'")
            self.go_on()

    def _write(self, data: bytes) -> None:
        self.sent_at = self._clock()

    def ends(self) -> tuple[str, str]:
        return self.ip, "127.0.0.1"

    async def secure(
        self, server_name: str, *, ca: Path | None = None, profile: str = "default", verify: bool = True, within: float = 10.0
    ) -> Tls:
        if self.buffered:
            return await super().secure(server_name)  # refuses: something was said in clear that must not count
        step = self.expected(TLS, NO_TLS)
        if step.mark == NO_TLS:
            why, _, detail = step.text.partition(" ")
            raise CannotSecure(TlsFault(why), detail)
        version, cipher, verified = step.text.split(" ", 2)
        self.go_on()
        return Tls(version, cipher, profile, verified == "verified", VALID_UNTIL)


@dataclass(frozen=True, slots=True)
class ReplayNet(Net):
    """`left`: by place, the connections that are still to come, in the order in which they were made."""

    left: dict[str, deque[Talk]] = field(default_factory=dict)

    def stream(self, label: str, ip: str) -> Stream:
        return ReplayStream(label, ip, self.tap, self.clock)

    async def dial(self, stream: Stream, ip: str, port: int) -> None:
        waiting = self.left.get(f"{ip}:{port}")
        if not waiting:
            raise Differs(f"nothing is written down of a connection to {ip}:{port}")
        assert isinstance(stream, ReplayStream)
        stream.begin(waiting.popleft())


async def check(transcript: Transcript, folder: Path, net: Callable[..., Net]) -> Check:
    """One check, from the configuration to the verdict, by the program's own road."""
    path = folder / "mailprobe.toml"
    path.write_text(transcript.config + f'\n[store]\nurl = "sqlite:///{folder}/mailprobe.db"\n', encoding="utf-8")
    config = load(path)
    account = account_for(config, transcript.check)
    async with open_house(config, net) as house:
        told = parse(transcript.told, now=1_800_000_000.0)
        return await house.check(Question(account, told, transcript.told, within=30.0), Listener())


async def replay(transcript: Transcript, folder: Path) -> Check:
    """The check once more. Raises Differs when the program does not say what is written down, or leaves a server unasked."""
    left: dict[str, deque[Talk]] = {}
    for talk in transcript.talks:
        left.setdefault(talk.place, deque()).append(talk)
    done = await check(transcript, folder, lambda guard, tap: ReplayNet(guard, tap, left=left))
    unasked = [talk.place for talks in left.values() for talk in talks]
    if unasked:
        raise Differs(f"these connections were not made: {unasked}")
    return done
