"""All calls: how one begins, how many there may be, how one is found, and who is told when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from mailprobe.carriers import Carrier
from mailprobe.config import Account, ConfigError, Problem, ad_hoc, read_address
from mailprobe.console.calls.ask import Ask, consent_of, guard, needs_consent, read_told, with_heard
from mailprobe.console.calls.call import KEPT, Call, Said, State, Working
from mailprobe.console.calls.judging import at_most_medium, is_same, picture_of, since_repair, verdict_of
from mailprobe.console.calls.keeping import Keeping
from mailprobe.console.calls.mails import note_number, wait_of
from mailprobe.console.calls.numbers import is_number, new_id, new_number
from mailprobe.console.calls.past import NOTHING, Past, Service, past_of, unknown_service
from mailprobe.console.calls.refusing import refused
from mailprobe.console.calls.returned import Back, back_of
from mailprobe.console.calls.stations import PROBE_OF, LegSeen
from mailprobe.console.rooms import Rooms
from mailprobe.evidence import Evidence, Fact
from mailprobe.lookup import PROBE as LOOKUP
from mailprobe.question import Listener, Question
from mailprobe.store import StoreError
from mailprobe.verdict import Verdict
from mailprobe.verdict.observed import check_numbers
from mailprobe.verdict.picture import Picture

MOST = 500  # in memory; of more those that are done go, the longest unused first
AT_ONCE = 64  # running, of everybody
AT_ONCE_EACH = 4
PACE, IN = 30, 600.0  # checks that one operator may start in so many seconds
INTERIM = 15.0  # seconds after which something can be said in any case
SLACK = 2.0  # seconds that a leg's end may take beyond its time


@dataclass(frozen=True, slots=True)
class Judged:
    """A call as it stands. question: with what was told by then. verdict None: "checking". back: what came back says."""

    version: int
    question: Question
    picture: Picture
    verdict: Verdict | None
    legs: dict[str, LegSeen]
    back: tuple[Back, ...] = ()


Services = Callable[[Carrier, float], Awaitable[Service]]
Told = Callable[[Call, Verdict], None]


Known = Callable[[], Awaitable[Evidence | None]]  # of the carrier's own systems


async def nothing_known() -> None:
    return None


def nobody(call: Call, verdict: Verdict) -> None: ...


@dataclass(slots=True)
class Calls:
    """The registry of one process. services: how a carrier's service is, as a whole. keeping: where calls outlive the process.
    told: hears the verdict of each check that has ended, and each that takes its place."""

    rooms: Rooms
    services: Services = unknown_service
    keeping: Keeping | None = None
    told: Told = nobody
    whole: dict[str, Call] = field(default_factory=dict)  # by id, the longest unused first
    past: dict[str, Past] = field(default_factory=dict)
    started: dict[str, list[float]] = field(default_factory=dict)  # by operator, Unix seconds
    judged: dict[str, Judged] = field(default_factory=dict)
    under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    watches: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    within: float = 30.0  # seconds for any one leg
    watch_every: float = 300.0  # seconds between two looks at a mailbox that is watched, where the limits allow it

    # ---- to begin ----------------------------------------------------------------------------------------------------

    def account_of(self, ask: Ask) -> Account:
        """Of a configured carrier's domain only, and with consent where that is asked for. Raises Refused (422)."""
        config = self.rooms.house().config
        try:
            account = ad_hoc(config, read_address(ask.address, config.carriers.values()))
        except ConfigError as error:
            raise refused(422, error.problems[0]) from None
        if needs_consent(config, account) and not ask.consent.strip():
            hint = "ask the customer, and note who agreed"
            raise refused(422, Problem("MP2512", "consent", "a check of this mailbox needs the customer's consent", hint))
        return account

    async def start(self, ask: Ask, account: Account, owner: str, known: Known = nothing_known) -> Call:
        """Begin a check; it goes on by itself. known: what the carrier's own systems say, asked beside the servers. Raises
        Refused: 403 by the guard, 422 for what cannot be used, 429."""
        house, now = self.rooms.house(), self.rooms.now()
        question = self.question_of(ask, account, owner)
        await self.check_numbers(question)
        self.admit_pace(owner, now)
        try:
            await house.admit(question)
        except ConfigError as error:
            raise refused(403, guard(error.problems[0])) from None
        number = new_number({one.number for one in self.whole.values()} | await self.numbers(now))
        if number is None:
            raise refused(429, Problem("MP2504", "", "no number is free", "wait until older checks are let go"))
        self.started.setdefault(owner, []).append(now)
        call = Call(
            id=new_id(),
            number=number,
            owner=owner,
            reason=ask.reason,
            started=now,
            question=question,
            carrier=house.config.carriers[account.carrier],
        )
        call.legs, _ = await house.legs_of(question)
        call.hearing = True  # before anybody can look
        call.working = {leg: Working(now) for leg in call.legs}
        self.whole[call.id] = call
        self.let_go()
        self.under_way[call.id] = asyncio.create_task(self.carry(call, known))
        return call

    def question_of(self, ask: Ask, account: Account, owner: str) -> Question:
        return Question(
            account=account,
            told=read_told(ask.observed, self.rooms.now()),
            observed=ask.observed,
            bounces=(ask.bounce.encode("utf-8", "replace"),) if ask.bounce.strip() else (),
            only=ask.only,
            within=self.within,
            canary=ask.canary,
            consent=consent_of(ask, owner),
            operator=owner,
            ticket=ask.ticket,
        )

    async def check_numbers(self, question: Question) -> None:
        """What was read back must be the number of a test mail that was sent."""
        if not question.told.canaries:
            return
        problems = check_numbers(question.told, await self.rooms.house().numbers(question.account))
        if problems:
            raise refused(422, problems[0])

    def admit_pace(self, owner: str, now: float) -> None:
        running = [one for one in self.whole.values() if one.working]
        if len(running) >= AT_ONCE or sum(one.owner == owner for one in running) >= AT_ONCE_EACH:
            raise refused(429, Problem("MP2502", "", "too many checks are running", "wait until one of them has ended"))
        mine = [at for at in self.started.get(owner, ()) if now - at < IN]
        self.started[owner] = mine
        if len(mine) >= PACE:
            hint = f"one operator may start {PACE} checks in {IN / 60:.0f} minutes"
            raise refused(429, Problem("MP2503", "", "too many checks in a short time", hint))

    async def numbers(self, now: float) -> frozenset[str]:
        """Those that somebody may still say on the phone."""
        return frozenset() if self.keeping is None else await self.keeping.store.calls.numbers(now - KEPT)

    def let_go(self, but: str = "") -> None:
        """Those that are done and written go from memory, first those that nobody has looked at for longest. but: the id of one
        that is about to be looked at."""
        done = [one for one in self.whole.values() if self.is_over(one) and one.id != but]
        for one in done[: max(0, len(self.whole) - MOST)]:
            self.forget(one)

    def is_over(self, call: Call) -> bool:
        return call.state is State.DONE and call.id not in self.under_way and not call.dirty

    def forget(self, call: Call) -> None:
        for table in (self.whole, self.past, self.judged):
            table.pop(call.id, None)

    def erase(self, account: str, keys: Collection[str]) -> int:
        """A customer is to be forgotten: his calls go from memory, and nothing of them is written any more. account: the id that
        he had; keys: `Address.key` of his addresses. How many."""
        his = [one for one in self.whole.values() if one.account.address.key in keys or (account and one.account.id == account)]
        for call in his:
            for task in (self.under_way.pop(call.id, None), self.watches.pop(call.id, None)):
                if task is not None:
                    task.cancel()
            self.forget(call)
            call.changed.set()  # who looks on is sent nothing more
        return len(his)

    def holds(self, call: Call) -> bool:
        """Whether it is in memory still: of an erased one nothing is judged, written or sent any more."""
        return self.whole.get(call.id) is call

    # ---- to carry ----------------------------------------------------------------------------------------------------

    async def carry(self, call: Call, known: Known = nothing_known) -> None:
        """One check to its end, whoever looks on. What goes wrong is our fault, and is shown as that."""
        interim = asyncio.get_running_loop().call_later(INTERIM, call.touch)
        beside = (lambda: self.remember(call), lambda: self.hear_carrier(call, known))
        before = asyncio.gather(*(self.through(call, one) for one in beside))
        listener = Listener(
            learnt=lambda leg, fact: self.learnt(call, leg, fact), ended=lambda evidence, picture: self.leg_ended(call, evidence)
        )
        try:
            await self.through(call, lambda: self.rooms.house().check(call.question, listener))
            await before
            await self.through(call, lambda: self.await_mail(call))
        finally:
            before.cancel()
            interim.cancel()
            self.under_way.pop(call.id, None)
        call.working, call.sends, call.ended = {}, False, self.rooms.now()
        self.revise(call, "")

    async def through(self, call: Call, work: Callable[[], Awaitable[object]]) -> None:
        """Whatever goes wrong: the page must not wait for ever."""
        try:
            await work()
        except ConfigError as error:
            call.fault = error.problems[0]
        except Exception as error:  # a fault of ours: the page tells of it instead of waiting for ever
            call.fault = Problem("MP2510", "", f"our own fault: {type(error).__name__}", "start the check again")

    async def hear_carrier(self, call: Call, known: Known) -> None:
        """What the carrier says itself. Until it is known, nothing is said that it might overturn."""
        try:
            found = await known()
            call.learn(() if found is None else (found,))
        finally:
            call.hearing = False
        self.revise(call, "")

    async def await_mail(self, call: Call) -> None:
        """Whether a test mail of this check may still come, or come back."""
        try:
            call.wait = await wait_of(call, self.rooms.house().store)
        except StoreError:  # that it was sent is known all the same: the next look says what became of it
            call.wait = call.started + KEPT if call.number_to_read else None

    def learnt(self, call: Call, leg: str, fact: Fact) -> None:
        note_number(call, (fact,))
        working = call.working.get(leg)
        if working is None:
            return
        first = working.fact is None
        call.working[leg] = Working(working.began, fact)
        if first or (working.fact is not None and working.fact.server != fact.server):
            call.touch()

    def leg_ended(self, call: Call, evidence: Evidence, why: str = "") -> None:
        call.working.pop(evidence.probe, None)
        call.learn((evidence,))
        self.revise(call, why)

    async def remember(self, call: Call, *, touch: bool = True) -> Past:
        """What was known before this call."""
        house, now = self.rooms.house(), self.rooms.now()
        try:
            service = await self.services(call.carrier, now)
            past = await past_of(house.store, call.account, call.carrier, service)
        except StoreError:  # nothing is known of it then; the check goes on
            return self.past.get(call.id, NOTHING)
        if self.holds(call):
            self.past[call.id] = past
        if touch:
            call.touch()
        return past

    # ---- to judge ----------------------------------------------------------------------------------------------------

    def revise(self, call: Call, why: str) -> None:
        """Judge it anew, and tell everybody who looks on."""
        if not self.holds(call):
            return
        call.touch()  # nobody wakes before this returns
        self.judge(call, why)

    def judge(self, call: Call, why: str) -> None:
        """Say what can be said now, and note what it replaces. why: what is new, a key of the texts."""
        verdict = self.seen(call).verdict
        if verdict is None:
            return
        said, last = call.said, call.said[-1] if call.said else None
        if last is not None and is_same(last.verdict, verdict):
            call.said = (*said[:-1], Said(last.at, verdict, last.why))
        else:
            call.said = (*said, Said(self.rooms.now(), verdict, why))
        if call.ended is not None and not call.working and not call.masked:
            self.told(call, verdict)

    def seen(self, call: Call) -> Judged:
        """As it stands, judged once a version."""
        known = self.judged.get(call.id)
        if known is None or known.version != call.version:
            known = self.judged[call.id] = self.judged_now(call)
        return known

    def judged_now(self, call: Call) -> Judged:
        house = self.rooms.house()
        if call.masked:
            return Judged(call.version, call.question, Picture(), call.said[-1].verdict if call.said else None, {})
        question = call.question
        picture = picture_of(house, with_heard(question, call.heard), call.evidence, call.started)
        picture = since_repair(picture) if call.repairs else picture
        seen = any(one.probe != LOOKUP for one in call.evidence) or not call.working
        verdict = verdict_of(picture, call.working) if seen and not call.hearing else None
        if call.heard and verdict is not None:
            without = verdict_of(picture_of(house, question, call.evidence, call.started), call.working)
            verdict = at_most_medium(verdict, without)
        asked = [probe for probe in set(PROBE_OF.values()) if probe in call.legs or call.last(probe)]
        legs = {probe: self.leg(call, probe, question) for probe in asked}
        return Judged(call.version, question, picture, verdict, legs, back_of(call))

    def leg(self, call: Call, probe: str, question: Question) -> LegSeen:
        """One leg, read without the others."""
        working, evidence = call.working.get(probe), call.last(probe)
        if working is not None:
            server = working.fact.server if working.fact is not None else ""
            return LegSeen(None, None, working.began + call.question.within + SLACK, server)
        if evidence is None:
            return LegSeen()
        known = self.judged.get(call.id)
        if known is not None and known.question == question and probe in known.legs and known.legs[probe].evidence is evidence:
            return known.legs[probe]  # nothing new of this leg
        house = self.rooms.house()
        mine = tuple(one for one in call.evidence if one.probe == probe)
        return LegSeen(evidence, picture_of(house, question, mine, call.started))

    # ---- to find -----------------------------------------------------------------------------------------------------

    async def find(self, which: str) -> Call:
        """By its id. Raises Refused (404)."""
        known = self.whole.pop(which, None)
        if known is not None:
            self.whole[which] = known  # used last: it goes last
            return known
        call = await self.kept(which)
        if call is None:
            raise refused(404, Problem("MP2501", "id", "there is no such check", "checks are kept for 72 hours"))
        return call

    async def by_number(self, number: str) -> Call:
        """As it is said on the phone. Raises Refused: 422 for what was misheard, 404."""
        said = "".join(number.split()).replace("-", "")
        if not is_number(said):
            hint = "have the five digits read out again"
            raise refused(422, Problem("MP2509", "number", "no check has this number: it was misheard", hint))
        since = self.rooms.now() - KEPT
        call = next((one for one in self.whole.values() if one.number == said and one.started >= since), None)
        row = None if call is not None or self.keeping is None else await self.keeping.store.calls.by_number(said, since)
        return call or await self.find(row.id if row is not None else said)

    async def of(self, owner: str) -> tuple[Call, ...]:
        """The newest first, of the last 72 hours. Those that are not in memory come without what was seen."""
        since, config = self.rooms.now() - KEPT, self.rooms.house().config
        mine = [one for one in self.whole.values() if one.owner == owner and one.started >= since]
        if self.keeping is not None:
            rows = await self.keeping.store.calls.of_owner(owner, since)
            older = [self.keeping.call(row, config) for row in rows if row.id not in self.whole]
            mine += [one for one in older if one is not None]
        return tuple(sorted(mine, key=lambda call: call.started, reverse=True))

    async def kept(self, which: str) -> Call | None:
        """From the store, into memory."""
        row = None if self.keeping is None else await self.keeping.store.calls.one(which)
        call = None if row is None or self.keeping is None else self.keeping.call(row, self.rooms.house().config)
        if call is None or (self.rooms.now() - call.started > KEPT and not call.kept and call.watch is None):
            return None
        call = self.whole.setdefault(which, call)
        self.let_go(but=which)
        await self.remember(call, touch=False)
        return call

    async def close(self) -> None:
        """Stop what is under way."""
        tasks = [*self.under_way.values(), *self.watches.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
