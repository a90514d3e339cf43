"""One HTTP GET of a URL that the configuration names, and no more of its answer than is asked for.

As with `post.py`: no redirect is followed, no proxy is taken from the environment, TLS is verified.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mailprobe.net.post import Unsent, is_certificate, opened


@dataclass(frozen=True, slots=True)
class Got:
    """body: cut after one octet more than was asked for."""

    status: int
    body: bytes


async def get(url: str, headers: Mapping[str, str], ca: Path | None, within: float, most: int) -> Got | Unsent:
    """within: seconds, for all of it. Never raises for what the other side does."""
    import httpx  # takes a tenth of a second to be read

    try:
        async with asyncio.timeout(within):
            client = await asyncio.to_thread(opened, ca, within)
            async with client, client.stream("GET", url, headers=headers) as answer:
                body = b""
                async for piece in answer.aiter_bytes():
                    body = (body + piece)[: most + 1]
                    if len(body) > most:
                        break
                return Got(int(answer.status_code), body)
    except (TimeoutError, httpx.TimeoutException):
        return Unsent.TIMEOUT
    except httpx.ConnectError as error:
        return Unsent.UNTRUSTED if is_certificate(error) else Unsent.UNREACHABLE
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
        return Unsent.BROKE
