"""What a page is sent of a call: made once a change and a language, and sent to everybody who looks on."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from mailprobe.console.calls.call import Call
from mailprobe.console.calls.mailing import Post
from mailprobe.console.calls.past import NOTHING
from mailprobe.console.calls.registry import Calls
from mailprobe.console.calls.showing import Shown, row_of, show
from mailprobe.console.calls.view import Row, View
from mailprobe.verdict.picture import Picture

VIEW = TypeAdapter(View)
AT_ONCE = 8  # pages that are told in one turn of the loop
MOST = 64  # rendered views that are kept
FRESH = 1.0  # seconds for which a view's ages are young enough


@dataclass(frozen=True, slots=True)
class Rendered:
    """version: of the call; at: Unix seconds."""

    version: int
    at: float
    view: bytes
    event: bytes


@dataclass(slots=True)
class Desk:
    """The calls, as they are looked at."""

    calls: Calls
    post: Post
    rendered: OrderedDict[tuple[str, str], Rendered] = field(default_factory=OrderedDict)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def turn(self) -> None:
        """A few pages at a time: five hundred that are told in one go would keep the loop from its probes."""
        async with self.turns:
            await asyncio.sleep(0)

    def erase(self, account: str, keys: Collection[str]) -> int:
        """As `Calls.erase`, with the pages that were made of them."""
        count = self.calls.erase(account, keys)
        for gone in [one for one in self.rendered if one[0] not in self.calls.whole]:
            self.rendered.pop(gone)
        return count

    def shown(self, call: Call, language: str) -> Shown:
        judged = self.calls.seen(call)
        rooms = self.calls.rooms
        past = self.calls.past.get(call.id, NOTHING)
        return Shown(rooms.house().config, past, judged.picture, judged.verdict, judged.legs, language, rooms.now(), judged.back)

    def view(self, call: Call, language: str) -> View:
        return show(call, self.shown(call, language))

    def row(self, call: Call, language: str) -> Row:
        """Of a call that is not in memory: as it was said last."""
        if call.id in self.calls.whole:
            return row_of(call, self.shown(call, language))
        config, now = self.calls.rooms.house().config, self.calls.rooms.now()
        verdict = call.said[-1].verdict if call.said else None
        return row_of(call, Shown(config, NOTHING, Picture(), verdict, {}, language, now))

    def rendering(self, call: Call, language: str) -> Rendered:
        key, now = (call.id, language), self.calls.rooms.now()
        known = self.rendered.get(key)
        if known is None or known.version != call.version or now - known.at > FRESH:
            body = VIEW.dump_json(self.view(call, language))
            head = b"event: view\nid: %d\ndata: " % call.version
            known = Rendered(call.version, now, body, head + body + b"\n\n")
            self.rendered[key] = known
            while len(self.rendered) > MOST:
                self.rendered.popitem(last=False)
        return known

    def json(self, call: Call, language: str) -> bytes:
        return self.rendering(call, language).view

    def event(self, call: Call, language: str) -> bytes:
        return self.rendering(call, language).event
