"""One HTTP server: uvicorn under an app, at an address of this machine, with or without TLS.

The socket is bound here, so that an address that is not to be had is an OSError like any other; uvicorn alone would end the
process. It takes connections from then on. Signals stay with the daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

MOST = 200  # connections, where nothing else is said; one more is told 503
DRAIN = 5  # seconds that an answer under way has at the end


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the daemon's: it drains every room, this one among them."""
        yield


def unheard(context: ssl.SSLContext) -> None: ...


@contextlib.asynccontextmanager
async def listening(
    app: ASGIApp,
    listen: str,
    certificate: Path | None = None,
    key: Path | None = None,
    most: int = MOST,
    secured: Callable[[ssl.SSLContext], None] = unheard,
) -> AsyncIterator[tuple[str, int]]:
    """Serve while the block lasts; the address and port that are served. listen: `host:port`, port 0 for a free one. secured: is
    given what shows the certificate.

    certificate: PEM, with the key in it where no key is given. Raises OSError where that address is not to be had, and
    ssl.SSLError for a certificate that is none.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        ws="none",
        proxy_headers=False,  # uvicorn would believe whatever this host says of others: `approach.py` asks who may
        limit_concurrency=most,
        timeout_graceful_shutdown=DRAIN,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    config.load()
    if config.ssl is not None:
        secured(config.ssl)
    bound = bind(listen)
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        host, port = bound.getsockname()[:2]
        yield str(host), int(port)
    finally:
        server.should_exit = True
        await serving
        bound.close()


def bind(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, int(port)), family=family, backlog=128)
