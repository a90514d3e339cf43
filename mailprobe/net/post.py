"""One HTTP POST to a URL that the configuration names: it is allowed as written, and nothing else is.

No redirect is followed and no proxy is taken from the environment, so that we end where we were sent. Of the answer only its
status is read. TLS is verified against the system's roots, and those given.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class Unsent(StrEnum):
    """Why there is no answer. The server may have had the request all the same."""

    UNREACHABLE = "unreachable"
    BROKE = "broke"
    TIMEOUT = "timeout"
    UNTRUSTED = "untrusted"


@dataclass(slots=True)
class Post:
    """Keeps its connection between requests; `close` at the end. url: written in the configuration; within: seconds."""

    url: str
    ca: Path | None = None
    within: float = 10.0
    client: httpx.AsyncClient | None = None

    async def send(self, body: bytes, headers: Mapping[str, str]) -> int | Unsent:
        """The status of the answer, or why there is none. Never raises for what the other side does."""
        import httpx  # takes a tenth of a second to be read, and only the daemon needs it

        try:
            if self.client is None:
                self.client = await asyncio.to_thread(opened, self.ca, self.within)
            client = self.client
            async with asyncio.timeout(self.within), client.stream("POST", self.url, content=body, headers=headers) as answer:
                return int(answer.status_code)
        except (TimeoutError, httpx.TimeoutException):
            return Unsent.TIMEOUT
        except httpx.ConnectError as error:
            return Unsent.UNTRUSTED if is_certificate(error) else Unsent.UNREACHABLE
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return Unsent.BROKE

    async def close(self) -> None:
        if self.client is not None:
            await self.client.aclose()
            self.client = None


def opened(ca: Path | None, within: float) -> httpx.AsyncClient:
    """Reads the roots, which takes a while. OSError for a file that is none."""
    import httpx

    trusted = ssl.create_default_context()
    trusted.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 section 3.1.1
    if ca is not None:
        trusted.load_verify_locations(ca)
    return httpx.AsyncClient(verify=trusted, trust_env=False, follow_redirects=False, timeout=within)


def is_certificate(error: BaseException) -> bool:
    """Whether a certificate was the reason, however deep it lies."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return "CERTIFICATE_VERIFY_FAILED" in str(error)
