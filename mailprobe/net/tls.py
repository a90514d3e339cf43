"""TLS contexts by profile, what a handshake showed, and why one failed."""

from __future__ import annotations

import functools
import ipaddress
import ssl
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import verification

from mailprobe.evidence import TlsFault
from mailprobe.wire.text import clean

PROFILES = ("default", "static_rsa", "legacy_renegotiation", "old")

# RFC 9325 section 4.2.1: no static RSA. Said here, because what a Python offers by itself is up to its builder: Debian's
# offers static RSA, and a server that has nothing better would pass as modern there. The legacy profiles are for hosts that
# a carrier names, or for pure diagnosis.
_MODERN = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:!aNULL:!eNULL:!aDSS:@SECLEVEL=2"
_STATIC_RSA = "ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:RSA+AESGCM:RSA+AES:!aNULL:!eNULL:!aDSS:@SECLEVEL=2"
_OLD = "ALL:!aNULL:!eNULL:@SECLEVEL=0"
_OP_LEGACY_SERVER_CONNECT = 0x4  # ssl.OP_LEGACY_SERVER_CONNECT, named only from Python 3.12 on

# X509_V_ERR_* of OpenSSL
_CERTIFICATE_FAULTS = {
    9: TlsFault.NOT_YET_VALID,
    10: TlsFault.EXPIRED,
    18: TlsFault.SELF_SIGNED,
    19: TlsFault.SELF_SIGNED,
    62: TlsFault.WRONG_NAME,
    64: TlsFault.WRONG_NAME,
}


@dataclass(frozen=True, slots=True)
class Tls:
    """What the handshake showed. not_after: Unix seconds, None if the certificate could not be read."""

    version: str
    cipher: str
    profile: str
    verified: bool
    not_after: float | None


@dataclass(frozen=True, slots=True)
class _Vouched:
    """What is worth remembering of one chain: did it lead to a root, for this name, and how long is it valid."""

    trusted: bool
    not_before: float
    not_after: float | None


def context(ca: Path | None, profile: str, verify: bool) -> ssl.SSLContext:
    """The context for one kind of connection. Reading a CA bundle costs 10 ms and more, so it is kept until the file changes,
    which is looked for once a second."""
    return _context(ca, _changed(ca, int(time.monotonic())) if ca else 0, profile, verify)


@functools.lru_cache(maxsize=8)
def _changed(ca: Path, second: int) -> int:
    return ca.stat().st_mtime_ns  # another second, another look


@functools.lru_cache(maxsize=32)
def _context(ca: Path | None, changed: int, profile: str, verify: bool) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if verify:
        made.load_verify_locations(ca) if ca else made.load_default_certs()
    else:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    made.set_ciphers(_MODERN)
    _weaken(made, profile)
    return made


def _weaken(made: ssl.SSLContext, profile: str) -> None:
    if profile not in PROFILES:
        raise ValueError(f"no such TLS profile: {profile}")
    if profile in ("static_rsa", "old"):
        made.set_ciphers(_STATIC_RSA if profile == "static_rsa" else _OLD)
    if profile in ("legacy_renegotiation", "old"):
        made.options |= _OP_LEGACY_SERVER_CONNECT
    if profile == "old":
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED


def seen(done: ssl.SSLObject, name: str, ca: Path | None, profile: str, verify: bool, now: float) -> Tls:
    """What to tell of a finished handshake. Without `verify` the chain is judged here, after the fact; `now`: Unix seconds."""
    leaf = done.getpeercert(True) or b""
    if verify:
        trusted, not_after = True, _not_after(leaf)
    else:
        vouched = _vouch((leaf, *_intermediates(done)), name, context(ca, "default", True))
        not_after = vouched.not_after
        trusted = vouched.trusted and not_after is not None and vouched.not_before <= now <= not_after
    cipher = done.cipher()
    return Tls(done.version() or "", cipher[0] if cipher else "", profile, trusted, not_after)


@functools.lru_cache(maxsize=1024)
def _not_after(leaf: bytes) -> float | None:
    try:
        return x509.load_der_x509_certificate(leaf).not_valid_after_utc.timestamp()
    except ValueError:
        return None


def _intermediates(done: ssl.SSLObject) -> tuple[bytes, ...]:
    """The rest of the chain as sent; Python names the call only from 3.13 on."""
    if hasattr(done, "get_unverified_chain"):
        return tuple(done.get_unverified_chain()[1:])
    inner = getattr(done, "_sslobj", None)
    if inner is None or not hasattr(inner, "get_unverified_chain"):
        return ()
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in (inner.get_unverified_chain() or ())[1:])


@functools.lru_cache(maxsize=1024)
def _vouch(chain: tuple[bytes, ...], name: str, roots: ssl.SSLContext) -> _Vouched:
    """Would this chain have been trusted for `name`? A certificate that is itself among the roots was put there by hand."""
    try:
        leaf, *rest = [x509.load_der_x509_certificate(one) for one in chain]
    except ValueError:
        return _Vouched(False, 0.0, None)
    known = roots.get_ca_certs(True)
    trusted = chain[0] in known or _leads_to_root(leaf, rest, name, roots)
    return _Vouched(trusted, leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp())


# As lenient as OpenSSL is by default, so that both ways of judging a certificate agree: the name and the chain count, the
# formal rules of the Web's authorities do not.
_ANY = verification.ExtensionPolicy.permit_all()
_AUTHORITY = _ANY.require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, None)
_SERVER = _ANY.require_present(x509.SubjectAlternativeName, verification.Criticality.AGNOSTIC, None)


def _leads_to_root(leaf: x509.Certificate, rest: list[x509.Certificate], name: str, roots: ssl.SSLContext) -> bool:
    try:
        rules = verification.PolicyBuilder().store(_store(roots)).extension_policies(ca_policy=_AUTHORITY, ee_policy=_SERVER)
        rules.build_server_verifier(_subject(name)).verify(leaf, rest)
    except (verification.VerificationError, ValueError):
        return False
    return True


@functools.lru_cache(maxsize=8)
def _store(roots: ssl.SSLContext) -> verification.Store:
    """The roots that OpenSSL has read. ValueError if there is none."""
    readable = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # old roots with odd serial numbers are still roots
        for one in roots.get_ca_certs(True):
            with suppress(ValueError):
                readable.append(x509.load_der_x509_certificate(one))
    return verification.Store(readable)


def _subject(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def fault_of(error: Exception) -> tuple[TlsFault, str]:
    """Why a handshake failed, and OpenSSL's words for it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE_FAULTS.get(error.verify_code, TlsFault.UNTRUSTED), clean(error.verify_message.encode())
    if isinstance(error, ssl.SSLError):
        return TlsFault.HANDSHAKE, clean((error.reason or str(error)).encode())
    if isinstance(error, TimeoutError):
        return TlsFault.TIMEOUT, ""
    return TlsFault.RESET, clean(str(error).encode())
