"""Does the mail server let the customer in? Every address of the server up to its door, then one sign-in.

A sign-in is a chain, not a race: the carrier's live control first (or a good one within ten minutes), then the target,
once. Evidence before credentials: a secret is sent only to a configured server whose name and chain were verified. Only
the control is waited for: a second, dead address of the server does not delay the login.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from mailprobe.carriers import Endpoint, LiveControl, Origin
from mailprobe.evidence import (
    Answered,
    As,
    Breakage,
    Fact,
    LookedUp,
    Lookup,
    NotAsked,
    NotSecured,
    Of,
    Purpose,
    Secured,
    Stage,
    TlsFault,
    Withheld,
)
from mailprobe.net.resolver import Answer as Looked
from mailprobe.probes import Denied, Note, Reach, SignInEnd, Target
from mailprobe.probes.discover import find_imap
from mailprobe.probes.imap_credential import Credential, Lacking, master_key, of_control, of_control_by_master, of_target
from mailprobe.probes.imap_session import Session, enter
from mailprobe.probes.imap_sign_in import SERVERS_OWN, log_in
from mailprobe.probes.session import Insecure, Over, Trust, withheld

CONTROL_GOOD_FOR = 600.0  # seconds that a live control's sign-in counts
OLDEST = "old"  # the profile of the diagnosis: whatever TLS this machine still speaks

# a handshake that ends like this may be that of a server older than our default
_MAYBE_OLD = (TlsFault.HANDSHAKE, TlsFault.RESET)


@dataclass(slots=True, eq=False)
class Run:
    """One run of this probe. `tell_end` answers the chain exactly once: the first word counts."""

    target: Target
    reach: Reach
    note: Note
    endpoint: Endpoint
    told: bool = False
    insecure: bool = False

    def tell_end(self, end: SignInEnd) -> None:
        if not self.told:
            self.told = True
            self.reach.chain.imap_ended(end)

    def withheld(self, why: Withheld, who: As | None, of: Of = Of.TARGET) -> None:
        self.denied(Denied(why), who, of)

    def denied(self, denied: Denied, who: As | None = None, of: Of = Of.TARGET) -> None:
        self.note(withheld(self.reach.clock(), of, self.endpoint.label, "", Stage.LOGIN, denied, who))


async def probe(target: Target, reach: Reach, note: Note) -> None:
    """Ask the carrier's IMAP server for the target. Facts: LookedUp of its name, then by address Connected to Offered,
    Answered of LOGIN, Opened, Quota; NotAsked for a login that was not spent."""
    endpoint = (await find_imap(target.account.address.domain, target.carrier, reach.resolver)).endpoint
    if endpoint is None:
        note(NotAsked(at=reach.clock(), stage=Stage.CONNECT, why=Withheld.NO_SERVER))
        reach.chain.imap_ended(SignInEnd.NOT_RUN)
        return
    run = Run(target, reach, note, endpoint)
    if endpoint.origin is Origin.GUESSED:
        # said before it is looked at: whatever becomes of a mere guess, it is not the customer's server
        run.withheld(Withheld.SERVER_GUESSED, None)
    away = await reach.kept_away(endpoint.label)
    if away is not None:
        run.denied(away)
        run.tell_end(SignInEnd.UNKNOWN)
        return
    try:
        await _ask_all(run, noted_addresses(run, await reach.resolver.addresses(endpoint.host)))
    finally:
        run.tell_end(SignInEnd.UNKNOWN)


def noted_addresses(run: Run, answers: Iterable[Looked]) -> tuple[str, ...]:
    """The server's addresses, A before AAAA; what was asked of a resolver is noted."""
    found: list[str] = []
    for answer in answers:
        found += answer.values if answer.outcome is Lookup.FOUND else ()
        if answer.resolver or answer.outcome is not Lookup.FOUND:
            run.note(
                LookedUp(
                    at=run.reach.clock(),
                    server=run.endpoint.host,
                    purpose=Purpose.HOST,
                    rrtype=answer.rrtype,
                    outcome=answer.outcome,
                    values=answer.values,
                    resolver=answer.resolver,
                    took=answer.took,
                )
            )
    return tuple(dict.fromkeys(found))


