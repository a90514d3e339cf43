"""The demo's servers answer from state: change what is true of a mailbox, and other programs' clients hear it at once."""

import asyncio
import base64
import imaplib
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest

from mailprobe.demo import carrier, delivery, faults, imap, imap_folder, imap_items, imap_session, mailstore, notices, smtp
from mailprobe.demo.carrier import BOTH_MX, EVERYWHERE, NOWHERE, CarrierState, Mailbox, Master, Service
from mailprobe.demo.dns import naming
from mailprobe.demo.faults import listening
from mailprobe.demo.house import open_demo
from mailprobe.demo.imap import ImapServer
from mailprobe.demo.smtp import Exchanger, exchanging, submitting
from mailprobe.demo.tls import Authority, Certificate
from mailprobe.verdict import Status

DOMAIN = "demo.example"
TARO = f"taro@{DOMAIN}"
PASSWORD = "right-one"


@dataclass
class Town:
    """One carrier with its servers, and a clock that the test moves."""

    state: CarrierState
    authority: Authority
    imaps: int
    imap: int
    mx: int
    second_mx: int
    smtps: int
    submission: int
    now: float = 0.0

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority.ca))


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    authority = Authority(tmp_path, ("localhost", "127.0.0.1"))
    good = authority.context()
    state = CarrierState(DOMAIN, master=Master("master", "master-key"))
    state.put(Mailbox("taro", PASSWORD), Mailbox("hanako", "another"))
    async with (
        listening(ImapServer(state, "imap").serve, tls=good) as imaps,
        listening(ImapServer(state, "imap", starttls=good).serve) as imap_clear,
        exchanging(state, "mx1", tls=good) as mx,
        exchanging(state, "mx2", tls=good, service=Service.SECOND_MX) as second_mx,
        submitting(state, "smtp", tls=good) as smtps,
        submitting(state, "smtp", tls=good, starttls=True) as submission,
    ):
        made = Town(state, authority, imaps.port, imap_clear.port, mx.port, second_mx.port, smtps.port, submission.port)
        state.clock = lambda: made.now
        yield made


def imap_says(town: Town, password: str = PASSWORD, *, user: str = "taro") -> str:
    """The answer to LOGIN, and where that is OK the answer to EXAMINE behind it."""
    with imaplib.IMAP4_SSL("localhost", town.imaps, ssl_context=town.trust, timeout=5) as client:
        try:
            client.login(user, password)
            return client.select(readonly=True)[0]
        except imaplib.IMAP4.error as error:
            return str(error)


def rcpt_says(town: Town, recipient: str = TARO, *, port: int = 0, sender: str = "probe@here.example") -> str:
    with smtplib.SMTP("127.0.0.1", port or town.mx, "here.example", timeout=5) as client:
        client.ehlo()
        client.mail(sender)
        code, text = client.rcpt(recipient)
        return f"{code} {text.decode()}"


def auth_says(town: Town, password: str = PASSWORD) -> int:
    with smtplib.SMTP_SSL("localhost", town.smtps, "here.example", context=town.trust, timeout=5) as client:
        try:
            return client.login("taro", password)[0]
        except smtplib.SMTPAuthenticationError as error:
            return error.smtp_code


async def ask(question: Callable[..., Any], *args: Any, **named: Any) -> Any:
    return await asyncio.to_thread(question, *args, **named)


async def test_a_healthy_mailbox_opens_everywhere(town: Town) -> None:
    assert await ask(imap_says, town) == "OK"
    assert await ask(auth_says, town) == 235
    assert (await ask(rcpt_says, town)).startswith("250")
    assert (await ask(rcpt_says, town, port=town.second_mx)).startswith("250")


async def test_a_changed_password_counts_from_the_next_login_on(town: Town) -> None:
    assert "[AUTHENTICATIONFAILED]" in await ask(imap_says, town, "new-one")
    assert await ask(auth_says, town, "new-one") == 535
    town.state.change("taro", password="new-one")
    assert await ask(imap_says, town, "new-one") == "OK"
    assert await ask(auth_says, town, "new-one") == 235
    assert "[AUTHENTICATIONFAILED]" in await ask(imap_says, town, PASSWORD)


