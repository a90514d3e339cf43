"""A certificate authority of the tests' own, and the certificates that a server may show: good and bad ones."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NAMES = ("mx.mail.test", "imap.half.test", "localhost")
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "::1")


class Authority:
    """Issues leaf certificates; `write(folder)` puts ca.pem there, and .pem and .key of each kind of leaf."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailprobe test CA")])
        self.certificate = self._issue(self.name, self.key, timedelta(days=-1), timedelta(days=365), None)

    def write(self, folder: Path) -> None:
        (folder / "ca.pem").write_bytes(pem(self.certificate))
        self._leaf(folder, "good", NAMES, ADDRESSES)
        self._leaf(folder, "rsa", NAMES, ADDRESSES, key=rsa.generate_private_key(65537, 2048))
        self._leaf(folder, "wrong_name", ("other.test",), ())
        self._leaf(folder, "expired", NAMES, ADDRESSES, timedelta(days=-30), timedelta(days=-2))
        Authority()._leaf(folder, "strange", NAMES, ADDRESSES)

    def _leaf(
        self,
        folder: Path,
        name: str,
        names: tuple[str, ...],
        addresses: tuple[str, ...],
        start: timedelta = timedelta(days=-1),
        end: timedelta = timedelta(days=90),
        key: Key | None = None,
    ) -> None:
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName(
            [x509.DNSName(one) for one in names] + [x509.IPAddress(ipaddress.ip_address(one)) for one in addresses]
        )
        leaf = self._issue(subject, key, start, end, alternatives)
        (folder / f"{name}.pem").write_bytes(pem(leaf) + pem(self.certificate))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )

    def _issue(
        self,
        subject: x509.Name,
        key: Key,
        start: timedelta,
        end: timedelta,
        alternatives: x509.SubjectAlternativeName | None,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + start)
            .not_valid_after(now + end)
            .add_extension(x509.BasicConstraints(ca=alternatives is None, path_length=None), critical=True)
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
