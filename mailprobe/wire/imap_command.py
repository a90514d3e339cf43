"""IMAP commands: each builder gives exactly one command, and the masked form that a transcript may keep.

RFC 9051 section 6, RFC 4616 (PLAIN), RFC 7628 (OAUTHBEARER), RFC 4959 (SASL-IR), RFC 2177 (IDLE), RFC 4315 (UIDPLUS). What
cannot be written as one command (CR, LF, NUL, nothing at all, not Unicode) is an OurFault, never changed in silence.

There is no CLOSE and no EXPUNGE here: both remove what somebody else has marked. Only `expunge`, of one UID, removes anything.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from mailprobe.wire import OurFault
from mailprobe.wire.imap_data import UID_CAP, Data
from mailprobe.wire.text import clean

MASK = "***"
DONE = b"DONE"  # what ends an IDLE: no command, and without a tag (RFC 2177)
_FOLDER = "(a folder)"  # how a transcript shows a folder of somebody's own
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_FORBIDDEN = re.compile("[\r\n\0]")
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+\Z")  # RFC 6750 section 2.1


@dataclass(frozen=True, slots=True)
class Command:
    """`lines[0]` is written at once, each later line only on a `+`; one `+` more is garbage. Lines come without CRLF.

    `shown`: for each line what a transcript may keep. `hidden`: what would give the secret away. `data`: the untagged data
    that it asks for.
    """

    tag: str
    lines: tuple[bytes, ...] = field(repr=False)
    shown: tuple[str, ...]
    hidden: tuple[str, ...] = field(default=(), repr=False)
    data: Data = Data.NOTHING


def ask(tag: str, what: str, data: Data = Data.NOTHING) -> Command:
    """A command of fixed words."""
    return Command(tag, (f"{tag} {what}".encode("ascii"),), (f"{tag} {what}",), data=data)


# These say nothing of anybody: each tag's is made once.
@lru_cache(maxsize=64)
def _known(tag: str, what: str) -> Command:
    return ask(tag, what)


def capability(tag: str) -> Command:
    return _known(tag, "CAPABILITY")


def starttls(tag: str) -> Command:
    return _known(tag, "STARTTLS")


def examine_inbox(tag: str) -> Command:
    """Read-only; SELECT would take \\Recent from the customer's own programs (RFC 3501 section 6.3.2)."""
    return _known(tag, "EXAMINE INBOX")


def quota_of_inbox(tag: str) -> Command:
    return _known(tag, "GETQUOTAROOT INBOX")


def logout(tag: str) -> Command:
    """The only way out: CLOSE would expunge what the customer has marked (RFC 9051 section 6.4.1)."""
    return _known(tag, "LOGOUT")


def noop(tag: str) -> Command:
    """The server's chance to tell what is new (RFC 9051 section 6.1.2)."""
    return ask(tag, "NOOP")


def idle(tag: str) -> Command:
    """RFC 2177. `DONE` follows when the caller has heard enough, never at once: it is no line of this command."""
    return ask(tag, "IDLE")


def examine(tag: str, folder: str) -> Command:
    """Any folder, read-only. folder: its name as the server wrote it, one character per octet."""
    return _opening(tag, "EXAMINE", folder)


def select(tag: str, folder: str) -> Command:
    """Read-write, which takes \\Recent from all mail in it: only to remove our own test mail."""
    return _opening(tag, "SELECT", folder)


def unselect(tag: str) -> Command:
    """RFC 3691: out of a folder without expunging anything."""
    return ask(tag, "UNSELECT")


def folders(tag: str, *, with_uses: bool) -> Command:
    """All folders. with_uses: ask for their special uses (RFC 6154), where LIST-EXTENDED is offered."""
    return ask(tag, 'LIST "" "*"' + (" RETURN (SPECIAL-USE)" if with_uses else ""), Data.LIST)


def highest(tag: str) -> Command:
    """The UID of the last message (RFC 9051 section 9: `*`), for a server that tells no UIDNEXT."""
    return ask(tag, "UID SEARCH UID *", Data.SEARCH)


def uids_from(tag: str, first: int, last: int = UID_CAP) -> Command:
    """Which UIDs there are. Never `first:*`: with nothing new that means the last old message (RFC 9051 section 6.4.8)."""
    return ask(tag, f"UID SEARCH UID {_uid(first)}:{_uid(last)}", Data.SEARCH)


def uids_since(tag: str, year: int, month: int, day: int) -> Command:
    """The UIDs of what came in on this day or later, by the server's own date (RFC 9051 section 6.4.4)."""
    return ask(tag, f"UID SEARCH SINCE {day}-{_MONTHS[month - 1]}-{year:04d}", Data.SEARCH)


def headers_from(tag: str, first: int, fields: Collection[str], octets: int) -> Command:
    """These header fields of every message from a UID on."""
    return _headers(tag, f"{_uid(first)}:{UID_CAP}", fields, octets)


def headers_of(tag: str, uids: Collection[int], fields: Collection[str], octets: int) -> Command:
    if not uids:
        raise OurFault("no message is named")
    return _headers(tag, ",".join(str(_uid(uid)) for uid in uids), fields, octets)


def message(tag: str, uid: int, octets: int) -> Command:
    """The first octets of one whole message. PEEK: no flag changes (RFC 9051 section 6.4.5)."""
    return ask(tag, f"UID FETCH {_uid(uid)} (UID BODY.PEEK[]<0.{octets}>)", Data.FETCH)


