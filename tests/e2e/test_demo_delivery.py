"""What the demo carrier does after its 250 follows from the state of the mailbox, seen by clients that know nothing of ours."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mailprobe.config import Config, Prober
from mailprobe.demo.carrier import EVERYWHERE, Away, CarrierState, Mailbox, Rule, Service
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.delivery import sent
from mailprobe.demo.house import Case, Demo, open_demo
from mailprobe.demo.notices import Letter
from mailprobe.evidence import Stage
from mailprobe.replies import ReplyClass, read
from tests.e2e.delivering import MAIL, SENDER, TARO, Carrier, catching, open_carrier, send

LONG = (b"x" * 70 + b"\r\n") * 45  # a little over 3 KiB
QUIET = 0.05  # seconds in which loopback would have brought anything that is on its way


@pytest.fixture
async def carrier(tmp_path: Path) -> AsyncIterator[Carrier]:
    async with open_carrier(tmp_path) as made:
        yield made


async def nothing_came_back(carrier: Carrier) -> None:
    await asyncio.sleep(QUIET)
    assert carrier.back.caught.empty()


async def test_a_mail_lands_in_the_inbox_as_it_was_sent(carrier: Carrier) -> None:
    assert (await carrier.send()).startswith("250 2.0.0 OK: queued as ")
    await carrier.settled(lambda: carrier.inbox.mails)
    held = carrier.inbox.mails[0].data
    assert held.endswith(MAIL % TARO.encode())
    assert held.startswith(f"Return-Path: <{SENDER}>\r\nReceived: by mx1.demo.example ".encode())
    assert b"\r\nAuthentication-Results: mx1.demo.example; none\r\n" in held
    await nothing_came_back(carrier)


async def test_the_customers_own_rules(carrier: Carrier) -> None:
    carrier.state.change("taro", rule=Rule.JUNK)
    assert (await carrier.send()).startswith("250")
    await carrier.settled(lambda: carrier.junk.mails)
    assert b"X-Spam-Flag: YES" in carrier.junk.mails[0].data
    carrier.state.change("taro", rule=Rule.DROP, away=Away.ALWAYS)
    assert (await carrier.send(rcpt=("NOTIFY=SUCCESS,FAILURE",))).startswith("250")
    await nothing_came_back(carrier)
    assert not carrier.inbox.mails
    assert len(carrier.junk.mails) == 1


async def test_accepted_and_then_bounced_by_a_gateway(carrier: Carrier) -> None:
    """The MX takes every name; behind it nobody is called that. The report is what RFC 3464 says."""
    carrier.state.accepts_all = True
    never = "never@demo.example"
    original = f"ORCPT=rfc822;{never.replace('@', '+40')}"
    said = await carrier.send(to=(never,), mail=("RET=HDRS", "ENVID=canary+2Bone"), rcpt=("NOTIFY=FAILURE", original))
    assert said.startswith("250")
    back = await carrier.back.next()
    assert (back.sender, back.recipient) == ("<>", SENDER)
    assert back.message.get_content_type() == "multipart/report"
    assert back.message.get_param("report-type") == "delivery-status"
    assert back.message["Auto-Submitted"] == "auto-replied"
    told = back.block("message/delivery-status")
    for line in (
        "Original-Envelope-Id: canary+one",
        "Reporting-MTA: dns; mx1.demo.example",
        f"Original-Recipient: rfc822;{never}",
        f"Final-Recipient: rfc822; {never}",
        "Action: failed",
        "Status: 5.1.1",
        f"Diagnostic-Code: smtp; 550 5.1.1 <{never}>: User unknown",
    ):
        assert line in told
    headers = back.block("text/rfc822-headers")
    assert "Message-ID: <id.1@here.example>" in headers
    assert "Hello" not in headers


async def test_an_entry_lost_behind_the_mx_bounces_alone(carrier: Carrier) -> None:
    carrier.state.change("taro", listed=EVERYWHERE - {Service.DELIVERY})
    assert (await carrier.send()).startswith("250")
    assert "Status: 5.1.1" in (await carrier.back.next()).block("message/delivery-status")
    assert (await carrier.send(to=("hanako@demo.example",))).startswith("250")
    await carrier.settled(lambda: carrier.state.store_of("hanako").inbox.mails)
    await nothing_came_back(carrier)


async def test_the_store_says_no_after_the_acceptance(carrier: Carrier) -> None:
    carrier.state.change("taro", store_says="552 5.2.2 <{recipient}>: quota exceeded")
    assert (await carrier.send(mail=("RET=FULL",))).startswith("250")
    back = await carrier.back.next()
    assert f"Diagnostic-Code: smtp; 552 5.2.2 <{TARO}>: quota exceeded" in back.block("message/delivery-status")
    assert "Hello" in back.block("message/rfc822")
    assert not carrier.inbox.mails


@pytest.mark.parametrize(("how", "sender"), [(("NOTIFY=NEVER",), SENDER), (("NOTIFY=SUCCESS",), SENDER), ((), "<>")])
async def test_who_wants_no_bounce_gets_none(carrier: Carrier, how: tuple[str, ...], sender: str) -> None:
    carrier.state.change("taro", store_says="550 5.1.1 gone")
    assert (await carrier.send(rcpt=how, sender=sender)).startswith("250")
    await nothing_came_back(carrier)


async def test_success_and_delay_are_told_when_asked_for(carrier: Carrier) -> None:
    carrier.state.warns_after = 0.01
    carrier.state.change("taro", delay=0.1)
    assert (await carrier.send(rcpt=("NOTIFY=SUCCESS,DELAY",))).startswith("250")
    told = [(await carrier.back.next()).block("message/delivery-status") for _ in range(2)]
    assert ["Action: delayed" in told[0], "Status: 4.4.7" in told[0]] == [True, True]
    assert ["Action: delivered" in told[1], "Status: 2.0.0" in told[1]] == [True, True]


@pytest.mark.parametrize(
    "words",
    [
        ("RET=ALL", ""),
        ("ENVID=a b=c", ""),
        ("ENVID=a+0D+0AX:", ""),
        ("RET=FULL RET=FULL", ""),
        ("", "NOTIFY=NEVER,SUCCESS"),
        ("", "ORCPT=taro"),
        ("", "NOTIFY="),
    ],
)
async def test_parameters_that_are_none_are_refused(carrier: Carrier, words: tuple[str, str]) -> None:
    mail, rcpt = words
    said = await carrier.send(mail=tuple(mail.split()), rcpt=tuple(rcpt.split()))
    assert said[:3] in ("501", "555")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"filter_says": "550 : User unknown"}, "550 : User unknown"),
        ({"filter_says": "550 Unknown user {recipient}"}, f"550 Unknown user {TARO}"),
        ({"used": 9, "limit": 10}, f"552 5.2.2 <{TARO}>: The mailbox is full"),
    ],
)
async def test_a_refusal_at_the_end_of_data_keeps_nothing(carrier: Carrier, changes: dict[str, Any], says: str) -> None:
    carrier.state.change("taro", **changes)
    assert await carrier.send(MAIL % TARO.encode() + LONG) == says
    await nothing_came_back(carrier)
    assert not carrier.inbox.mails


async def test_who_refuses_refuses_for_all(carrier: Carrier) -> None:
    """RFC 5321 has one reply for all recipients: none of them may have the mail then."""
    carrier.state.change("hanako", filter_says="550 5.7.1 no")
    assert await carrier.send(to=(TARO, "hanako@demo.example")) == "550 5.7.1 no"
    await nothing_came_back(carrier)
    assert not carrier.inbox.mails


async def test_held_mail_fills_the_mailbox(carrier: Carrier) -> None:
    carrier.state.change("taro", used=0, limit=4)
    big = MAIL % TARO.encode() + LONG
    assert (await carrier.send(big)).startswith("250")
    await carrier.settled(lambda: carrier.inbox.mails)
    assert (await carrier.send()).startswith("250")
    assert (await carrier.send(big)).startswith("552 5.2.2")
    carrier.inbox.put(b"y" * 1024)
    assert (await carrier.send()).startswith("452 4.2.2")


async def test_greylisted_first_and_delivered_then(carrier: Carrier) -> None:
    carrier.state.greylist = 1.0
    assert (await carrier.send()).startswith("450 4.2.0")
    carrier.now = 1.0
    assert (await carrier.send(sender="b-other@bounce.here.example")).startswith("450 4.2.0")
    assert (await carrier.send()).startswith("250")
    await carrier.settled(lambda: carrier.inbox.mails)


async def test_an_old_automaton_answers_even_a_machine(carrier: Carrier) -> None:
    machine = b"Auto-Submitted: auto-generated\r\n" + MAIL % TARO.encode()
    carrier.state.change("taro", away=Away.ALWAYS)
    await carrier.send(machine)
    back = await carrier.back.next()
    assert (back.sender, back.recipient) == ("<>", SENDER)
    assert str(back.message["Auto-Submitted"]).startswith("auto-replied")
    assert back.message["In-Reply-To"] == "<id.1@here.example>"
    assert back.message["Subject"] == "Auto: Test 4821"
    assert TARO in str(back.message["From"])
    assert len(carrier.inbox.mails) == 1
    carrier.state.change("taro", away=Away.POLITE)
    await carrier.send(machine)
    await nothing_came_back(carrier)
    await carrier.send()
    assert str((await carrier.back.next()).message["Auto-Submitted"]).startswith("auto-replied")


async def test_nobody_ever_answers_the_null_sender(carrier: Carrier) -> None:
    carrier.state.change("taro", away=Away.ALWAYS)
    await carrier.send(sender="<>")
    await nothing_came_back(carrier)
    assert len(carrier.inbox.mails) == 1
    assert carrier.inbox.mails[0].data.startswith(b"Return-Path: <>\r\n")


async def test_forwarded_elsewhere(carrier: Carrier) -> None:
    carrier.state.change("taro", forward_to="taro@elsewhere.example")
    await carrier.send(rcpt=("NOTIFY=SUCCESS,FAILURE",))
    assert "Action: relayed" in (await carrier.back.next()).block("message/delivery-status")
    carrier.state.change("taro", forward_to="hanako@demo.example")
    await carrier.send()
    await carrier.settled(lambda: carrier.state.store_of("hanako").inbox.mails)
    carrier.state.change("taro", forward_to="never@demo.example")
    await carrier.send()
    told = (await carrier.back.next()).block("message/delivery-status")
    assert "Final-Recipient: rfc822; never@demo.example" in told
    assert f"Original-Recipient: rfc822;{TARO}" in told
    assert not carrier.inbox.mails


async def test_forwarding_in_a_circle_ends(carrier: Carrier) -> None:
    carrier.state.change("taro", forward_to="hanako@demo.example")
    carrier.state.change("hanako", forward_to=TARO)
    assert (await carrier.send()).startswith("250")
    await nothing_came_back(carrier)


async def test_late(carrier: Carrier) -> None:
    carrier.state.change("taro", delay=0.1)
    began = asyncio.get_running_loop().time()
    await carrier.send()
    assert not carrier.inbox.mails
    await carrier.settled(lambda: carrier.inbox.mails)
    assert asyncio.get_running_loop().time() - began >= 0.1


async def test_a_store_that_is_down_gets_its_mail_when_it_is_up(carrier: Carrier) -> None:
    carrier.state.shards_down = frozenset({1})
    await carrier.send()
    await nothing_came_back(carrier)
    assert not carrier.inbox.mails
    carrier.state.shards_down = frozenset()
    await carrier.settled(lambda: carrier.inbox.mails)


async def test_a_way_back_that_is_busy_is_tried_again(carrier: Carrier) -> None:
    carrier.state.change("taro", store_says="550 5.1.1 gone")
    carrier.back.refusals = ["451 later", "452 later"]
    await carrier.send()
    assert (await carrier.back.next()).recipient == SENDER
    carrier.back.refusals = ["550 never"]
    await carrier.send()
    await nothing_came_back(carrier)


async def test_beyond_ascii(carrier: Carrier) -> None:
    """RFC 6531, and RFC 6533 for the report."""
    name = "太郎@demo.example"
    carrier.state.put(Mailbox("太郎", store_says="550 5.1.1 gone"))

    def session() -> int:
        with smtplib.SMTP("127.0.0.1", carrier.mx, "here.example", timeout=5) as client:
            client.ehlo()
            client.command_encoding = "utf-8"
            assert client.mail(SENDER, ["SMTPUTF8"])[0] == 250
            assert client.rcpt(name)[0] == 250
            return client.data(MAIL % name.encode())[0]

    assert await asyncio.to_thread(session) == 250
    told = (await carrier.back.next()).raw.partition(b"\r\nContent-Type: message/global-delivery-status\r\n")[2]
    assert f"\r\nFinal-Recipient: utf-8; {name}\r\nAction: failed\r\n".encode() in told


async def test_the_offer(carrier: Carrier) -> None:
    def offer() -> set[str]:
        with smtplib.SMTP("127.0.0.1", carrier.mx, "here.example", timeout=5) as client:
            client.ehlo()
            return set(client.esmtp_features)

    assert await asyncio.to_thread(offer) >= {"size", "8bitmime", "pipelining", "smtputf8", "dsn", "starttls"}


async def test_a_pipelined_dialogue(carrier: Carrier) -> None:
    """RFC 2920: MAIL, RCPT and DATA in one write."""
    reader, writer = await asyncio.open_connection("127.0.0.1", carrier.mx)
    await reader.readline()
    writer.write(b"EHLO here.example\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    writer.write(f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<never@demo.example>\r\nRCPT TO:<{TARO}>\r\nDATA\r\n".encode())
    assert [(await reader.readline())[:3] for _ in range(4)] == [b"250", b"550", b"250", b"354"]
    writer.write(MAIL.replace(b"\r\n.", b"\r\n..") % TARO.encode() + b".\r\nQUIT\r\n")
    assert [(await reader.readline())[:3] for _ in range(2)] == [b"250", b"221"]
    writer.close()
    assert carrier.inbox.mails[0].data.endswith(MAIL % TARO.encode())


async def test_the_demo_sends_to_loopback_only() -> None:
    letter = Letter(SENDER, TARO, b"", "mx1", "1", 0.0)
    with pytest.raises(ValueError, match="loopback only"):
        await sent("192.0.2.1", 25, letter, b"")
    with pytest.raises(ValueError, match="loopback only"):
        Demo(Config(Prober("here.example", "probe@here.example"), {}), (), {}).send_back_to("192.0.2.1", 25)


def held(demo: Demo, case: Case, folder: str = "INBOX") -> int:
    return len(demo.states[case.account.carrier].store_of(case.scenario.local).folders[folder].mails)


async def test_each_mailbox_of_the_demo_is_as_its_title_says() -> None:
    """The servers' side of the table: what becomes of one mail to each, without a word of the verdicts."""
    async with catching() as (back, host, port), open_demo(scenarios=DELIVERIES) as demo:
        demo.send_back_to(host, port)
        cases = {case.scenario.local: case for case in demo.cases}
        said = {}
        for local, case in cases.items():
            mx = demo.config.carriers[case.account.carrier].mx[0].port
            to = f"{local}@{demo.states[case.account.carrier].domain}"
            said[local] = await asyncio.to_thread(send, mx, MAIL % to.encode(), to=(to,))
        codes = {local: words.split()[0] for local, words in said.items()}
        assert codes.pop("filters-senders") == "550"
        assert codes.pop("put-off-once") == "450"
        assert set(codes.values()) == {"250"}
        returned = {(await back.next()).message.get_content_type() for _ in range(2)}
        assert returned == {"multipart/report", "text/plain"}
        await asyncio.sleep(QUIET)
        assert back.caught.empty()
        inboxes = {local for local, case in cases.items() if held(demo, case)}
        assert inboxes == {"delivered", "on-holiday"}
        assert {local for local, case in cases.items() if held(demo, case, "Junk")} == {"in-junk"}


def test_what_the_demos_servers_say_is_what_carriers_say() -> None:
    """Their words mean to us what the state behind them is."""
    filtered = next(one.mailbox for one in DELIVERIES if one.local == "filters-senders")
    assert isinstance(filtered, Mailbox)
    code, _, text = filtered.filter_says.format(recipient=TARO).partition(" ")
    assert read(stage=Stage.END_OF_DATA, code=int(code), text=text).cls is ReplyClass.RECIPIENT_FILTER
    code, _, text = CarrierState("demo.example").after_acceptance(TARO).partition(" ")
    assert read(stage=Stage.AFTER_ACCEPTANCE, code=int(code), text=text).cls is ReplyClass.UNKNOWN_USER
