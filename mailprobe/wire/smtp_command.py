"""The SMTP commands that we write: each function gives exactly one line without its CRLF, or raises OurFault.

What was meant goes on the wire or nothing does: no address is repaired, no character replaced.
"""

from __future__ import annotations

import base64
import re

from mailprobe.wire import OurFault

COMMAND_CAP = 512  # octets with CRLF, RFC 5321 section 4.5.3.1.4
# What each extension adds to that: SIZE (RFC 1870 section 3), BODY (RFC 6152 section 2), RET and ENVID (RFC 3461 section 4,
# in the words of its section 10), SMTPUTF8 (RFC 6531 section 3.1); NOTIFY and ORCPT
MAIL_CAP = COMMAND_CAP + 26 + 17 + 126 + 10
RCPT_CAP = COMMAND_CAP + 501
TEXT_LINE_CAP = 998  # octets without CRLF, RFC 5321 section 4.5.3.1.6
AUTH_CAP = 12_288  # octets with CRLF of a line in an AUTH exchange, RFC 4954 section 4

STARTTLS = b"STARTTLS"
DATA = b"DATA"
RSET = b"RSET"
QUIT = b"QUIT"
CANCEL = b"*"  # ends an AUTH exchange, RFC 4954 section 4

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
# between < and >: a quoted local part, or characters that end no path (RFC 5321 section 4.1.2)
_PATH = re.compile(rb'(?:"(?:[^"\\]|\\.)*"|[^\s"<>@]+)@[^\s"<>@]+\Z')
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\x00")
_QCHAR = re.compile(r"[!-*,-<>-\[\]-~]")  # RFC 6533 section 3
_NAME = re.compile(rb"[A-Za-z0-9.\-\[\]:]+\Z")


def one_line(line: bytes, cap: int = COMMAND_CAP) -> bytes:
    """`line` itself, proven to be one command line."""
    if _CONTROL.search(line):
        raise OurFault("a command must hold no control characters")
    if len(line) + 2 > cap:
        raise OurFault(f"a command of {len(line) + 2} octets is longer than {cap}")
    return line


def ehlo(name: str) -> bytes:
    return one_line(b"EHLO " + _host(name))


def helo(name: str) -> bytes:
    """For servers that do not know EHLO (RFC 5321 section 3.2)."""
    return one_line(b"HELO " + _host(name))


def mail_from(address: bytes, *, smtputf8: bool = False, size: int = 0, eight_bit: bool = False, envid: str = "") -> bytes:
    """Never the null path: a probe is no bounce. The keyword is that of RFC 6531 section 3.4. `size`: octets of the message,
    where SIZE is offered (RFC 1870); `eight_bit` where its octets need 8BITMIME (RFC 6152); `envid`, printable ASCII, where
    DSN is offered: it comes back with a bounce, which shall hold the headers only (RFC 3461 sections 4.3 and 4.4)."""
    line = b"MAIL FROM:<" + path(address, smtputf8) + b">"
    line += b" SIZE=%d" % size if size else b""
    line += b" BODY=8BITMIME" if eight_bit else b""
    line += b" SMTPUTF8" if smtputf8 else b""
    line += b" RET=HDRS ENVID=" + xtext(envid.encode()) if envid else b""
    return one_line(line, MAIL_CAP)


def rcpt_to(address: bytes, *, smtputf8: bool = False, original: bytes = b"") -> bytes:
    """`address` is written byte by byte as given; beyond ASCII it needs SMTPUTF8 (RFC 6531). `original`: the address that a
    bounce shall name, where DSN is offered; then we want to hear of delivery, failure and delay (RFC 3461 section 4)."""
    line = b"RCPT TO:<" + path(address, smtputf8) + b">"
    line += b" NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=" + original_recipient(original) if original else b""
    return one_line(line, RCPT_CAP if original else COMMAND_CAP)


