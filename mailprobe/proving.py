"""`mailprobe config check --online`: the world is asked by the probes themselves, within their limits, and looked at.

The first live control of each carrier is checked like a mailbox; the bounce domain is a carrier of its own, whose mailboxes are
signed senders. If nobody receives bounces yet, we do so meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from rich.table import Table
from rich.text import Text

from mailprobe.address import Address, parse
from mailprobe.bounces.token import Signer
from mailprobe.carriers import OWN_LIMITS, Carrier, LiveControl, Relation
from mailprobe.check import run_loop
from mailprobe.config import Account, Config, ConfigError, ad_hoc
from mailprobe.config.problems import visible
from mailprobe.config.shape import PROBES
from mailprobe.daemon import House, open_house
from mailprobe.engine import LEGS, Order, Watch
from mailprobe.engine.embedded import SignInChain
from mailprobe.evidence import Evidence
from mailprobe.net.resolver import Resolver
from mailprobe.net.route import local_address
from mailprobe.question import Listener, Question
from mailprobe.readiness import Finding, Result, Topic, good, unknown
from mailprobe.readiness.abilities import abilities_of
from mailprobe.readiness.carriers import Asked, findings_of
from mailprobe.readiness.clock import ask_kernel, clock_finding, offsets_of
from mailprobe.readiness.identity import (
    identity_findings,
    locals_of,
    ourselves,
    port_finding,
    resolver_finding,
    spf_findings,
)
from mailprobe.readiness.issuer import issuer_finding
from mailprobe.readiness.lists import LISTS, look_up
from mailprobe.readiness.provable import Provability, provability
from mailprobe.readiness.reception import bounce_finding, sender_finding
from mailprobe.serve.reception import reception
from mailprobe.terminal import console, sign_of
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import Picture

WITHIN = 30.0  # seconds for any one probe
# At our own receiver: whoever sets up asks again and again.
RECEIVER_LIMITS = replace(OWN_LIMITS, rcpt_gap=60.0, dead_gap=60.0)
STATES = {Result.GOOD: "good", Result.BAD: "bad", Result.UNKNOWN: "unclear"}
TOPICS = list(Topic)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found, and what can be proven at each carrier, by its name."""

    findings: tuple[Finding, ...]
    provable: tuple[tuple[str, tuple[Provability, ...]], ...]

    @property
    def exit_code(self) -> int:
        return 1 if any(one.result is Result.BAD for one in self.findings) else 0


def print_readiness(config: Config) -> int:
    """Ask, and show; the exit code."""
    found = run_loop(asked_in_house(config))
    print_findings(found.findings)
    for carrier, rows in found.provable:
        print_provable(carrier, rows)
    return found.exit_code


async def asked_in_house(config: Config) -> Readiness:
    async with open_house(config) as house:
        return await ask_the_world(house)


async def ask_the_world(house: House, within: float = WITHIN, lists: tuple[str, ...] = LISTS) -> Readiness:
    """Everything that can be asked with this configuration. within: seconds for any one probe."""
    resolver = resolver_of(house)
    async with receiving_meanwhile(house), asyncio.TaskGroup() as group:
        jobs = [group.create_task(ask_carrier(house, one, within)) for one in house.config.carriers.values()]
        doors = group.create_task(ask_receiver(house, within))
    asked, reached = [job.result() for job in jobs], doors.result()
    ours = await about_us(house.config, resolver, asked, lists)
    theirs = [finding for one in asked for finding in findings_of(one)]
    findings = sorted((*ours, *reached, *theirs), key=lambda one: TOPICS.index(one.topic))
    bounces = any(one.topic is Topic.BOUNCES and one.result is Result.GOOD for one in reached)
    sends, known = house.signs is not None, len(resolver.servers)
    abilities = {
        one.carrier.name: abilities_of(one, house.config, resolvers=known, sends=sends, bounces=bounces) for one in asked
    }
    return Readiness(tuple(findings), tuple((name, provability(have)) for name, have in abilities.items()))


def resolver_of(house: House) -> Resolver:
    chain = SignInChain(runs_imap=False)
    return house.bare(OWN_LIMITS, house.config.engine.vantage, chain, lambda line: None).resolver


# ---- a carrier -------------------------------------------------------------------------------------------------------


async def ask_carrier(house: House, carrier: Carrier, within: float) -> Asked:
    """Its first live control, of those with a secret if there are any; then the same mailbox by the master user."""
    control = next((one for one in carrier.live_controls if one.secret is not None), None)
    control = control or next(iter(carrier.live_controls), None)
    if control is None:
        return Asked(carrier)
    account = account_of(house.config, control)
    live = await house.check(Question(account, Observations(), only=LEGS, within=within), Listener())
    return Asked(carrier, live.evidence, live.picture, await by_master(house, carrier, account, within))


def account_of(config: Config, control: LiveControl) -> Account:
    """The control as a mailbox to be checked."""
    return replace(
        ad_hoc(config, control.address),
        username=control.username,
        submission_username=control.submission_username,
        secret=control.secret,
        submission_secret=None,
        probes=PROBES,
    )


async def by_master(house: House, carrier: Carrier, account: Account, within: float) -> Picture | None:
    if carrier.master_user is None:
        return None
    question = Question(replace(account, secret=None, enrolled=True), Observations(), only=("imap",), within=within)
    return (await house.check(question, Listener())).picture


