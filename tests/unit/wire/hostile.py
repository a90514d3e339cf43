"""Mails made to hurt a parser: deep, wide, huge, or all of one character. Each is built when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

MIB = 1 << 20
HUGE = 50 * MIB
HEAD = b"From: MAILER-DAEMON@x.test\nSubject: failure notice\n"
PERSON = b"From: tanaka@x.test\nSubject: hello\n"
MIXED = b"Content-Type: multipart/mixed; boundary=a\n\n"


def nested(depth: int) -> bytes:
    """Each part in a multipart with a boundary of its own."""
    levels = (b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(depth))
    return HEAD + b"".join(levels) + b"\n<a@b.test>: 550 no\n"


def letters_in_letters() -> bytes:
    inner = b"--c\nContent-Type: message/rfc822\n\n" + b"x\n" * 300
    middle = b"--a\nContent-Type: message/rfc822\n\nFrom: b@y.test\nContent-Type: multipart/mixed; boundary=c\n\n" + inner * 50
    return PERSON + MIXED + middle * 48


MAILS: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "depth 1000": lambda: nested(1000),
        "depth 1000, one boundary": lambda: HEAD + MIXED + (b"--a\n" + MIXED) * 1000,
        "10000 parts": lambda: HEAD + MIXED + b"--a\n\nx\n" * 10_000,
        "50 MB in one line": lambda: HEAD + b"\n" + b"x" * HUGE,
        "50 MB of line ends": lambda: HEAD + b"\n" * HUGE,
        "50 MB in one header": lambda: HEAD + b"X: " + b"y" * HUGE,
        "50 MB of little mails": lambda: b"From a\nA: b\n\n" * (HUGE // 13),
        "50 big mails": lambda: (b"From x\n" + HEAD + b"Content-Type: text/html\n\n" + b"<a>" * 340_000 + b"\n\n") * 50,
        "50 MB of separators": lambda: b"From x\n" + b"\n\nFrom " * (HUGE // 7),
        "nested comments": lambda: HEAD + b"To: " + b"(" * MIB + b"\n\n550 no\n",
        "comments in a type": lambda: HEAD + b"Content-Type: text/plain " + b"(" * MIB + b"\n\n550 no\n",
        "quotes": lambda: HEAD + b"\n" + b"> > > > > > x\n" * 70_000,
        "addresses": lambda: HEAD + b"\n" + b"<a@b.test>" * 100_000,
        "lines of addresses": lambda: HEAD + b"\n" + b"a@b.test:\n" * 100_000,
        "at signs": lambda: HEAD + b"\n" + b"a@" * 500_000,
        "codes": lambda: HEAD + b"\n" + b"550 " * 250_000,
        "encoded words": lambda: HEAD.replace(b"failure notice", b"=?utf-8?q?a?=" * 80_000) + b"\nx",
        "half an encoded word": lambda: HEAD.replace(b"failure notice", b"=?utf-8?q?" * 90_000) + b"\nx",
        "message ids": lambda: HEAD + b"References: " + b"<a@b> " * 170_000 + b"\n\n" + b"Message-ID: <a@b>\n" * 50_000,
        "words": lambda: HEAD + b"\n" + b"a-" * 500_000,
        "stamps": lambda: HEAD + b"\n" + b"a." * 500_000,
        "delivery": lambda: HEAD + b"\n" + b"deliver not " * 90_000,
        "forwards": lambda: PERSON + b"\n" + b"From: bob\n" * 100_000,
        "letters in letters": letters_in_letters,
        "base64": lambda: HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"AAAA\n" * 200_000,
        "quoted-printable": lambda: HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=41" * 340_000,
        "markup": lambda: HEAD + b"Content-Type: text/html\n\n" + b"<a>" * 340_000,
        "escapes": lambda: HEAD + b"\n" + b"\x1b$B" * 340_000,
        "blocks": lambda: HEAD + b"\n" + b"Final-Recipient: rfc822; a@b.test\n" * 30_000,
        "a long field": lambda: HEAD + b"\nFinal-Recipient: rfc822; a@b.test\nDiagnostic-Code: x\n" + b" 550 no\n" * 120_000,
        "a session": lambda: HEAD + b"\n--- Transcript of session\n" + b">>> RCPT To:<a@b>\n<<< 550 no\n" * 30_000,
        "texts": lambda: HEAD + MIXED + (b"--a\n\n" + b"x y deliver 4 5 6\n" * 600) * 49,
        "zeros": lambda: bytes(MIB),
    }
)