async def _ask_all(run: Run, ips: tuple[str, ...]) -> None:
    """All doors at once; the sign-in starts behind the first that opens. A single door needs no tasks of its own."""
    if len(ips) == 1:
        await _sign_in(run, await entered(run, ips[0], Of.TARGET))
        return
    first: asyncio.Future[Session | None] = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.TaskGroup() as group:
            doors = [group.create_task(_try_door(run, ip, first)) for ip in ips]
            group.create_task(_sign_in_behind(run, first))
            if doors:
                await asyncio.wait(doors)
            if not first.done():
                first.set_result(None)
    finally:
        session = first.result() if first.done() and not first.cancelled() else None
        if session is not None:
            session.close()


async def _try_door(run: Run, ip: str, first: asyncio.Future[Session | None]) -> None:
    session = await entered(run, ip, Of.TARGET)
    if session is None:
        return
    if not first.done():
        first.set_result(session)
        return
    await session.goodbye()


async def entered(run: Run, ip: str, of: Of) -> Session | None:
    """One address up to its door; None if it stays shut, and why is noted. A legacy TLS profile only where the carrier's
    data names one for exactly this host."""
    carrier = run.target.carrier
    trust = Trust(carrier.tls_ca)
    try:
        return await enter(run.reach.net, run.endpoint, ip, run.note, of, trust)
    except Over:
        return None
    except Insecure as fault:
        insecure = fault
    profile = dict(carrier.tls_profiles).get(run.endpoint.host)
    if insecure.why in _MAYBE_OLD and profile is not None:
        return await _entered_by_profile(run, ip, of, replace(trust, profile=profile))
    if insecure.why in _MAYBE_OLD:
        insecure = await _diagnosed(run, ip, of, insecure)
    _note_insecure(run, ip, of, insecure)
    return None


async def _entered_by_profile(run: Run, ip: str, of: Of, trust: Trust) -> Session | None:
    try:
        return await enter(run.reach.net, run.endpoint, ip, run.note, of, trust)
    except Over:
        return None
    except Insecure as fault:
        _note_insecure(run, ip, of, fault)
        return None


async def _diagnosed(run: Run, ip: str, of: Of, fault: Insecure) -> Insecure:
    """One more connection, without any secret and without noting its steps: would an older TLS have done?"""
    facts: list[Fact] = []
    trust = Trust(run.target.carrier.tls_ca, OLDEST, verify=False)
    try:
        session = await enter(run.reach.net, run.endpoint, ip, facts.append, of, trust)
        session.close()
    except (Over, Insecure):
        pass
    for fact in facts:
        if isinstance(fact, Secured):
            return Insecure(TlsFault.OLD_SERVER, f"{fact.version} {fact.cipher}; by default: {fault.detail or fault.why.value}")
    return fault


def _note_insecure(run: Run, ip: str, of: Of, fault: Insecure) -> None:
    run.insecure = True
    at = run.reach.clock()
    run.note(NotSecured(at=at, of=of, server=run.endpoint.label, ip=ip, why=fault.why, detail=fault.detail))


async def _sign_in_behind(run: Run, first: asyncio.Future[Session | None]) -> None:
    await _sign_in(run, await first)


async def _sign_in(run: Run, session: Session | None) -> None:
    if session is None:
        if run.insecure:
            run.withheld(Withheld.NOT_SECURE, None)
        return
    try:
        if run.endpoint.origin is not Origin.GUESSED:
            await _sign_in_after_control(run, session)
        run.tell_end(SignInEnd.UNKNOWN)
        await session.goodbye()
    except Over:
        pass
    finally:
        run.tell_end(SignInEnd.UNKNOWN)
        session.close()


async def _sign_in_after_control(run: Run, session: Session) -> None:
    credential = await of_target(run.target.account, run.target.carrier)
    by_master = isinstance(credential, Credential) and bool(credential.master)
    proof = _proof_by_master(run) if by_master else _proof_by_control(run)
    if await _control_allows(run, session.ip, proof):
        await _target_signs_in(run, session, credential)
    else:
        run.withheld(Withheld.CONTROL_FAILED, None)


