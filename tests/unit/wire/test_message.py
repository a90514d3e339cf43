"""The test mail: what stands in it, that nothing else can, and that it names exactly the mailbox that is meant."""

from __future__ import annotations

import base64
import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.address import AddressError, parse
from mailprobe.wire import OurFault
from mailprobe.wire.message import MESSAGE_CAP, Letter, compose, signed

LETTER = Letter(
    stamp="0123456789abcdef.abcdefghijklmnopqr",
    domain="bounce.probe.example.net",
    sender=b"probe@probe.example.net",
    to=b"u000002@mail.test",
    name="見本モバイル",
    number="4821",
    at=1_800_000_000.7,
)
KNOWN = [
    "Date",
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Message-ID",
    "X-Mailprobe-Token",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Precedence",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
]


def read(message: bytes) -> EmailMessage:
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def raw_header(message: bytes, name: bytes) -> bytes:
    return next(line for line in message.split(b"\r\n") if line.startswith(name + b": "))[len(name) + 2 :]


def test_what_a_customer_reads() -> None:
    mail = read(compose(LETTER))
    assert mail["Subject"].startswith("【見本モバイル】受信テスト 4821・返信不要・削除して構いません")
    assert str(mail["From"]) == "見本モバイル <probe@probe.example.net>"
    text = mail.get_content()
    assert text.count("4821") == 2
    assert text.count("見本モバイル") == 2
    assert "://" not in text + mail["Subject"]
    assert "www." not in text


def test_what_a_machine_reads() -> None:
    message = compose(LETTER)
    mail = read(message)
    assert mail.keys() == KNOWN
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{LETTER.stamp}@bounce.probe.example.net>"
    assert mail["X-Mailprobe-Token"] == LETTER.stamp
    assert parsedate_to_datetime(mail["Date"]) == datetime.fromtimestamp(1_800_000_000, UTC)
    assert mail.get_content_type() == "text/plain"
    assert not mail.defects
    assert message.isascii()
    assert len(message) < MESSAGE_CAP
    assert max(len(line) for line in message.split(b"\r\n")) <= 78


def test_the_longest_name_and_address_still_fit() -> None:
    long = replace(LETTER, name="長" * 200, to=b"l" * 64 + b"@" + b".".join([b"d" * 40] * 4) + b".example")
    assert len(compose(long)) <= MESSAGE_CAP
    assert "長" * 29 + "…" in read(compose(long))["Subject"]


@pytest.mark.parametrize(
    "address",
    ["a..b@docomo.ne.jp", ".a.@ezweb.ne.jp", '"a b"@mail.test', "o'hara+x@mail.test", "日本@mail.test", "UPPER@mail.test"],
)
def test_the_address_stands_in_it_byte_by_byte(address: str) -> None:
    to = parse(address)
    letter = replace(LETTER, to=to.wire)
    assert raw_header(compose(letter), b"To") == b"<" + to.wire + b">"
    assert letter.is_international == to.needs_smtputf8


# Anything at all, and what would do harm if it came through
HOSTILE = st.text(max_size=40) | st.builds(
    lambda before, evil, after: before + evil + after,
    st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=8),
    st.sampled_from(["\r\nBcc: x@y.test", "\n", "\r", "\0", "\r\n\r\nbody", "\n.\n", "\x85Bcc: x", "\u2028Bcc: x", "\x0bX: y"]),
    st.text(max_size=8),
)
FIELDS = ("stamp", "domain", "sender", "to", "name", "number")


@given(HOSTILE, st.sampled_from(FIELDS))
def test_the_headers_are_the_known_ones_or_nothing_is_written(text: str, field: str) -> None:
    value = text.encode("utf-8", "surrogatepass") if field in ("sender", "to") else text
    try:
        message = compose(replace(LETTER, **{field: value}))  # type: ignore[arg-type]  # the field's own type, by name
    except OurFault:
        return
    assert not set("\r\n\0") & set(text)
    head = message.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line.partition(b":")[0].decode() for line in head if not line.startswith(b" ")] == KNOWN
    assert not any(set(line) & set(b"\r\n\0") for line in message.split(b"\r\n"))
    assert read(message).keys() == KNOWN


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("evil", ["\r", "\n", "\0", "\r\n", "\x7f", "\x1b"])
def test_every_input_with_a_control_character_is_refused(field: str, evil: str) -> None:
    value = getattr(LETTER, field)
    for bad in (value + evil.encode(), evil.encode() + value) if isinstance(value, bytes) else (value + evil, evil + value):
        with pytest.raises(OurFault):
            compose(replace(LETTER, **{field: bad}))  # type: ignore[arg-type]  # the field's own type, by name


@given(st.text(max_size=30))
def test_no_address_is_changed_on_its_way_into_the_mail(local: str) -> None:
    try:
        to = parse(f"{local}@mail.test")
    except AddressError:
        return
    assert raw_header(compose(replace(LETTER, to=to.wire)), b"To") == b"<" + to.wire + b">"


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=30).filter(str.strip))
def test_a_name_comes_back_as_it_was(name: str) -> None:
    subject = read(compose(replace(LETTER, name=name)))["Subject"]
    assert subject.startswith(f"【{name}】")


def test_dkim_covers_every_header_and_is_verified() -> None:
    dkim = pytest.importorskip("dkim")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    message = signed(compose(LETTER), selector="mp1", domain="probe.example.net", key=pem)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    asked: list[bytes] = []

    def txt(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    assert dkim.verify(message, dnsfunc=txt)
    assert asked == [b"mp1._domainkey.probe.example.net."]
    assert not dkim.verify(message.replace(b"Precedence: bulk", b"Precedence: list"), dnsfunc=txt)
    assert message.endswith(compose(LETTER))


def test_a_key_that_is_none_tells_nothing_of_itself() -> None:
    pytest.importorskip("dkim")
    with pytest.raises(OurFault) as refused:
        signed(compose(LETTER), selector="mp1", domain="probe.example.net", key=b"SECRET-KEY-MARKER")
    assert "MARKER" not in str(refused.value)