def original_recipient(address: bytes) -> bytes:
    """RFC 3461 section 4.2; beyond ASCII the 7-bit form of RFC 6533 section 3, which any server can carry."""
    if address.isascii():
        return b"rfc822;" + xtext(address)
    return b"utf-8;" + "".join(char if _QCHAR.match(char) else f"\\x{{{ord(char):X}}}" for char in address.decode()).encode()


def xtext(raw: bytes) -> bytes:
    """RFC 3461 section 4: `+`, `=` and whatever is not printable as `+` and two upper-case hex digits."""
    return b"".join(bytes([one]) if 0x21 <= one <= 0x7E and one not in b"+=" else b"+%02X" % one for one in raw)


def message_data(message: bytes) -> bytes:
    """What follows the 354: the message with its dots stuffed, and the lone dot (RFC 5321 section 4.5.2).

    Raises OurFault for a bare CR or LF, which some servers take for a line's end: then one mail could become two.
    """
    if not message.endswith(b"\r\n") or _BARE.search(message):
        raise OurFault("a message is whole lines that end in CRLF")
    if any(len(line) > TEXT_LINE_CAP for line in message.split(b"\r\n")):
        raise OurFault(f"a line of a message is longer than {TEXT_LINE_CAP} octets")
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return (b"." if message.startswith(b".") else b"") + stuffed + b".\r\n"


def plain(user: str, secret: str, authzid: str = "") -> bytes:
    """The one message of SASL PLAIN, in base64 (RFC 4616)."""
    if "\0" in user or "\0" in secret or "\0" in authzid:
        raise OurFault("NUL in a user name or secret")
    return encoded(f"{authzid}\0{user}\0{secret}")


def xoauth2(user: str, token: str) -> bytes:
    """The one message of XOAUTH2, in base64 (Google's and Microsoft's form)."""
    return encoded(f"user={_bare(user)}\1auth=Bearer {_bare(token)}\1\1")


def oauthbearer(user: str, token: str) -> bytes:
    """The one message of OAUTHBEARER, in base64 (RFC 7628 section 3.1; `,` and `=` as in RFC 5801 section 4)."""
    name = _bare(user).replace("=", "=3D").replace(",", "=2C")
    return encoded(f"n,a={name},\1auth=Bearer {_bare(token)}\1\1")


def auth(mechanism: str, initial: bytes = b"") -> bytes:
    """`initial` goes along if the line stays legal, else it must wait for the server's 334 (RFC 4954 section 4)."""
    if not re.fullmatch(r"[A-Z0-9_-]{1,20}", mechanism):
        raise OurFault("not a SASL mechanism")
    return one_line(b"AUTH " + mechanism.encode() + (b" " + initial if initial and fits(mechanism, initial) else b""))


def fits(mechanism: str, initial: bytes) -> bool:
    """Whether `auth` can send the initial response in its one line."""
    return len(b"AUTH  ") + len(mechanism) + len(initial) + 2 <= COMMAND_CAP


def response(message: bytes) -> bytes:
    """One message within an AUTH exchange, already in base64; may be empty."""
    return one_line(message, AUTH_CAP)


def encoded(text: str) -> bytes:
    """UTF-8 in base64, for AUTH LOGIN and the messages above."""
    try:
        return base64.b64encode(text.encode())
    except UnicodeEncodeError:
        raise OurFault("a user name or secret is not text") from None  # the error would carry the secret along


def _bare(text: str) -> str:
    if "\1" in text or "\0" in text:
        raise OurFault("a control character in a user name or token")
    return text


def _host(name: str) -> bytes:
    host = name.encode("ascii", "replace")
    if not _NAME.match(host):
        raise OurFault("not a host name to greet with")
    return host


def path(address: bytes, smtputf8: bool) -> bytes:
    """`address` itself, proven to fit between < and >."""
    if not _PATH.match(address) or _CONTROL.search(address):
        raise OurFault("not an address that can stand between < and >")
    if not smtputf8 and not address.isascii():
        raise OurFault("an address beyond ASCII needs SMTPUTF8")
    return address
