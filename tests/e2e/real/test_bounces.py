"""A genuine bounce: Postfix accepts a test mail, is refused behind, and its own report reaches receiver, store and record."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import smtplib
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailprobe.bounces.intake import Desk, Outcome, Told, take_in
from mailprobe.bounces.receiver import Received, Receiver, receiving, tls_of
from mailprobe.demo.tls import Authority
from mailprobe.evidence import CanaryState, Returned, ReturnKind, Stage
from mailprobe.store import Store, open_store
from tests.e2e.real.accepts_first import FULL, accepting_first
from tests.e2e.real.postoffice import missing_programs, run
from tests.e2e.receiver_client import OURS
from tests.unit.bounces.mails import DOMAIN, SIGNER, Book, planned
from tests.unit.store.test_store import contents

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or "postfix" in missing_programs(), reason="a private Postfix needs root, and Postfix"
)
ADDRESS = f"Taro@{FULL}"
WITHIN = 20.0  # seconds; Postfix needs a tenth of one


@dataclass
class Prober:
    """Our side: receiver, store, records, and what was sent."""

    store: Store
    receiver: Receiver
    plain: int
    verifying: int
    log: Path
    book: Book = field(default_factory=Book)
    stumbles: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return self.store.bounces.hashed(ADDRESS)

    def send(self, canary: str, *, ask: tuple[str, ...] = (), options: tuple[str, ...] = ()) -> None:
        """One test mail, accepted by Postfix, with its record."""
        record = planned(canary, self.subject, planned_at=time.time())
        self.book.put(record)
        stamp = SIGNER.stamp(canary)
        text = f"From: <{record.sender}>\nTo: <{ADDRESS}>\nSubject: test\nMessage-ID: <{stamp}@{DOMAIN}>\n"
        text += f"X-Mailprobe-Token: {stamp}\nAuto-Submitted: auto-generated\n\nA test mail.\n"
        with smtplib.SMTP("127.0.0.1", self.plain, "probe1.probe.test", timeout=10) as client:
            assert client.sendmail(record.sender, [ADDRESS], text, options, ask) == {}

    async def told(self) -> tuple[Told, ...]:
        """What the next mail that comes back says."""
        desk = Desk(self.store.bounces, self.book, SIGNER, time.time, 5.0)
        async with asyncio.timeout(WITHIN):
            while not (told := await take_in(desk)):  # noqa: ASYNC110 - until Postfix has come
                await asyncio.sleep(0.02)
        return told

    async def came(self, times: int) -> None:
        """Until Postfix has heard so many a 250. It is asked again and again: a mail just deferred may be in its hands still."""
        async with asyncio.timeout(WITHIN):
            while self.receiver.kept < times:
                await asyncio.to_thread(run, "postqueue", "-c", str(self.log.parent / "conf"), "-f")
                await asyncio.sleep(0.3)

    async def facts(self) -> tuple[Returned, ...]:
        return await self.store.bounces.of_mailbox(self.subject, 0.0, ADDRESS)


@contextlib.asynccontextmanager
async def prober(tmp_path: Path) -> AsyncIterator[Prober]:
    authority = Authority(tmp_path, ("127.0.0.1",))
    authority.context()
    stumbles: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mailprobe-e2e-") as folder:
        base = Path(folder)
        async with open_store(f"sqlite:///{tmp_path}/m.db") as store:

            async def keep(mail: Received) -> None:
                """Durable; and then, if the test says so, the process dies before it can say 250."""
                if stumbles and stumbles[0] == "before":
                    raise OSError(stumbles.pop(0))
                await store.bounces.keep(mail)
                if stumbles:
                    raise OSError(stumbles.pop(0))

            tls = tls_of(tmp_path / "good.pem")
            async with receiving(("127.0.0.1", 0), OURS, SIGNER, keep, tls=tls) as receiver:
                entered = contextlib.ExitStack()
                try:
                    opened = accepting_first(base, receiver.listening[0][1])
                    plain, verifying = await asyncio.to_thread(entered.enter_context, opened)
                    yield Prober(store, receiver, plain, verifying, base / "postfix.log", stumbles=stumbles)
                finally:
                    await asyncio.to_thread(entered.close)


async def test_postfixs_own_report_reaches_the_record_and_counts_once(tmp_path: Path) -> None:
    async with prober(tmp_path) as ours:
        await asyncio.to_thread(ours.send, "c1")
        (told,) = await ours.told()
        assert told.outcome is Outcome.BOUNCED
        assert ours.book.steps == [("c1", CanaryState.BOUNCED)]
        (fact,) = await ours.facts()
        assert (fact.canary, fact.kind, fact.stage) == ("c1", ReturnKind.FAILED, Stage.RCPT)
        assert (fact.code, fact.enhanced, fact.recipient) == (552, "5.2.2", ADDRESS)
        assert "mailbox full" in fact.text
        assert "TLS connection established to 127.0.0.1" in ours.log.read_text()

        ours.stumbles += ["before", "after"]  # the store fails; then the process dies between its commit and the 250
        ask = ("NOTIFY=FAILURE", f"ORCPT=rfc822;{ADDRESS}")  # RFC 3461
        await asyncio.to_thread(ours.send, "c2", options=("RET=HDRS", f"ENVID={SIGNER.stamp('c2')}"), ask=ask)
        await ours.came(2)
        assert [one.outcome for one in await ours.told()] == [Outcome.BOUNCED]
        assert await take_in(Desk(ours.store.bounces, ours.book, SIGNER, time.time)) == ()
        assert [fact.canary for fact in await ours.facts()] == ["c1", "c2"]
        assert ours.stumbles == []
    assert b"Taro" not in contents(tmp_path)


async def test_a_postfix_that_verifies_senders_believes_ours_and_no_other(tmp_path: Path) -> None:
    async with prober(tmp_path) as ours:

        def asked(sender: str) -> int:
            with smtplib.SMTP("127.0.0.1", ours.verifying, "probe1.probe.test", timeout=20) as client:
                client.ehlo()
                return client.mail(sender)[0]

        assert await asyncio.to_thread(asked, OURS.mail_from) == 250
        assert await asyncio.to_thread(asked, f"{SIGNER.sender(ours.subject, time.time())}@{DOMAIN}") == 250
        assert await asyncio.to_thread(asked, f"nobody@{DOMAIN}") == 550
        assert await ours.store.bounces.waiting(time.time()) is None
        assert re.search(r"status=undeliverable", ours.log.read_text())
