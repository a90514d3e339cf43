"""The independent witness: somebody else's IMAP client signs in to a live control. The one module that imports aioimaplib.

aioimaplib is GPL-3.0-only, so it is an extra (`mailprobe[witness]`); without it there is no witness, and nothing else is
missing. It waits for ever where a server falls silent and has no way to abort: hence the hard deadline here, and the
connection is cut in any case. Its log would name users, so it is silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import logging
import ssl
from typing import Any, cast

from mailprobe.prober.findings import SignsIn

WITHIN = 20.0  # seconds in all


class Named:
    """Our context for a connection to an IP address: the certificate must be for the server's name all the same."""

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._context = context
        self._name = name

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, **asked: Any) -> ssl.SSLObject:
        return self._context.wrap_bio(incoming, outgoing, **(asked | {"server_hostname": self._name}))

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._context, attribute)


def is_at_hand() -> bool:
    return importlib.util.find_spec("aioimaplib") is not None


async def signs_in(
    host: str, ip: str, port: int, context: ssl.SSLContext, user: str, secret: str, within: float = WITHIN
) -> SignsIn:
    """Whether the witness gets in, over TLS from the first byte. NOT_TRIED: it is not installed, or it got no answer to its
    login (then nobody knows what the server would have said)."""
    if not is_at_hand():
        return SignsIn.NOT_TRIED
    aioimaplib = importlib.import_module("aioimaplib")
    logging.getLogger("aioimaplib").setLevel(logging.CRITICAL + 1)
    client = aioimaplib.IMAP4_SSL(ip, port, timeout=within, ssl_context=cast(ssl.SSLContext, Named(context, host)))
    try:
        async with asyncio.timeout(within):
            await client.wait_hello_from_server()
            answer = await client.login(user, secret)
            with contextlib.suppress(Exception):  # it is in, or it is not: how it leaves tells nothing
                await client.logout()
        return SignsIn.YES if answer.result == "OK" else SignsIn.NO
    except Exception:  # whatever another program's client raises, it has not signed in
        return SignsIn.NOT_TRIED
    finally:
        await cut(client)


async def cut(client: Any) -> None:
    """Leave nothing behind: neither a socket nor a task that still wants to connect."""
    connecting = client._client_task  # it names no other way to end a connection that never came to be
    if not connecting.done():
        connecting.cancel()
    with contextlib.suppress(Exception, asyncio.CancelledError):  # it is done with: how it ended tells nothing
        await connecting
    transport = client.protocol.transport
    if transport is not None:
        transport.abort()