# ---- our own receiver ------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def receiving_meanwhile(house: House) -> AsyncIterator[None]:
    """Before the daemon runs for the first time its port is free. What comes in meanwhile is kept, as it would be then."""
    async with contextlib.AsyncExitStack() as door:
        if house.config.bounces_listen and house.signs is not None:
            # the port is taken, by `mailprobe serve` as a rule, or not ours to take: who answers there is asked anyway
            with contextlib.suppress(ConfigError):
                await door.enter_async_context(reception(house.config, house.signs, house.store.bounces.keep))
        yield


async def ask_receiver(house: House, within: float) -> tuple[Finding, ...]:
    """A sender that we signed and one that somebody else did; and the address that acceptance checks send from."""
    prober = house.config.prober
    mail_from = parse(prober.mail_from)
    sender = await ask_mx(house, mail_from, None, within)
    found = sender_finding(prober.mail_from, prober.name, sender)
    if house.signs is None:
        repair = "set prober.bounce_domain and prober.token_keys; mailprobe init makes a key"
        return (found, unknown(Topic.BOUNCES, prober.bounce_domain, "nothing signs the senders of test mails", repair))
    signed, forged = (
        parse(f"{signer.sender(secrets.token_hex(16), time.time())}@{prober.bounce_domain}")
        for signer in (house.signs, Signer([os.urandom(32)]))
    )
    if house.config.bounces_imap is not None:
        return (found, fetched_finding(house.config, await ask_mx(house, signed, None, within)))
    return (found, bounce_finding(prober.bounce_domain, prober.name, await ask_mx(house, signed, forged, within)))


def fetched_finding(config: Config, evidence: tuple[Evidence, ...]) -> Finding:
    """Where bounces are fetched from a mailbox, another server takes them, whoever they are for."""
    taken = sender_finding(f"@{config.prober.bounce_domain}", config.prober.name, evidence)
    what = f"{taken.what}; they are fetched from a mailbox, which was not looked into"
    if taken.result is Result.GOOD:
        return good(Topic.BOUNCES, taken.about, what)
    return replace(taken, topic=Topic.BOUNCES)


async def ask_mx(house: House, address: Address, dead: Address | None, within: float) -> tuple[Evidence, ...]:
    """The mx probe at a domain of ours."""
    config = house.config
    carrier = Carrier("ourselves", "", Relation.OWN, (address.domain,), dead_control=dead, limits=RECEIVER_LIMITS)
    account = Account("ourselves", address, carrier.name, "", "", probes=("mx",), enrolled=False)
    order = Order(account, carrier, config.prober, ("mx",), within, config.engine.vantage, sends=False)
    return await house.engine.live(order, Watch(lambda leg, fact: None, lambda evidence: None))


# ---- ourselves -------------------------------------------------------------------------------------------------------


async def about_us(config: Config, resolver: Resolver, asked: list[Asked], lists: tuple[str, ...]) -> list[Finding]:
    evidence = [one for each in asked for one in each.evidence]
    at_mx = [one for one in evidence if one.probe == "mx"]
    forward = [value for answer in await resolver.addresses(config.prober.name) for value in answer.values]
    us = ourselves(locals_of(at_mx, local_address), config.prober.allow_networks, forward)
    listed = await look_up(resolver, us.ips, lists) if us.ips else ()
    return [
        resolver_finding([server.label for server in resolver.servers]),
        port_finding(evidence),
        *await identity_findings(resolver, config.prober, us),
        *await spf_findings(resolver, config.prober, us),
        *listed,
        clock_finding(offsets_of(evidence), ask_kernel()),
        *await ask_issuer(config),
    ]


async def ask_issuer(config: Config) -> tuple[Finding, ...]:
    """Whose word counts for who comes in to the console, if anybody's."""
    settings = config.console.oidc
    if settings is None:
        return ()
    from mailprobe.oidc.issuer import Issuer  # needs the extra

    return (issuer_finding(settings.issuer, await Issuer(settings, time.time).trouble()),)


# ---- shown -----------------------------------------------------------------------------------------------------------


def print_findings(findings: tuple[Finding, ...]) -> None:
    rows = Table.grid(padding=(0, 2))
    for fixed in (True, True, False, False):
        rows.add_column(no_wrap=fixed, overflow="fold")
    for one in findings:
        what = Text(visible(one.what))
        if one.repair:
            what.append(f"\n-> {visible(one.repair)}", "bold")
        rows.add_row(sign_of(STATES[one.result]), one.topic.value, visible(one.about), what)
    console().print(rows)


def print_provable(carrier: str, rows: tuple[Provability, ...]) -> None:
    """Carrier x verdict: how sure it can be, what must be told besides, and what to add."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim", pad_edge=False)
    for name in (carrier, "provable", "when told", "to add"):
        table.add_column(name, overflow="fold", no_wrap=name != "to add")
    for row in rows:
        sure = row.sure.value if row.provable and row.sure is not None else "no"
        add = "\n".join(one.value for one in row.add) if row.best is not None else "a second vantage; not in this version"
        if row.provable and row.add and row.best is not None:
            add = f"for {row.best.value}: {add}"
        table.add_row(row.code.value, Text(sure, "" if row.provable else "bold yellow"), " ".join(row.told), Text(add))
    out = console()
    out.print()
    out.print(table)
