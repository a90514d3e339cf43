"""A certificate that we show, as bounce receiver or over HTTP: there, of one pair, and with a key that nobody else reads."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

from mailprobe.config.meaning import authority
from mailprobe.config.places import Path as KeyPath
from mailprobe.config.reading import Sheet


def read_certificate(sheet: Sheet, section: str, certificate: str | None, key: str | None) -> tuple[Path | None, Path | None]:
    """Both as paths, relative to the configuration; key None: it stands in the certificate's file."""
    its_place, keys_place = (section, "certificate"), (section, "key")
    if certificate is None:
        if key is not None:
            sheet.problem("MP1033", keys_place, "a key without a certificate", 'write certificate = "FILE.pem" as well')
        return None, None
    before = len(sheet.problems)
    files = authority(sheet, certificate, its_place), authority(sheet, key, keys_place)
    if len(sheet.problems) == before:
        check_pair(sheet, its_place if key is None else keys_place, files[0] or Path(certificate), files[1])
    return files


def check_pair(sheet: Sheet, where: KeyPath, certificate: Path, key: Path | None) -> None:
    private = certificate if key is None else key
    try:
        mode = stat.S_IMODE(private.stat().st_mode)
        if mode & 0o007:
            sheet.problem("MP1012", where, f"mode {mode:04o}: everybody can read the private key", f"chmod 0600 {private}")
        # without a way to ask, OpenSSL would ask for the passphrase of an encrypted key on the terminal
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError:
        hint = "both in PEM, the key without a passphrase, and of this certificate"
        sheet.problem("MP1050", where, f"no certificate and key that belong together: {private}", hint)
    except OSError as error:
        sheet.problem("MP1011", where, f"cannot read {private}: {error.strerror}", "give this user read access")