async def test_an_entry_lost_everywhere_looks_like_one_that_never_was(town: Town) -> None:
    town.state.change("taro", listed=NOWHERE)
    assert await ask(rcpt_says, town) == f"550 Invalid recipient: <{TARO}>"
    assert await ask(rcpt_says, town, f"never@{DOMAIN}") == f"550 Invalid recipient: <never@{DOMAIN}>"
    assert await ask(imap_says, town) == await ask(imap_says, town, user="never")
    assert await ask(auth_says, town) == 535


@pytest.mark.parametrize("lost", [service for service in Service if service is not Service.DELIVERY])
async def test_each_server_has_a_directory_of_its_own(town: Town, lost: Service) -> None:
    town.state.change("taro", listed=EVERYWHERE - {lost})
    refused = {
        Service.MX: (await ask(rcpt_says, town)).startswith("550"),
        Service.SECOND_MX: (await ask(rcpt_says, town, port=town.second_mx)).startswith("550"),
        Service.IMAP: await ask(imap_says, town) != "OK",
        Service.SUBMISSION: await ask(auth_says, town) == 535,
    }
    assert [service for service, no in refused.items() if no] == [lost]


@pytest.mark.parametrize(
    ("changes", "imap_code", "auth", "rcpt"),
    [
        ({"disabled": True}, "[CONTACTADMIN]", 525, "550 5.2.1"),
        ({"expired": True}, "[EXPIRED]", 535, "250"),
        ({"connections": 10}, "[LIMIT]", 235, "250"),
        ({"shard": 7}, "[UNAVAILABLE]", 235, "250"),
        ({"has_store": False}, "NO", 235, "250"),
        ({"used": 500, "limit": 500}, "OK", 235, "452 4.2.2"),
    ],
)
async def test_what_is_true_of_a_mailbox_decides(
    town: Town, changes: dict[str, Any], imap_code: str, auth: int, rcpt: str
) -> None:
    town.state.shards_down = frozenset({7})
    town.state.change("taro", **changes)
    assert imap_code in await ask(imap_says, town)
    assert await ask(auth_says, town) == auth
    assert (await ask(rcpt_says, town)).startswith(rcpt)
    assert await ask(imap_says, town, "another", user="hanako") == "OK"


async def test_a_wrong_password_learns_nothing_of_the_state(town: Town) -> None:
    plain = await ask(imap_says, town, "wrong")
    town.state.change("taro", disabled=True, expired=True)
    assert await ask(imap_says, town, "wrong") == plain


async def test_cut_off_from_the_directory_a_server_says_later(town: Town) -> None:
    town.state.cut_off = EVERYWHERE
    assert (await ask(rcpt_says, town)).startswith("451 4.3.0")
    assert "[UNAVAILABLE]" in await ask(imap_says, town)
    assert await ask(auth_says, town) == 454
    town.state.cut_off = NOWHERE
    assert (await ask(rcpt_says, town)).startswith("250")


async def test_greylisting_counts_by_client_sender_and_recipient(town: Town) -> None:
    town.state.greylist = 300.0
    assert (await ask(rcpt_says, town)).startswith("450 4.2.0")
    town.now = 299.0
    assert (await ask(rcpt_says, town)).startswith("450 4.2.0")
    town.now = 300.0
    assert (await ask(rcpt_says, town)).startswith("250")
    assert (await ask(rcpt_says, town, sender="other@here.example")).startswith("450 4.2.0")
    assert (await ask(rcpt_says, town, f"never@{DOMAIN}")).startswith("550")


async def test_the_mx_knows_whom_it_refuses(town: Town) -> None:
    assert "Relay access denied" in await ask(rcpt_says, town, "taro@elsewhere.example")
    town.state.accepts_all = True
    assert (await ask(rcpt_says, town, f"never@{DOMAIN}")).startswith("250")
    town.state.blocked_recipients = frozenset({"taro"})
    assert (await ask(rcpt_says, town)).startswith("550 5.7.1")
    town.state.blocked_clients = frozenset({"127.0.0.1"})
    assert "Client host [127.0.0.1] blocked" in await ask(rcpt_says, town, f"hanako@{DOMAIN}")


