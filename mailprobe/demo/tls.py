"""Certificates and TLS contexts made at start: good ones, and every kind of bad one that a server may show."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)


class Certificate(StrEnum):
    """What a server shows. OLD is a good certificate behind TLS 1.2 with static RSA only (forbidden by RFC 9325 4.1)."""

    GOOD = "good"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_NAME = "wrong_name"
    SELF_SIGNED = "self_signed"
    UNKNOWN_CA = "unknown_ca"
    OLD = "old"


VALID = {
    Certificate.EXPIRED: (-30 * DAY, -2 * DAY),
    Certificate.NOT_YET_VALID: (2 * DAY, 30 * DAY),
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: a name and the key."""

    name: x509.Name
    key: Key


def issuer(common_name: str) -> Issuer:
    return Issuer(named(common_name), ec.generate_private_key(ec.SECP256R1()))


@dataclass(slots=True)
class Authority:
    """A certificate authority for the host names and IP addresses of one demo; its files go into `folder`."""

    folder: Path
    names: tuple[str, ...]
    ours: Issuer = field(default_factory=lambda: issuer("mailprobe demo CA"))
    strange: Issuer = field(default_factory=lambda: issuer("somebody else's CA"))
    _made: dict[Certificate, ssl.SSLContext] = field(default_factory=dict)

    def __post_init__(self) -> None:
        root = signed(self.ours, self.ours.name, self.ours.key, (-DAY, 365 * DAY), authority_extensions())
        self.ca.write_bytes(pem(root))

    @property
    def ca(self) -> Path:
        """What a client has to trust."""
        return self.folder / "ca.pem"

    def context(self, kind: Certificate = Certificate.GOOD) -> ssl.SSLContext:
        """A server's context that shows this kind of certificate; made once."""
        if kind not in self._made:
            self._made[kind] = self._context(kind)
        return self._made[kind]

    def _context(self, kind: Certificate) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.load_cert_chain(self._leaf(kind))
        if kind is Certificate.OLD:
            made.maximum_version = ssl.TLSVersion.TLSv1_2
            made.set_ciphers("AES128-SHA:@SECLEVEL=0")
        return made

    def _leaf(self, kind: Certificate) -> Path:
        """The file with key and certificate. Static RSA needs an RSA key."""
        old = kind is Certificate.OLD
        key: Key = rsa.generate_private_key(65537, 2048) if old else ec.generate_private_key(ec.SECP256R1())
        names = ("elsewhere.example",) if kind is Certificate.WRONG_NAME else self.names
        subject = named(names[0])
        by = {Certificate.SELF_SIGNED: Issuer(subject, key), Certificate.UNKNOWN_CA: self.strange}.get(kind, self.ours)
        leaf = signed(by, subject, key, VALID.get(kind, (-DAY, 90 * DAY)), leaf_extensions(names))
        path = self.folder / f"{kind.value}.pem"
        path.touch(0o600)
        path.write_bytes(private_pem(key) + pem(leaf))
        return path


def named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


Extensions = Iterable[tuple[x509.ExtensionType, bool]]


def authority_extensions() -> Extensions:
    signs = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return ((x509.BasicConstraints(ca=True, path_length=0), True), (signs, True))


def leaf_extensions(names: Iterable[str]) -> Extensions:
    """RFC 9525 section 6.3: a server is known by its subjectAltName, not by its common name."""
    return (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.SubjectAlternativeName([alternative(name) for name in names]), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    )


def alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def signed(
    by: Issuer, subject: x509.Name, key: Key, valid: tuple[timedelta, timedelta], extensions: Extensions
) -> x509.Certificate:
    """`valid`: from and to, counted from now."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + valid[0])
        .not_valid_after(now + valid[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(by.key, hashes.SHA256())


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key: Key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
