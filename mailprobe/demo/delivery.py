"""What happens to a mail after the MX has said 250: it lands somewhere, or something goes back to its sender."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import time
from dataclasses import replace

from mailprobe.demo.carrier import Away, CarrierState, Mailbox, Rule
from mailprobe.demo.notices import ASKED_BY, Action, Letter, automatic_answer, left_alone, report

TRIES = 3  # of sending something back
PATIENCE = 5.0  # seconds for one such try
MOST_HOPS = 3  # forwarding in a circle ends


async def deliver(state: CarrierState, letter: Letter) -> None:
    """One accepted mail to its end. It waits as long as the state of its mailbox says."""
    mailbox = state.delivered_to(letter.recipient)
    if mailbox is not None:
        await delayed(state, mailbox, letter)
    mailbox = state.delivered_to(letter.recipient)  # a day in the queue may change much
    refusal = state.after_acceptance(letter.recipient)
    if refusal or mailbox is None:
        await tell(state, letter, Action.FAILED, refusal)
    elif mailbox.forward_to:
        await forward(state, mailbox, letter)
    else:
        await settle(state, mailbox, letter)


async def delayed(state: CarrierState, mailbox: Mailbox, letter: Letter) -> None:
    """Until its time has come and its store is there. The sender hears of it if he asked to."""
    if mailbox.delay > state.warns_after:
        await asyncio.sleep(state.warns_after)
        await tell(state, letter, Action.DELAYED, "451 4.4.7 Still trying")
        await asyncio.sleep(mailbox.delay - state.warns_after)
    else:
        await asyncio.sleep(mailbox.delay)
    while not state.store_is_up(mailbox.local):  # noqa: ASYNC110  the state is changed by hand and tells nobody
        await asyncio.sleep(state.retry)


async def settle(state: CarrierState, mailbox: Mailbox, letter: Letter) -> None:
    """Of a mail that is dropped nobody hears, not even who asked to be told of a success."""
    if mailbox.rule is Rule.DROP:
        return
    keep(state, mailbox, letter)
    await tell(state, letter, Action.DELIVERED)
    await answer(state, mailbox, letter)


def keep(state: CarrierState, mailbox: Mailbox, letter: Letter) -> None:
    """The customer's rule decides the folder. RFC 6154: junk is what is marked so, whatever its name."""
    store, junk = state.store_of(mailbox.local), mailbox.rule is Rule.JUNK
    folder = (store.junk if junk else None) or store.inbox
    folder.put(stamped(letter, spam=junk))


def stamped(letter: Letter, *, spam: bool = False) -> bytes:
    """The mail with what a delivery puts on top (RFC 5321 section 4.4). `none`: nothing was authenticated (RFC 8601 2.2)."""
    head = (
        f"Return-Path: <{letter.sender}>",
        f"Received: by {letter.host} with ESMTP id {letter.queue}; {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}",
        f"Authentication-Results: {letter.host}; none",
        *(("X-Spam-Flag: YES",) if spam else ()),
    )
    return "".join(f"{line}\r\n" for line in head).encode() + letter.data


async def forward(state: CarrierState, mailbox: Mailbox, letter: Letter) -> None:
    """The envelope keeps its sender, so a bounce of the other address goes to him (RFC 5321 section 3.9.1)."""
    await tell(state, letter, Action.RELAYED)
    here = mailbox.forward_to.rpartition("@")[2].lower() == state.domain
    if here and letter.hops < MOST_HOPS:
        original = letter.wish.original or f"rfc822;{letter.recipient}"
        wish = replace(letter.wish, original=original, notify=letter.wish.notify - {"SUCCESS"})
        await deliver(state, replace(letter, recipient=mailbox.forward_to, wish=wish, hops=letter.hops + 1))


async def answer(state: CarrierState, mailbox: Mailbox, letter: Letter) -> None:
    quiet = mailbox.away is Away.OFF or (mailbox.away is Away.POLITE and left_alone(letter.data))
    if not quiet:
        await send_back(state, letter, automatic_answer(letter, time.time()))


async def tell(state: CarrierState, letter: Letter, action: Action, reply: str = "") -> None:
    if ASKED_BY[action] in letter.wish.notify:
        await send_back(state, letter, report(letter, action, reply, time.time()))


async def send_back(state: CarrierState, letter: Letter, message: bytes) -> None:
    """Nothing ever goes back to `<>`, and it goes as from `<>` (RFC 5321 section 4.5.5), so no two machines ever talk."""
    if state.way_back is None or not letter.sender:
        return
    for _ in range(TRIES):
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                if await sent(*state.way_back, letter, message):
                    return
        await asyncio.sleep(state.retry)


async def sent(host: str, port: int, letter: Letter, message: bytes) -> bool:
    """Whether the other side has answered for good, with yes or no. ValueError: an address beyond loopback."""
    loopback_only(host)
    reader, writer = await asyncio.open_connection(host, port)
    utf8 = "" if (letter.sender + letter.recipient).isascii() else " SMTPUTF8"
    stuffed = message.replace(b"\r\n.", b"\r\n..")  # RFC 5321 section 4.5.2
    dialogue = (
        b"",
        f"EHLO {letter.host}\r\n".encode(),
        f"MAIL FROM:<>{utf8}\r\n".encode(),
        f"RCPT TO:<{letter.sender}>\r\n".encode(),
        b"DATA\r\n",
        stuffed + b".\r\n",
    )
    try:
        for words in dialogue:
            writer.write(words)
            code = await reply_code(reader)
            if code >= 400:
                return code >= 500
        writer.write(b"QUIT\r\n")
        return True
    finally:
        writer.close()


def loopback_only(host: str) -> None:
    """Raises ValueError for anything else, names too."""
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"the demo sends mail to loopback only, not to {host}")


async def reply_code(reader: asyncio.StreamReader) -> int:
    """The code of the next reply. EOFError: there is none."""
    while line := await reader.readline():
        if line[3:4] != b"-":
            return int(line[:3]) if line[:3].isdigit() else 554
    raise EOFError