async def test_the_master_opens_a_mailbox_without_its_password(town: Town) -> None:
    def as_master(password: str, whose: str) -> str:
        with imaplib.IMAP4_SSL("localhost", town.imaps, ssl_context=town.trust, timeout=5) as client:
            try:
                return client.authenticate("PLAIN", lambda _: f"{whose}\0master\0{password}".encode())[0]
            except imaplib.IMAP4.error as error:
                return str(error)

    assert await ask(as_master, "master-key", "taro") == "OK"
    assert "[AUTHENTICATIONFAILED]" in await ask(as_master, "wrong", "taro")
    town.state.change("taro", listed=BOTH_MX)
    assert "[AUTHENTICATIONFAILED]" in await ask(as_master, "master-key", "taro")


async def test_no_secret_is_taken_before_tls(town: Town) -> None:
    def too_early() -> tuple[list[bytes], str]:
        client = imaplib.IMAP4("localhost", town.imap, timeout=5)
        with client, pytest.raises(imaplib.IMAP4.error) as refused:
            client.login("taro", PASSWORD)
        return [word.encode() for word in client.capabilities], str(refused.value)

    def after() -> str:
        with imaplib.IMAP4("localhost", town.imap, timeout=5) as client:
            client.starttls(town.trust)
            return client.login("taro", PASSWORD)[0]

    offered, words = await ask(too_early)
    assert b"LOGINDISABLED" in offered
    assert "[PRIVACYREQUIRED]" in words
    assert await ask(after) == "OK"


async def test_submission_by_starttls(town: Town) -> None:
    def session() -> tuple[int, int]:
        with smtplib.SMTP("localhost", town.submission, "here.example", timeout=5) as client:
            early = client.docmd("AUTH PLAIN", base64.b64encode(f"\0taro\0{PASSWORD}".encode()).decode())[0]
            client.starttls(context=town.trust)
            return early, client.login("taro", PASSWORD)[0]

    assert await ask(session) == (530, 235)


async def test_the_quota_is_told_after_sign_in(town: Town) -> None:
    def quota() -> list[Any]:
        with imaplib.IMAP4_SSL("localhost", town.imaps, ssl_context=town.trust, timeout=5) as client:
            client.login("taro", PASSWORD)
            return client.getquotaroot("INBOX")[1]

    town.state.change("taro", used=77, limit=99)
    assert [b'"user" (STORAGE 77 99)'] in await ask(quota)


async def test_literals_and_quoted_strings_are_the_same_name(town: Town) -> None:
    """RFC 9051 section 4.3: a password may hold any octet but NUL."""
    town.state.change("taro", password='a"b\\c é')
    reader, writer = await asyncio.open_connection("localhost", town.imaps, ssl=town.trust)
    await reader.readline()
    writer.write(b"a LOGIN {4}\r\n")
    assert (await reader.readline()).startswith(b"+")
    secret = 'a"b\\c é'.encode()
    writer.write(b"taro {%d+}\r\n%s\r\n" % (len(secret), secret))
    assert (await reader.readline()).startswith(b"a OK")
    writer.write(b"b NONSENSE\r\n{\r\n")
    assert (await reader.readline()).startswith(b"b BAD")
    assert (await reader.readline()).startswith(b"* BAD")
    writer.close()


