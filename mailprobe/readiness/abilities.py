"""What a set-up can learn of the mailboxes of one carrier, from what was found there a moment ago."""

from __future__ import annotations

from collections.abc import Iterator

from mailprobe.config import Config
from mailprobe.readiness.carriers import Asked, accepting_hosts, hosts_of
from mailprobe.readiness.provable import Ability, Have
from mailprobe.verdict.grounds import ACCEPTED
from mailprobe.verdict.picture import DeadAtMx, Picture, Prober, SignIn

LET_US_TRY = (
    SignIn.OPENED,
    SignIn.REFUSED,
    SignIn.REFUSED_BEFORE,
    SignIn.DISABLED,
    SignIn.EXPIRED,
    SignIn.HELD,
    SignIn.NO_SECRET,
)
TWO = 2


def abilities_of(asked: Asked, config: Config, *, resolvers: int, sends: bool, bounces: bool) -> Have:
    """resolvers: how many are asked. sends: test mails can be signed; bounces: what comes back reaches us."""
    found = {Ability.SEND} if sends else set()
    found |= {Ability.BOUNCES} if bounces else set()
    found |= {Ability.RESOLVERS} if resolvers >= TWO else set()
    found |= set(configured(asked, config))
    if asked.live is None:
        return frozenset({*found, Ability.TELLS_APART})
    return frozenset({*found, *at_door(asked, asked.live), *at_sign_in(asked, asked.live)})


def configured(asked: Asked, config: Config) -> Iterator[Ability]:
    carrier = asked.carrier
    if any(account.secret is not None for account in config.accounts if account.carrier == carrier.name):
        yield Ability.SECRET
    if carrier.one_secret:
        yield Ability.ONE_SECRET
    yield from {"inside": (Ability.INSIDE,), "outside": (Ability.OUTSIDE,)}.get(config.engine.network, ())


def at_door(asked: Asked, live: Picture) -> Iterator[Ability]:
    if live.prober.among(Prober.FINE):
        yield Ability.DOOR
    if live.acceptance.among(*ACCEPTED):
        yield Ability.LIVE
    if live.dead_at_mx.among(DeadAtMx.REFUSED, DeadAtMx.ACCEPTED):
        yield Ability.DEAD
    if not live.dead_at_mx.among(DeadAtMx.ACCEPTED):
        yield Ability.TELLS_APART
    accepting = accepting_hosts(asked.evidence)
    if len(accepting) >= TWO or (accepting and hosts_of(asked) <= accepting):
        yield Ability.BREADTH


def at_sign_in(asked: Asked, live: Picture) -> Iterator[Ability]:
    if live.sign_in.among(*LET_US_TRY):
        yield Ability.IMAP
    if live.sign_in.among(SignIn.OPENED):
        yield Ability.LIVE_SIGN_IN
    if live.submission.among(*LET_US_TRY):
        yield Ability.SUBMISSION
    if asked.master is not None and asked.master.sign_in.among(SignIn.OPENED_BY_MASTER):
        yield Ability.MASTER
