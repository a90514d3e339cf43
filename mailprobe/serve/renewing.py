"""A certificate that we show ourselves is read again at every reload: whoever renews it need not restart us."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from mailprobe.config import Config
from mailprobe.log import Event, tell


def renewing(context: ssl.SSLContext, kind: str, certificate: Path, key: Path | None) -> Callable[[Config, Config], None]:
    """A subscriber of a `Reloader`: from then on handshakes show what these files hold. Two that do not belong together are told
    in the log, and what was shown before goes on being shown. kind: who shows it."""

    def renew(old: Config, new: Config) -> None:
        try:
            for one in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), context):  # the one in use never holds half of a pair
                one.load_cert_chain(certificate, key, password=lambda: "")
        except OSError as error:  # of which ssl.SSLError is one
            tell(Event.CERTIFICATE_NOT_RENEWED, kind=kind, error=error)

    return renew