@dataclass(frozen=True, slots=True)
class Proof:
    """The sign-in of a known good account that must go before the target's. key: whose budget and record it is."""

    key: str
    who: As
    credential: Callable[[], Awaitable[Credential | Lacking]]
    master: str = ""


def _others(run: Run) -> Iterator[LiveControl]:
    """The target is no control of itself."""
    own = run.target.account.username
    return (one for one in run.target.carrier.live_controls if one.username != own)


def _proof_by_control(run: Run) -> Proof | None:
    for control in _others(run):
        ref = control.secret
        if ref is not None:
            return Proof(control.username, As.CONTROL, functools.partial(of_control, control, ref, run.target.carrier))
    return None


def _proof_by_master(run: Run) -> Proof | None:
    """The control needs no secret of its own here: it is opened the way in which the target will be."""
    control, master = next(_others(run), None), run.target.carrier.master_user
    if control is None or master is None:
        return None
    return Proof(
        master_key(control.username, master),
        As.MASTER,
        functools.partial(of_control_by_master, control, master),
        master.name,
    )


async def _control_allows(run: Run, ip: str, proof: Proof | None) -> bool:
    """May the target's login be spent? Yes if a live control signs in now or did within ten minutes, if the server says that
    it cannot sign anybody in, or if there is no control. A master user that was refused since must be proved anew."""
    if proof is None:
        return True
    good_at = await run.reach.budget.control_good_at(proof.key, run.endpoint.host)
    fresh = good_at is not None and run.reach.wall() - good_at <= CONTROL_GOOD_FOR
    if good_at is not None and fresh and not await _in_doubt(run, proof):
        _note_remembered(run, proof, good_at)
        return True
    credential = await proof.credential()
    if isinstance(credential, Lacking):
        run.withheld(credential.why, credential.who, Of.LIVE)
        return True  # ours to mend; it says nothing about the server
    return await _control_signs_in(run, ip, credential)


async def _in_doubt(run: Run, proof: Proof) -> bool:
    masters = run.reach.masters
    return bool(proof.master) and masters is not None and await masters.in_doubt(proof.master, run.endpoint.host)


def _note_remembered(run: Run, proof: Proof, good_at: float) -> None:
    run.note(
        Answered(
            at=run.reach.clock(),
            of=Of.LIVE,
            server=run.endpoint.label,
            stage=Stage.LOGIN,
            status="OK",
            code="",
            text="",
            who=proof.who,
            cached_at=good_at,
        )
    )


async def _control_signs_in(run: Run, ip: str, credential: Credential) -> bool:
    """L on a connection of its own, at the address where the target will sign in."""
    session = await entered(run, ip, Of.LIVE)
    if session is None:
        return False
    try:
        end = await log_in(session, run.reach, credential)
        opened = end is SignInEnd.OPENED
        if opened and await session.visit(credential.who, with_quota=False, pipelining=run.reach.pipelining):
            await run.reach.budget.control_good(credential.key, run.endpoint.host)
        await session.goodbye()
        # a server that cannot sign L in spends no refusal of T either, and only T's own answer shows that he is hit too
        return opened or end is SignInEnd.SERVER_FAILED
    except Over as over:
        return over.why is Breakage.BYE and over.code in SERVERS_OWN
    finally:
        session.close()


async def _target_signs_in(run: Run, session: Session, credential: Credential | Lacking) -> None:
    if isinstance(credential, Lacking):
        run.withheld(credential.why, credential.who)
        # without a secret there is no sign-in leg here: it cannot speak for a secret that submission has of its own
        run.tell_end(SignInEnd.NOT_RUN if credential.why is Withheld.NO_SECRET else SignInEnd.UNKNOWN)
        return
    end = await log_in(session, run.reach, credential)
    if end is SignInEnd.REFUSED and credential.who is As.MASTER:
        end = SignInEnd.UNKNOWN  # says nothing about the customer's own secret
    run.tell_end(end)
    if end is SignInEnd.OPENED:
        await session.visit(credential.who, with_quota=True, pipelining=run.reach.pipelining)
