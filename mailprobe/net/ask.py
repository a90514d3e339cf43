"""One HTTP request to a host that the configuration names, or that this host names in turn: the first is allowed as written, the
others only where the guard lets us go, by the address that was looked up.

As with `get.py`: no redirect is followed, no proxy is taken from the environment, TLS is verified, and no more is read than is
asked for. What is compressed is not opened: a small answer cannot become a large one here.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mailprobe.net.get import Got
from mailprobe.net.guard import Forbidden, Guard
from mailprobe.net.post import Unsent, is_certificate, opened

if TYPE_CHECKING:
    import httpx

CONNECT, MOST_PLACES = 3.0, 3  # seconds for one address, and addresses that are tried
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Asked:
    """form: sent as POST; None: a GET. Both it and the headers may hold secrets. within: seconds, for all of it; most: octets."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: bytes | None = field(default=None, repr=False)
    ca: Path | None = None
    within: float = 10.0
    most: int = 65_536


async def ask(asked: Asked, guard: Guard) -> Got | Unsent | Forbidden:
    """Never raises for what the other side does, nor for a URL of its making."""
    import httpx  # takes a tenth of a second to be read

    try:
        async with asyncio.timeout(asked.within):
            places = await allowed(asked.url, guard)
            return places if isinstance(places, Forbidden) else await of_first(asked, places)
    except (TimeoutError, httpx.TimeoutException):
        return Unsent.TIMEOUT
    except httpx.ConnectError as error:
        return Unsent.UNTRUSTED if is_certificate(error) else Unsent.UNREACHABLE
    except socket.gaierror:
        return Unsent.UNREACHABLE
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
        return Unsent.BROKE


async def allowed(url: str, guard: Guard) -> list[str] | Forbidden:
    """The addresses to connect to, looked up here, so that a name is not bound anew in between; why not, if there is none."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS:
        raise ValueError("neither http nor https")
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    judged = {str(place[0]): guard.check(str(place[0]), port, host) for *_, place in found}
    good = [one for one, why in judged.items() if why is None]
    return good or next((why for why in judged.values() if why is not None), Forbidden.NOT_AN_ADDRESS)


async def of_first(asked: Asked, places: list[str]) -> Got:
    """Of the first that takes the connection: a host with an IPv6 address may be beyond our reach by it."""
    import httpx

    client = await asyncio.to_thread(opened, asked.ca, asked.within)
    async with client:
        for place in places[:MOST_PLACES]:
            try:
                return await sent(client, asked, place)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if place == places[:MOST_PLACES][-1] or is_certificate(error):
                    raise
    raise OSError("no address")


async def sent(client: httpx.AsyncClient, asked: Asked, place: str) -> Got:
    """The certificate is asked for the name, not for the address."""
    import httpx

    url = httpx.URL(asked.url)
    headers = {"accept": "application/json", "accept-encoding": "identity", **asked.headers, "host": url.netloc.decode("ascii")}
    way: dict[str, Any] = {"sni_hostname": url.host} if url.scheme == "https" else {}
    patience = httpx.Timeout(asked.within, connect=CONNECT)
    method, there = "GET" if asked.form is None else "POST", url.copy_with(host=place)
    request = client.build_request(method, there, headers=headers, content=asked.form, extensions=way, timeout=patience)
    answer = await client.send(request, stream=True)
    try:
        return Got(int(answer.status_code), await read(answer, asked.most))
    finally:
        await answer.aclose()


async def read(answer: httpx.Response, most: int) -> bytes:
    """Cut after one octet more than was asked for."""
    body = b""
    async for piece in answer.aiter_raw():
        body = (body + piece)[: most + 1]
        if len(body) > most:
            break
    return body