async def test_an_error_of_the_servers_own_leaks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> str:
        raise ValueError("dsn=postgresql://mp:s3cret@db")

    monkeypatch.setattr(Exchanger, "handle_RCPT", fails)
    authority = Authority(tmp_path, ("localhost",))
    async with exchanging(CarrierState(DOMAIN), "mx1", tls=authority.context()) as place:

        def session() -> tuple[int, bytes]:
            with smtplib.SMTP("127.0.0.1", place.port, "here.example", timeout=5) as client:
                client.ehlo()
                client.mail("a@here.example")
                return client.rcpt(TARO)

        assert await ask(session) == (451, b"4.3.0 Internal error")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Certificate.EXPIRED, "certificate has expired"),
        (Certificate.NOT_YET_VALID, "not yet valid"),
        (Certificate.WRONG_NAME, "Hostname mismatch"),
        (Certificate.SELF_SIGNED, "self-signed certificate"),
        (Certificate.UNKNOWN_CA, "unable to get local issuer certificate"),
    ],
)
async def test_each_bad_certificate_is_bad_in_its_own_way(tmp_path: Path, kind: Certificate, reason: str) -> None:
    authority = Authority(tmp_path, ("localhost",))
    trust = ssl.create_default_context(cafile=str(authority.ca))
    async with listening(ImapServer(CarrierState(DOMAIN), "imap").serve, tls=authority.context(kind)) as place:
        with pytest.raises(ssl.SSLError, match=reason):
            await asyncio.open_connection("localhost", place.port, ssl=trust)


async def test_old_tls_is_within_reach_of_an_old_client_only(tmp_path: Path) -> None:
    authority = Authority(tmp_path, ("localhost",))
    trust = ssl.create_default_context(cafile=str(authority.ca))
    trust.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")  # by itself, a Debian Python would offer static RSA
    async with listening(ImapServer(CarrierState(DOMAIN), "imap").serve, tls=authority.context(Certificate.OLD)) as place:
        with pytest.raises(OSError, match=r"HANDSHAKE_FAILURE|^$"):  # the alert, unless a reset overtakes it
            await asyncio.open_connection("localhost", place.port, ssl=trust)
        trust.set_ciphers("AES128-SHA:@SECLEVEL=0")
        reader, writer = await asyncio.open_connection("localhost", place.port, ssl=trust)
        assert (await reader.readline()).startswith(b"* OK")
        assert writer.get_extra_info("cipher")[0] == "AES128-SHA"
        writer.close()


@pytest.mark.parametrize(
    ("name", "kind", "rcode", "values"),
    [
        ("demo.example", "MX", dns.rcode.NOERROR, ["10 mx1.demo.example."]),
        ("demo.example", "AAAA", dns.rcode.NOERROR, []),
        ("none.demo.example", "A", dns.rcode.NXDOMAIN, []),
        ("elsewhere.test", "A", dns.rcode.REFUSED, []),
    ],
)
async def test_the_name_server_tells_absence_from_refusal(
    name: str, kind: str, rcode: dns.rcode.Rcode, values: list[str]
) -> None:
    async with naming((DOMAIN,), {DOMAIN: {"MX": ("10 mx1.demo.example.",)}}) as place:
        query = dns.message.make_query(name, kind)
        reply = await ask(dns.query.udp, query, place.host, 5.0, place.port)
        assert reply.rcode() == rcode
        assert [str(one) for rrset in reply.answer for one in rrset] == values


def test_the_servers_never_see_what_is_expected() -> None:
    """They may import neither the table of the scenarios nor any verdict."""
    mail = (delivery, mailstore, notices)
    for module in (carrier, imap, imap_session, imap_folder, imap_items, smtp, faults, *mail):
        source = Path(str(module.__file__)).read_text()
        assert "verdict" not in source
        assert "demo.mailboxes" not in source


async def test_the_whole_demo_stands_and_goes(tmp_path: Path) -> None:
    async with open_demo() as demo:
        config = demo.config
        ids = [case.account.id for case in demo.cases]
        ports = [end.port for one in config.carriers.values() for end in (*one.mx, one.imap, one.submission) if end]
        assert len(ids) == len(set(ids)) >= 18
        assert {case.scenario.status for case in demo.cases} == set(Status)
        assert [account.id for account in config.accounts] == [case.account.id for case in demo.cases if case.scenario.enrolled]
        assert all("{" not in word for case in demo.cases for word in case.told)
        for port in ports:
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
        folder = Path(config.store_url.removeprefix("sqlite:///")).parent
        assert folder.is_dir()
    assert not folder.exists()
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
