"""Which mail is our test mail, and which folders are looked into: tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.bounces.token import Signer
from mailprobe.evidence import Folder
from mailprobe.probes.junk import MOST, in_order
from mailprobe.probes.own_mail import RESULTS, Kind, OwnMail, carries, domains_of, recognise
from mailprobe.wire.imap_data import Listed

SIGNER = Signer((b"k" * 32,))
STAMP = SIGNER.stamp("one")
OURS = domains_of("probe@P.example", "b.example.", "")
TOKEN = f"X-Mailprobe-Token: {STAMP}"
ID = f"Message-ID: <{STAMP}@b.example>"
FROM = "From: mailprobe <probe@p.example>"


def seen(*fields: str) -> OwnMail | None:
    return recognise("\r\n".join((*fields, "", "")).encode(), "one", SIGNER.read_stamp, OURS)


ARRIVALS = [
    (TOKEN, FROM),
    (ID, FROM),
    ("Message-ID: <other@x.test>", TOKEN, FROM),  # a gateway gave it an id of its own
    (f"message-id:  <{STAMP.upper()}@B.EXAMPLE>", FROM),
    (f"X-Mailprobe-Token:\r\n {STAMP}", "From: =?utf-8?b?4pyJ?=\r\n <probe@b.example>"),
    (TOKEN, "From: probe@P.EXAMPLE."),
    (TOKEN, 'From: "a@other.test" <probe@p.example>'),
    (TOKEN, FROM, "Auto-Submitted: Auto-Generated; x=y"),
    (TOKEN, FROM, "Return-Path: <b-x@b.example>", "Content-Type: text/plain"),
]
QUOTED = [
    ((TOKEN, FROM, "Return-Path: <>"), Kind.BOUNCE),
    ((TOKEN, FROM, "Return-Path:  < > "), Kind.BOUNCE),
    ((TOKEN, FROM, "Content-Type: Multipart/Report; report-type=delivery-status"), Kind.BOUNCE),
    ((TOKEN, FROM, "Content-Type: multipart/report;\r\n report-type=disposition-notification"), Kind.AUTO_REPLY),
    ((TOKEN, FROM, "Auto-Submitted: auto-replied"), Kind.AUTO_REPLY),
    ((TOKEN, FROM, "Auto-Submitted: no"), Kind.AUTO_REPLY),
    ((TOKEN, "From: <probe@p.example.evil.test>"), Kind.AUTO_REPLY),
    ((TOKEN, "From: <probe@p.example> <x@other.test>"), Kind.AUTO_REPLY),
    ((TOKEN, FROM, "From: <x@other.test>"), Kind.AUTO_REPLY),
    ((TOKEN, "From: nobody"), Kind.AUTO_REPLY),
    ((TOKEN,), Kind.AUTO_REPLY),
]
STRANGE = [
    (FROM,),
    (f"X-Mailprobe-Token: {SIGNER.stamp('two')}", FROM),
    (f"X-Mailprobe-Token: {STAMP[:-1]}a", FROM),
    (f"X-Mailprobe-Token: {STAMP} {STAMP}", FROM),
    (f"Subject: {STAMP}", FROM),
    (f"References: <{STAMP}@b.example>", FROM),
    (f"Message-ID: <a@{STAMP}>", FROM),
    ("not a field", TOKEN),
]


@pytest.mark.parametrize("fields", ARRIVALS)
def test_an_arrival(fields: tuple[str, ...]) -> None:
    own = seen(*fields)
    assert own is not None
    assert own.kind is Kind.ARRIVAL
    assert SIGNER.read_stamp(own.stamp) == "one"


@pytest.mark.parametrize(("fields", "kind"), QUOTED)
def test_what_only_quotes_the_stamp(fields: tuple[str, ...], kind: Kind) -> None:
    own = seen(*fields)
    assert own is not None
    assert own.kind is kind


@pytest.mark.parametrize("fields", STRANGE)
def test_not_ours(fields: tuple[str, ...]) -> None:
    assert seen(*fields) is None


def test_authentication_results_are_kept_and_bounded() -> None:
    own = seen("Authentication-Results: mx.test;\r\n\tspf=pass", "Authentication-Results: \x1b[2J" + "x" * 9000, TOKEN, FROM)
    assert own is not None
    assert own.results[0] == "mx.test; spf=pass"
    assert own.results[1].isprintable()
    assert len(own.results[1]) <= 2000
    many = seen(*[f"Authentication-Results: mx{number}" for number in range(50)], TOKEN, FROM)
    assert many is not None
    assert len(many.results) == RESULTS


def test_the_stamp_alone() -> None:
    assert carries(f"{TOKEN}\r\n\r\n".encode(), "one", SIGNER.read_stamp)
    assert not carries(f"{TOKEN}\r\n\r\n".encode(), "two", SIGNER.read_stamp)
    assert not carries(b"\r\n", "one", SIGNER.read_stamp)


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"{TOKEN}\r\n{text}".encode("utf-8", "replace")))
def test_any_octets_give_an_answer(octets: bytes) -> None:
    own = recognise(octets, "one", SIGNER.read_stamp, OURS)
    assert own is None or own.kind in Kind


def names(*listed: Listed) -> list[tuple[str, Folder]]:
    return list(in_order(listed))


def test_junk_comes_first_and_inbox_is_not_among_them() -> None:
    folders = (
        Listed("A"),
        Listed("INBOX"),
        Listed("Odd name", ("\\junk",)),
        Listed("Spam"),
        Listed("Bin", ("\\trash",)),
        Listed("B"),
    )
    assert names(*folders) == [
        ("Odd name", Folder.JUNK),
        ("A", Folder.OTHER),
        ("Spam", Folder.OTHER),
        ("B", Folder.OTHER),
        ("Bin", Folder.OTHER),
    ]


@pytest.mark.parametrize("name", ["Junk", "INBOX.spam", "[Gmail]/Spam", "Bulk Mail", "&j,dg0TDhMPww6w-"])
def test_junk_by_its_name_where_no_use_is_told(name: str) -> None:
    assert names(Listed("Notes"), Listed(name)) == [(name, Folder.JUNK), ("Notes", Folder.OTHER)]


def test_what_cannot_hold_it_or_be_opened_is_passed_over() -> None:
    passed = [Listed("a", ("\\noselect",)), Listed("b", ("\\nonexistent",)), Listed("c", ("\\sent",)), Listed("d", ("\\drafts",))]
    assert names(*passed, Listed("bad\r\nname"), Listed("")) == []


def test_not_every_folder_of_a_collector_is_looked_into() -> None:
    assert len(names(*(Listed(f"f{number}") for number in range(1000)), Listed("j", ("\\junk",)))) == MOST
