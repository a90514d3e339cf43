"""Our IMAP client beside the witness: the same live control, the same address, one after the other, at most once an hour."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from mailprobe.carriers import AuthForm, Carrier, Channel, LiveControl, Origin
from mailprobe.evidence import Answered, Broken, Evidence, Fact, NotConnected, NotSecured, Stage
from mailprobe.net import tls
from mailprobe.prober import Finding, findings
from mailprobe.prober.findings import Pair, SignsIn
from mailprobe.prober.witness import is_at_hand, signs_in
from mailprobe.probes import Denied, SignInBudget
from mailprobe.secret import SecretError

HOURLY = 3600.0
ATOM = re.compile(r"""[^\x00-\x20(){%*"\\\]\x7f-\U0010ffff]+""")  # RFC 9051 section 9; the witness sends a user name bare

OurSignIn = Callable[[Carrier, LiveControl], Awaitable[Evidence]]


@dataclass(slots=True)
class Comparison:
    """Keeps the last two pairs of each carrier. `ours` runs the imap probe for a control, as any check would."""

    ours: OurSignIn
    budget: SignInBudget
    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    compared_at: dict[str, float] = field(default_factory=dict)
    failed_at: dict[str, str] = field(default_factory=dict)  # the address where ours failed the last time

    async def compare(self, carrier: Carrier, now: float) -> Finding | None:
        """One comparison, if it is time; None: it is not."""
        last = self.compared_at.get(carrier.name)
        if last is not None and 0 <= now - last < HOURLY:
            return None
        control = fit_control(carrier)
        if control is None:
            return findings.witness(carrier.name, (), now)
        self.compared_at[carrier.name] = now
        pair = await self._pair(carrier, control)
        kept = self.pairs.setdefault(carrier.name, [])
        if pair.ours is not SignsIn.NOT_TRIED:
            kept.append(pair)
            del kept[:-2]
        return findings.witness(carrier.name, kept, now)

    async def _pair(self, carrier: Carrier, control: LiveControl) -> Pair:
        """The witness is only needed where ours fails. The second time it goes first: a refusal of ours that follows is the last
        that the control's budget holds."""
        before = self.failed_at.get(carrier.name, "")
        early = await self._witness(carrier, control, before) if before else SignsIn.NOT_TRIED
        evidence = await self.ours(carrier, control)
        ours, ip = how_ours_went(evidence.facts)
        if ours is SignsIn.YES:
            self.failed_at.pop(carrier.name, None)
        if ours is not SignsIn.NO:
            return Pair(ours, SignsIn.NOT_TRIED)
        self.failed_at[carrier.name] = ip
        if early is not SignsIn.NOT_TRIED and ip == before:
            return Pair(ours, early)
        return Pair(ours, await self._witness(carrier, control, ip))

    async def _witness(self, carrier: Carrier, control: LiveControl, ip: str) -> SignsIn:
        """Its refusal counts like ours: the second leg of one chain, and within the one budget of the control."""
        endpoint = carrier.imap
        if endpoint is None or not ip or control.secret is None or not is_at_hand():
            return SignsIn.NOT_TRIED
        try:
            secret = (await control.secret.read()).reveal()
        except SecretError:
            return SignsIn.NOT_TRIED
        grant = await self.budget.reserve(control.username, endpoint.host, secret, Stage.AUTH)
        if isinstance(grant, Denied):
            return SignsIn.NOT_TRIED
        context = tls.context(carrier.tls_ca, dict(carrier.tls_profiles).get(endpoint.host, "default"), True)
        end = await signs_in(endpoint.host, ip, endpoint.port, context, control.username, secret)
        if end is SignsIn.NO:
            await self.budget.refused(grant, "")
        elif end is SignsIn.YES:
            await self.budget.opened(grant)
        return end  # not known: it stays spent, as it may have been counted


def fit_control(carrier: Carrier) -> LiveControl | None:
    """A control that the witness can sign in: TLS from the first byte, a password, a user name that is an atom."""
    endpoint = carrier.imap
    if endpoint is None or endpoint.channel is not Channel.IMPLICIT or endpoint.origin is Origin.GUESSED:
        return None
    if carrier.auth is not AuthForm.PASSWORD:
        return None
    fit = (one for one in carrier.live_controls if one.secret is not None and ATOM.fullmatch(one.username))
    return next(fit, None)


def how_ours_went(facts: Sequence[Fact]) -> tuple[SignsIn, str]:
    """Whether our own client got in, and at which address it was. Held back or never asked: nothing to compare."""
    for fact in reversed(facts):
        if isinstance(fact, Answered) and fact.stage is Stage.LOGIN and fact.cached_at is None:
            return (SignsIn.YES if fact.status == "OK" else SignsIn.NO), fact.ip
    failed = [fact for fact in facts if isinstance(fact, Broken | NotSecured | NotConnected) and fact.ip]
    return (SignsIn.NO, failed[-1].ip) if failed else (SignsIn.NOT_TRIED, "")
