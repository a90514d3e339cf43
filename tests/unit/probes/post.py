"""What a test mail meets, as small honest fakes: an exchanger that takes mail, a mailbox over what it took, a store in memory."""

from __future__ import annotations

import asyncio
import email
from dataclasses import dataclass, field, replace
from typing import cast

from mailprobe.carriers import LiveControl
from mailprobe.config import Prober
from mailprobe.evidence import Folder, Of, Removal, Returned, SeenBy
from mailprobe.limits import Logbook
from mailprobe.net.resolver import Resolver
from mailprobe.net.stream import Stream
from mailprobe.probes import Journal, Note, Reach, Signs, Target
from mailprobe.probes.hunt import Found
from mailprobe.probes.imap_folders import Place
from mailprobe.probes.own_mail import Kind, ReadStamp
from mailprobe.probes.trip import Mailbox
from mailprobe.store import Store
from tests.unit.probes.servers import HANG, ScriptedNet, Server, Wire
from tests.unit.probes.world import Anywhere, L, Names, T, World

FINE = {
    "EHLO": "250-mx.mail.test\n250-SIZE 10240000\n250 ENHANCEDSTATUSCODES",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 go ahead",
    ".": "250 2.0.0 queued as 4711",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}
PROBER = Prober("probe1.p.example", "probe@p.example", bounce_domain="bounce.p.example")


@dataclass(slots=True, eq=False)
class Exchanger(Server):
    """Takes mail as well: after a 354 every line belongs to the message, and the lone dot gets the answer of `.`."""

    receiving: bool = False
    recipient: str = ""
    lines: list[str] = field(default_factory=list)
    conversations: list[Exchanger] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)  # messages that were sent whole, accepted or not, in wire form
    taken: list[tuple[str, str]] = field(default_factory=list)  # recipient, message

    def conversation(self) -> Exchanger:
        """One connection's part: what it said so far is its own, what was asked and taken is everybody's."""
        self.visits += 1
        self.conversations.append(replace(self, lines=[], conversations=[], open=0))  # the other lists are the same lists
        return self.conversations[-1]

    @property
    def still_open(self) -> int:
        return sum(one.open for one in self.conversations)

    def answer(self, line: str) -> str:
        if not self.receiving:
            said = Server.answer(self, line)
            if line.startswith("RCPT"):
                self.recipient = line.partition("<")[2].partition(">")[0]
            self.receiving = line == "DATA" and said.startswith("354")
            return said
        if line != ".":
            self.lines.append(line)
            return HANG
        self.receiving = False
        said = Server.answer(self, line)
        self.offered.append("\n".join(self.lines))
        if said.startswith("250"):
            whole = "\n".join(one.removeprefix(".") if one.startswith("..") else one for one in self.lines)
            self.taken.append((self.recipient, whole))
        self.lines = []
        return said


@dataclass(frozen=True, slots=True)
class PostNet(ScriptedNet):
    """A network in which each connection to an exchanger is a conversation of its own."""

    async def dial(self, stream: Stream, ip: str, port: int) -> None:
        server = self.servers.get((ip, port))
        if not isinstance(server, Exchanger):
            await ScriptedNet.dial(self, stream, ip, port)
            return
        await asyncio.sleep(0)
        stream.connection_made(Wire(stream, server.conversation(), ip, port))


def exchanger(**changed: str | list[str]) -> Exchanger:
    renamed = {"." if name == "END" else name: said for name, said in changed.items()}
    return Exchanger(FINE | renamed)


@dataclass
class Box:
    """A mailbox over what an exchanger took for an address. `folder`: where mail goes; None: it is dropped silently. `waiting`:
    somebody is watching it for what does not come."""

    served: Exchanger
    address: str
    clock: object
    folder: Folder | None = Folder.INBOX
    full: bool = False
    kind: Kind = Kind.ARRIVAL
    outcome: Removal = Removal.REMOVED
    gone: set[int] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    left: int = 0
    waiting: bool = False

    async def noted(self) -> Place:
        self.calls.append("noted")
        return Place(7, len(self.mine) + 1)

    @property
    def mine(self) -> list[str]:
        return [message for recipient, message in self.served.taken if recipient == self.address]

    async def nearly_full(self) -> bool | None:
        return self.full

    async def find(self, canary: str, read_stamp: ReadStamp, since: Place | None) -> Found | None:
        self.calls.append("find")
        for uid, message in enumerate(self.mine, 1):
            stamp = email.message_from_string(message)["X-Mailprobe-Token"]
            fits = read_stamp(stamp) == canary and uid not in self.gone and (since is None or uid >= since.uidnext)
            if fits and self.folder is not None:
                at = cast(float, self.clock())  # type: ignore[operator]  # the net's clock
                return Found(
                    folder=self.folder,
                    mailbox="INBOX",
                    uid=uid,
                    uidvalidity=7,
                    kind=self.kind,
                    by=SeenBy.POLL,
                    at=at,
                    stamp=stamp,
                )
        return None

    async def watch(self, canary: str, read_stamp: ReadStamp, since: Place | None, until: float) -> Found | None:
        self.calls.append("watch")
        found = await self.find(canary, read_stamp, since)
        if found is None:
            self.waiting = True
            try:
                await asyncio.Event().wait()  # `until` lies behind every test's end
            finally:
                self.waiting = False
        return found

    async def remove(self, found: Found) -> Removal:
        if self.outcome is Removal.REMOVED:
            self.gone.add(found.uid)
        return self.outcome

    async def leave(self) -> None:
        self.left += 1


@dataclass
class PostWorld(World):
    """A world with a journal. `now`: Unix seconds; boxes: by the address that is opened; returned: what came back."""

    store: Store | None = None
    signs: Signs | None = None
    now: float = 1_800_000_000.0
    boxes: dict[str, Box] = field(default_factory=dict)
    returned: list[Returned] = field(default_factory=list)

    async def opener(
        self, target: Target, reach: Reach, note: Note, of: Of = Of.TARGET, control: LiveControl | None = None
    ) -> Mailbox | None:
        address = control.address if control is not None else target.account.address
        return self.boxes.get(address.wire.decode())

    def wall(self) -> float:
        return self.now

    async def came_back(self, subject: str, since: float) -> tuple[Returned, ...]:
        return tuple(self.returned)

    def reach(self, target: Target, note: Note | None = None) -> Reach:
        net = PostNet(Anywhere(), self.lines.append, servers=self.servers)
        carrier, journal = target.carrier, None
        if self.store is not None:
            journal = Logbook(self.store, carrier.limits, carrier.relation, self.wall, vantage="here", returns=self.came_back)
        names = cast(Resolver, Names(self.names))
        return Reach(
            net, names, net.clock, self.wall, self.purse, self.manners, self.leg, False, self.journal(journal), self.signs
        )

    def journal(self, real: Journal | None) -> Journal | None:
        """For a test that puts its own in between."""
        return real


def mailing(target: Target, **given: object) -> Target:
    return replace(target, prober=PROBER, **given)  # type: ignore[arg-type]  # fields of Target


def boxes_for(served: Exchanger, clock: object, **given: object) -> dict[str, Box]:
    names = (T.wire.decode(), L.wire.decode())
    return {name: Box(served, name, clock, **given) for name in names}  # type: ignore[arg-type]  # fields of Box
