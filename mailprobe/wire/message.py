"""The test mail's own bytes: short, plain, honest, in two languages, with a number to read back. Pure: the time is given.

Written by hand, byte by byte: the standard library unquotes and folds addresses, and then the mail would name another mailbox
than the one that is asked about. No input may hold a control character, so no header can be smuggled in.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from mailprobe.wire import OurFault
from mailprobe.wire.smtp_command import path

TOKEN_HEADER = "X-Mailprobe-Token"  # noqa: S105  a header's name, not a secret
MESSAGE_CAP = 2048  # octets, without a DKIM signature: the mail must not weigh on anybody's quota
NAME_CAP = 30  # characters of the sender's name
WORD_CAP = 36  # octets of text in one encoded word: 60 characters with its frame, and the header's name still fits (RFC 2047)
BODY_LINE = 57  # octets: 76 characters of base64 (RFC 2045 section 6.8)

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_STAMP = re.compile(r"[a-z0-9]+\.[a-z2-7]+")
_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_NUMBER = re.compile(r"[0-9]{4}")

SUBJECT = "【{name}】受信テスト {number}・返信不要・削除して構いません (delivery test)"
BODY = """\
{name}よりお送りする受信テストのメールです。
番号: {number}
お電話中のお客さまは、この番号を担当者にお伝えください。
返信は不要です。このメールは削除して構いません。

This is a delivery test sent by {name}.
Number: {number}
If you are on the phone with us, please read out this number.
No reply is needed. You may delete this message.
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one test mail is made of. `sender` and `to` are exact bytes of addresses; stamp: `id.mac` of the signer; domain:
    where bounces go, A-labels; name: in whose name it is sent; number: four digits; at: Unix seconds."""

    stamp: str
    domain: str
    sender: bytes
    to: bytes
    name: str
    number: str
    at: float

    @property
    def is_international(self) -> bool:
        """Whether its headers need SMTPUTF8 (RFC 6532)."""
        return not (self.sender.isascii() and self.to.isascii())


def compose(letter: Letter) -> bytes:
    """The message, whole lines that end in CRLF. Raises OurFault for an input that could not stand in it as it is."""
    shown = fit_name(letter.name)
    fit(_STAMP, letter.stamp)
    fit(_DOMAIN, letter.domain)
    fit(_NUMBER, letter.number)
    body = BODY.format(name=shown, number=letter.number).replace("\n", "\r\n").encode()
    lines = [name.encode() + b": " + value for name, value in headers(letter, shown)]
    message = b"\r\n".join([*lines, b"", *in_base64(body), b""])
    if len(message) > MESSAGE_CAP:
        raise OurFault(f"a test mail of {len(message)} octets is longer than {MESSAGE_CAP}")
    return message


def headers(letter: Letter, name: str) -> list[tuple[str, bytes]]:
    """Every header there is. RFC 3834 section 5 and Microsoft's MS-OXCMAIL keep automatic answers away."""
    sender, to = path(letter.sender, smtputf8=True), path(letter.to, smtputf8=True)
    return [
        ("Date", format_datetime(datetime.fromtimestamp(int(letter.at), UTC)).encode()),
        ("From", phrase(name) + b" <" + sender + b">"),
        ("Reply-To", b"<" + sender + b">"),
        ("To", b"<" + to + b">"),
        ("Subject", encoded_words(SUBJECT.format(name=name, number=letter.number))),
        ("Message-ID", f"<{letter.stamp}@{letter.domain}>".encode()),
        (TOKEN_HEADER, letter.stamp.encode()),
        ("Auto-Submitted", b"auto-generated"),
        ("X-Auto-Response-Suppress", b"All"),
        ("Precedence", b"bulk"),
        ("MIME-Version", b"1.0"),
        ("Content-Type", b"text/plain; charset=UTF-8"),
        ("Content-Transfer-Encoding", b"base64"),
    ]


def phrase(name: str) -> bytes:
    """A display name (RFC 5322 section 3.2.5): bare words, or encoded ones."""
    return name.encode() if _ATOMS.fullmatch(name) else encoded_words(name)


def encoded_words(text: str) -> bytes:
    """RFC 2047: no character is cut in two, one word a line."""
    pieces, piece = [], b""
    for char in text:
        octets = char.encode()
        if len(piece) + len(octets) > WORD_CAP:
            pieces.append(piece)
            piece = b""
        piece += octets
    return b"\r\n ".join(b"=?UTF-8?B?" + base64.b64encode(one) + b"?=" for one in (*pieces, piece))


def in_base64(body: bytes) -> list[bytes]:
    """Seven-bit lines: what reads UTF-8 at all reads this, and no server on the way has to rewrite it."""
    return [base64.b64encode(body[start : start + BODY_LINE]) for start in range(0, len(body), BODY_LINE)]


def fit_name(name: str) -> str:
    """The name, cut where it is long. Raises OurFault for control, format and unpaired characters."""
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in name) or not name.strip():
        raise OurFault("a name that cannot stand in a header")
    return name if len(name) <= NAME_CAP else name[: NAME_CAP - 1] + "…"


def fit(form: re.Pattern[str], value: str) -> None:
    if not form.fullmatch(value):
        raise OurFault("not what can stand in a header")


def signed(message: bytes, *, selector: str, domain: str, key: bytes) -> bytes:
    """The message with a DKIM-Signature (RFC 6376) of `domain` in front. key: an RSA key, PEM. Raises OurFault.

    Needs the extra `dkim`.
    """
    try:
        import dkim  # type: ignore[import-untyped]  # it has no types
    except ImportError:
        raise OurFault("DKIM is configured, but the extra [dkim] is not installed") from None
    named = [line.partition(b":")[0] for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] not in b" \t"]
    try:
        header: bytes = dkim.sign(
            message, selector.encode(), domain.encode(), key, canonicalize=(b"relaxed", b"relaxed"), include_headers=named
        )
    except dkim.DKIMException:
        raise OurFault("the DKIM key does not sign") from None  # the error may quote the key
    return header + message
