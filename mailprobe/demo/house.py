"""Starts every carrier of the demo on free loopback ports, and gives the configuration that leads mailprobe there."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailprobe.address import parse
from mailprobe.carriers import Carrier, Channel, Endpoint, Limits, LiveControl, Relation
from mailprobe.config import Account, Config, Engine, Prober
from mailprobe.demo.carrier import CarrierState, Mailbox, Service, new_password
from mailprobe.demo.delivery import loopback_only
from mailprobe.demo.dns import naming
from mailprobe.demo.faults import listening
from mailprobe.demo.imap import ImapServer
from mailprobe.demo.mailboxes import DEAD, HERE, LIVE, SCENARIOS, AtHand, Scenario, Setup, setups
from mailprobe.demo.smtp import exchanging, submitting
from mailprobe.demo.tls import Authority
from mailprobe.secret import Secret, SecretRef

MX_HOSTS = ((Service.MX, "mx1"), (Service.SECOND_MX, "mx2"))
BOUNCE_DOMAIN = "bounce.demo.example"
HOSTS = ("mx1", "mx2", "imap", "smtp")
# everything here is ours and nobody is annoyed: no gap between two questions
NO_GAPS = Limits(rcpt_gap=0.0, sessions=5, session_gap=0.0, canary_gap=60.0, dead_gap=0.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario made real: the account to check, and what was told, as words for `--observed`."""

    scenario: Scenario
    account: Account
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """`config` knows all carriers and every enrolled account. `states`, by carrier: change one, and its servers follow."""

    config: Config
    cases: tuple[Case, ...]
    states: dict[str, CarrierState]

    def send_back_to(self, host: str, port: int) -> None:
        """Where bounces and automatic answers go from now on: the receiver of bounces. ValueError beyond loopback."""
        loopback_only(host)
        for state in self.states.values():
            state.way_back = (host, port)


@contextlib.asynccontextmanager
async def open_demo(scenarios: tuple[Scenario, ...] = SCENARIOS) -> AsyncIterator[Demo]:
    """All servers run as long as the block lasts, on loopback only; nothing stays on the disk."""
    made = setups()
    states = {setup.name: setup.state for setup in made}
    for scenario in scenarios:
        if isinstance(scenario.mailbox, Mailbox):
            states[scenario.carrier].put(scenario.mailbox)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailprobe-demo-")))
        authority = Authority(folder, tuple(f"*.{setup.state.domain}" for setup in made))
        carriers = {setup.name: await open_carrier(stack, setup, authority) for setup in made}
        cases = tuple(case_of(scenario, states[scenario.carrier]) for scenario in scenarios)
        resolvers = [await stack.enter_async_context(naming(zones(made), records(made))) for _ in range(2)]
        config = Config(
            prober=Prober(
                name="probe.demo.example",
                mail_from="probe@demo.example",
                bounce_domain=BOUNCE_DOMAIN,
                token_keys=(at_hand(secrets.token_urlsafe(48)),),
                allow_networks=("127.0.0.0/8",),
                resolvers=tuple(f"{place.host}:{place.port}" for place in resolvers),
            ),
            carriers=carriers,
            accounts=tuple(case.account for case in cases if case.scenario.enrolled),
            store_url=f"sqlite:///{folder / 'demo.db'}",
            engine=Engine(vantage="demo"),
        )
        yield Demo(config, cases, states)


async def open_carrier(stack: AsyncExitStack, setup: Setup, authority: Authority) -> Carrier:
    """Start the servers of one carrier: two MX hosts, IMAP and submission, both with TLS from the first octet on."""
    state, domain, good = setup.state, setup.state.domain, authority.context()
    shown = authority.context(setup.certificate)
    mx = []
    for service, host in () if setup.null_mx else MX_HOSTS:
        place = await stack.enter_async_context(exchanging(state, f"{host}.{domain}", tls=good, service=service))
        mx.append(Endpoint(f"{host}.{domain}", place.port, Channel.CLEAR))
    imap = await stack.enter_async_context(listening(ImapServer(state, f"imap.{domain}").serve, tls=shown))
    submission = await stack.enter_async_context(submitting(state, f"smtp.{domain}", tls=shown))
    return Carrier(
        name=setup.name,
        title=setup.title("en"),
        relation=Relation.OWN,
        domains=(domain,),
        mx=tuple(mx),
        imap=Endpoint(f"imap.{domain}", imap.port, Channel.IMPLICIT),
        submission=Endpoint(f"smtp.{domain}", submission.port, Channel.IMPLICIT),
        tls_ca=authority.ca,
        username="{local}",
        submission_username="{local}",
        live_controls=(live_control(state),),
        dead_control=parse(f"{DEAD}@{domain}"),
        limits=dataclasses.replace(NO_GAPS, canary_gap=state.greylist) if state.greylist else NO_GAPS,
    )


def live_control(state: CarrierState) -> LiveControl:
    return LiveControl(parse(f"{LIVE}@{state.domain}"), LIVE, LIVE, at_hand(state.mailboxes[LIVE].password))


def at_hand(password: str) -> SecretRef:
    return SecretRef.of_value(Secret(password), "demo")


def case_of(scenario: Scenario, state: CarrierState) -> Case:
    now = datetime.fromtimestamp(time.time(), UTC)
    yesterday = (now - timedelta(days=1)).isoformat(timespec="seconds")
    last_month = (now - timedelta(days=30)).date().isoformat()
    return Case(
        scenario,
        Account(
            id=scenario.local,
            address=parse(f"{scenario.local}@{state.domain}"),
            carrier=scenario.carrier,
            username=scenario.local,
            submission_username=scenario.local,
            secret=secret_of(scenario),
            group="demo",
            probes=scenario.probes,
            enrolled=scenario.enrolled,
        ),
        tuple(word.format(yesterday=yesterday, last_month=last_month) for word in scenario.told),
    )


def secret_of(scenario: Scenario) -> SecretRef | None:
    if scenario.at_hand is AtHand.NONE or isinstance(scenario.mailbox, str):
        return None
    return at_hand(scenario.mailbox.password if scenario.at_hand is AtHand.RIGHT else new_password())


def zones(made: Iterable[Setup]) -> tuple[str, ...]:
    return ("demo.example", *(setup.state.domain for setup in made))


def records(made: Iterable[Setup]) -> dict[str, dict[str, tuple[str, ...]]]:
    """What the DNS knows: each domain's MX, and the addresses of its servers."""
    found: dict[str, dict[str, tuple[str, ...]]] = {"probe.demo.example": {"A": (HERE,)}}
    found[BOUNCE_DOMAIN] = {"MX": ("10 probe.demo.example.",)}
    for setup in made:
        domain = setup.state.domain
        found[domain] = {"MX": ("0 .",) if setup.null_mx else (f"10 mx1.{domain}.", f"20 mx2.{domain}.")}
        found.update({f"{host}.{domain}": {"A": (HERE,)} for host in HOSTS})
        found[f"imap.{domain}"] = {"A": setup.imap_addresses}
    return found