def mark_deleted(tag: str, uid: int) -> Command:
    return ask(tag, f"UID STORE {_uid(uid)} +FLAGS.SILENT (\\Deleted)")


def expunge(tag: str, uid: int) -> Command:
    """UID EXPUNGE (RFC 4315 section 2.1) of exactly one message: what others have marked stays."""
    return ask(tag, f"UID EXPUNGE {_uid(uid)}")


def _headers(tag: str, uids: str, fields: Collection[str], octets: int) -> Command:
    return ask(tag, f"UID FETCH {uids} (UID BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})]<0.{octets}>)", Data.FETCH)


def _opening(tag: str, verb: str, folder: str) -> Command:
    """A quoted string, or a synchronizing literal for what is not 7-bit (RFC 9051 section 5.1)."""
    if folder == "INBOX":
        return ask(tag, f"{verb} INBOX")
    if not folder or _FORBIDDEN.search(folder):
        raise OurFault("no name of a folder")
    try:
        name = folder.encode("latin-1")
    except UnicodeEncodeError:
        raise OurFault("no name of a folder") from None
    start, shown = f"{tag} {verb} ".encode("ascii"), f"{tag} {verb} {_FOLDER}"
    if name.isascii():
        return Command(tag, (start + _quoted(name),), (shown,))
    return Command(tag, (start + b"{%d}" % len(name), name), (shown, _FOLDER))


def _uid(number: int) -> int:
    if not 0 < number <= UID_CAP:
        raise OurFault("no UID")
    return number


def login(tag: str, user: str, secret: str) -> Command:
    """LOGIN (RFC 9051 section 6.2.3): quoted strings, or synchronizing literals for what is not 7-bit."""
    name, password = _octets(user, "user name"), _octets(secret, "secret")
    lines = [f"{tag} LOGIN ".encode("ascii")]
    for string, end in ((name, b" "), (password, b"")):
        lines[-1] += _quoted(string) + end if string.isascii() else b"{%d}" % len(string)
        if not string.isascii():
            lines.append(string + end)
    first = f'{tag} LOGIN "{clean(user)}" {MASK}'
    return Command(tag, tuple(lines), (first, *(MASK for _ in lines[1:])), _revealing(password))


def plain(tag: str, user: str, secret: str, *, acting_as: str = "", offered: Collection[str] = ()) -> Command:
    """AUTHENTICATE PLAIN (RFC 4616). `user` signs in; `acting_as` is the authorization identity, for a master user."""
    identity = _octets(acting_as, "authorization identity") if acting_as else b""
    password = _octets(secret, "secret")
    message = b"\0".join((identity, _octets(user, "user name"), password))
    return _authenticate(tag, "PLAIN", message, password, offered)


def xoauth2(tag: str, user: str, token: str, offered: Collection[str] = ()) -> Command:
    """AUTHENTICATE XOAUTH2. A refusal comes as a challenge; the empty answer to it asks for the NO."""
    bearer = _bearer(token)
    message = b"user=%s\x01auth=Bearer %s\x01\x01" % (_part(user), bearer)
    return _authenticate(tag, "XOAUTH2", message, bearer, offered, b"")


def oauthbearer(tag: str, user: str, token: str, host: str, port: int, offered: Collection[str] = ()) -> Command:
    """AUTHENTICATE OAUTHBEARER (RFC 7628 section 3.1); a refused token's challenge is answered with %x01 (3.2.3)."""
    bearer = _bearer(token)
    name = _part(user).replace(b"=", b"=3D").replace(b",", b"=2C")  # RFC 5801 section 4: saslname
    message = b"n,a=%s,\x01host=%s\x01port=%d\x01auth=Bearer %s\x01\x01" % (name, _part(host), port, bearer)
    return _authenticate(tag, "OAUTHBEARER", message, bearer, offered, b"AQ==")


def _authenticate(tag: str, mechanism: str, message: bytes, secret: bytes, offered: Collection[str], *more: bytes) -> Command:
    """With SASL-IR (RFC 4959) the message goes with the command, else it answers the first, empty challenge."""
    encoded = base64.b64encode(message)
    start = f"{tag} AUTHENTICATE {mechanism}"
    hidden = (encoded.decode("ascii"), *_revealing(secret))
    if "SASL-IR" in offered or "IMAP4REV2" in offered:
        line = b"%s %s" % (start.encode("ascii"), encoded)
        return Command(tag, (line, *more), (f"{start} {MASK}", *(MASK for _ in more)), hidden)
    return Command(tag, (start.encode("ascii"), encoded, *more), (start, MASK, *(MASK for _ in more)), hidden)


def _quoted(string: bytes) -> bytes:
    return b'"' + string.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _revealing(secret: bytes) -> tuple[str, ...]:
    """The forms in which a server could say the secret back, longest first."""
    forms = (base64.b64encode(secret), _quoted(secret)[1:-1], secret)
    return tuple(dict.fromkeys(form.decode("utf-8") for form in forms))


def _octets(text: str, what: str) -> bytes:
    if not text:
        raise OurFault(f"the {what} is empty")
    if _FORBIDDEN.search(text):
        raise OurFault(f"a line break or NUL in the {what}")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise OurFault(f"the {what} is not valid Unicode") from None


def _part(text: str) -> bytes:
    """A part of an OAuth message; %x01 separates the parts."""
    if "\x01" in text:
        raise OurFault("a control character in the user name")
    return _octets(text, "user name")


def _bearer(token: str) -> bytes:
    if not _B64TOKEN.match(token):
        raise OurFault("the secret is not a bearer token")
    return token.encode("ascii")
