"""One address, exact bytes: what was meant goes on the wire, or it is refused with a code, a reason and a place."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailprobe.address import Address, AddressError, near, parse
from mailprobe.address.spelling import distance

REFUSED = [
    ("", "MP1201", 1),
    ("<>", "MP1202", 1),
    ("a", "MP1203", 1),
    ('"a@b.jp"', "MP1203", 1),
    ("a@", "MP1204", 2),
    ("@b", "MP1205", 1),
    ("a@@b", "MP1206", 3),
    ("a@b@c", "MP1206", 4),
    ("Name <a@b.jp>", "MP1207", 6),
    ('"Name" <a@b.jp>', "MP1207", 8),
    ("mailto:a@b.jp", "MP1207", 1),
    ("a@b.jp, c@d.jp", "MP1208", 7),
    ("a@b.jp;c@d.jp", "MP1208", 7),
    ("a@b.jp c@d.jp", "MP1208", 7),
    ("a@b.jp、c@d.jp", "MP1208", 7),
    ("a@b.jp (x)", "MP1209", 8),
    (" a@b.jp", "MP1210", 1),
    ("a@b.jp\n", "MP1210", 7),
    ("\u3000a@b.jp", "MP1210", 1),
    ("a\r\nDATA\r\n@b.c", "MP1211", 2),
    ('"a\r\nRCPT TO:<v@x.jp>"@b.jp', "MP1211", 3),
    ("a\0@b.jp", "MP1212", 2),
    ("a\t@b.jp", "MP1212", 2),
    ("a\x7f@b.jp", "MP1212", 2),
    ("a\x9b@b.jp", "MP1212", 2),
    ("a\u202e@b.jp", "MP1213", 2),
    ("a\u200b@b.jp", "MP1213", 2),
    ("a@b\ufe0f.jp", "MP1213", 4),
    ("a\u2028@b.jp", "MP1213", 2),
    ("a\udc82@b.jp", "MP1214", 2),
    ("a\ud800@b.jp", "MP1214", 2),
    ("a＠b.jp", "MP1215", 2),
    ("ａ@b.jp", "MP1215", 1),
    ("a@b。jp", "MP1215", 4),
    ("x" * 65 + "@b.jp", "MP1216", 1),
    ("あ" * 22 + "@b.jp", "MP1216", 1),
    ("a@" + ".".join(["b" * 60] * 4) + "." + "c" * 9, "MP1217", 1),
    ("a@" + "b" * 64 + ".jp", "MP1218", 3),
    ("a@" + "あ" * 60 + ".jp", "MP1218", 3),
    ("a@" + ".".join(["b" * 60] * 5), "MP1219", 3),
    ("a@b..jp", "MP1220", 3),
    ("a@.jp", "MP1220", 3),
    ("a@.", "MP1220", 3),
    ("a@b.jp..", "MP1220", 3),
    ("a@-b.jp", "MP1222", 3),
    ("a@b-.jp", "MP1222", 3),
    ("a@xn--a.jp", "MP1223", 3),
    ("a@xn--\u3042.jp", "MP1227", 3),
    ("a@[127.0.0.1]", "MP1224", 3),
    ("a@127.1", "MP1225", 3),
    ("a@0x7f000001", "MP1225", 3),
    ("a@2130706433", "MP1225", 3),
    ("a@localhost", "MP1226", 3),
    ("a@x.local", "MP1226", 3),
    ("a@x.invalid", "MP1226", 3),
    ("a@b", "MP1226", 3),
    ("a@b_c.jp", "MP1227", 3),
    ("a@b!c.jp", "MP1227", 3),
    ("a@Ä.de", "MP1227", 3),
    ("a@b\u0301\u05d0.jp", "MP1227", 3),
    ('"ab@x.jp', "MP1230", 1),
    ('a"b@x.jp', "MP1230", 2),
    ('"ab\\"@x.jp', "MP1230", 1),
    ("a%b@c", "MP1231", 2),
    ("b!a@c", "MP1231", 2),
    ("@r:a@b", "MP1231", 1),
    ("a b@x.jp", "MP1232", 2),
    ("a\\b@x.jp", "MP1232", 2),
    ("a,b@x.jp", "MP1232", 2),
    ('"a"b@x.jp', "MP1232", 4),
    ('"a"."b"@x.jp', "MP1232", 4),
    ('"a\\é"@x.jp', "MP1232", 4),
    ("a..b@example.jp", "MP1241", 1),
    (".a@example.jp", "MP1241", 1),
]


@pytest.mark.parametrize(("text", "code", "column"), REFUSED)
def test_refused(text: str, code: str, column: int) -> None:
    with pytest.raises(AddressError) as caught:
        parse(text)
    assert (caught.value.code, caught.value.column, caught.value.exit_code) == (code, column, 65)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Name <a@b.jp>", "give the bare address: a@b.jp"),
        ("a＠b.jp", 'did you mean "@"?'),
        ("a\0@b.jp", "control character U+0000 at col 2"),
        ("a\udc82@b.jp", "not valid Unicode: byte 0x82"),
        ("\u3042\r@b.jp", "line break at byte 4"),
        ("x" * 65 + "@b.jp", "local part 65 > 64 octets (RFC 5321 4.5.3.1.1)"),
        ("a\u202e@b.jp", "U+202E"),
        ('"ab@x.jp', "unterminated quote at col 1"),
    ],
)
def test_the_reason_is_said(text: str, words: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse(text)
    assert words in f"{caught.value.what} {caught.value.hint}"


ACCEPTED: list[tuple[str, bytes, str, list[str]]] = [
    ("a@b.jp", b"a@b.jp", "a@b.jp", []),
    ("a@B.JP", b"a@b.jp", "a@b.jp", []),
    ("a@b.jp.", b"a@b.jp", "a@b.jp", ["MP1221"]),
    ("a@mail.test", b"a@mail.test", "a@mail.test", []),
    ("日本@例え.jp", "日本@xn--r8jz45g.jp".encode(), "日本@例え.jp", []),
    ("a@例え.jp", b"a@xn--r8jz45g.jp", "a@例え.jp", []),
    ("a@XN--R8JZ45G.jp", b"a@xn--r8jz45g.jp", "a@例え.jp", []),
    ("a@straße.de", b"a@xn--strae-oqa.de", "a@straße.de", []),
    ("a@か\u3099.jp", b"a@xn--v8j.jp", "a@が.jp", []),
    ("a@p\u0430ypal.jp", b"a@xn--pypal-4ve.jp", "a@p\u0430ypal.jp", ["MP1228"]),
    ("か\u3099@b.jp", "か\u3099@b.jp".encode(), "か\u3099@b.jp", ["MP1229"]),
    ('"a b"@x.jp', b'"a b"@x.jp', '"a b"@x.jp', []),
    ('"a\\"b"@x.jp', b'"a\\"b"@x.jp', '"a\\"b"@x.jp', []),
    ('""@x.jp', b'""@x.jp', '""@x.jp', []),
    ('"a@b"@x.jp', b'"a@b"@x.jp', '"a@b"@x.jp', []),
    ('"a..b"@x.jp', b'"a..b"@x.jp', '"a..b"@x.jp', []),
    ("-x@docomo.ne.jp", b"-x@docomo.ne.jp", "-x@docomo.ne.jp", []),
    ("a/b=c+d@b.jp", b"a/b=c+d@b.jp", "a/b=c+d@b.jp", []),
    ("a..b@docomo.ne.jp", b'"a..b"@docomo.ne.jp', "a..b@docomo.ne.jp", ["MP1240"]),
    ('"a..b"@docomo.ne.jp', b'"a..b"@docomo.ne.jp', "a..b@docomo.ne.jp", ["MP1240"]),
    ("taro.@ezweb.ne.jp", b'"taro."@ezweb.ne.jp', "taro.@ezweb.ne.jp", ["MP1240"]),
    (".x@docomo.ne.jp", b'".x"@docomo.ne.jp', ".x@docomo.ne.jp", ["MP1240"]),
    ("a...b@au.com", b'"a...b"@au.com', "a...b@au.com", ["MP1240"]),
    ('"a%..b"@au.com', b'"a%..b"@au.com', '"a%..b"@au.com', ["MP1240"]),
]


@pytest.mark.parametrize(("text", "wire", "display", "codes"), ACCEPTED)
def test_accepted(text: str, wire: bytes, display: str, codes: list[str]) -> None:
    address = parse(text)
    assert (address.wire, address.display, [notice.code for notice in address.notices]) == (wire, display, codes)
    assert address.needs_smtputf8 == (not address.local.isascii())


def test_the_raw_form_belongs_to_legacy_carriers_only() -> None:
    assert parse("a..b@docomo.ne.jp").raw_wire == b"a..b@docomo.ne.jp"
    assert parse('"a..b"@x.jp').raw_wire is None
    assert parse("ab@docomo.ne.jp").raw_wire is None
    assert parse('"a..%b"@docomo.ne.jp').raw_wire is None


def test_a_carrier_may_say_that_dots_exist_there() -> None:
    assert parse("a..b@old.test", legacy_dots=lambda domain: domain == "old.test").wire == b'"a..b"@old.test'
    with pytest.raises(AddressError):
        parse("a..b@docomo.ne.jp", legacy_dots=lambda domain: False)


def test_same_mailbox_other_spelling() -> None:
    assert parse("A.B@Docomo.ne.jp").wire == b"A.B@docomo.ne.jp"
    assert parse("A.B@Docomo.ne.jp").key == parse("a.b@docomo.ne.jp").key
    assert parse("A@b.jp").key != parse("a@b.jp").key
    assert parse('"a\\b"@b.jp').key == parse("ab@b.jp").key
    assert parse("か\u3099@b.jp").key != parse("が@b.jp").key
    assert parse("か\u3099@b.jp").looks == parse("が@b.jp").looks


def test_an_a_label_that_a_reader_cannot_see_stays_an_a_label() -> None:
    hidden = "xn--" + "نامه\u200cای".encode("punycode").decode()
    address = parse(f"a@{hidden}.com")
    assert address.display == f"a@{hidden}.com"


AWKWARD = 'ab.@@"\\ <>()[],;:%!-+_\r\n\t\0\x7f＠。あが' + "\u3099ß\u0430\u202e\u200d\ud800\udc82"
CLOSE = st.sampled_from([*AWKWARD, "docomo.ne.jp", "xn--", "b.jp"])
ANY = st.text(max_size=40) | st.lists(CLOSE, max_size=14).map("".join)
LIKELY = st.builds("{}@{}".format, ANY, st.sampled_from(["docomo.ne.jp", "b.jp", "例え.jp"]))


@given(ANY | LIKELY)
@example('"\\')
@example('"a"b"c"@b.jp')
@example("a..b@docomo.ne.jp")
def test_any_text_is_refused_or_exactly_one_line(text: str) -> None:
    address = parsed(text)
    if isinstance(address, AddressError):
        assert address.code.startswith("MP12")
        assert 1 <= address.column <= max(1, len(text))
        return
    wire = address.wire
    assert not set(wire) & {0x00, 0x09, 0x0A, 0x0D, 0x7F}
    assert len(wire.splitlines()) == 1
    assert intended(text, address)
    assert parse(address.display).wire == wire
    assert parse(address.display).key == address.key


def parsed(text: str) -> Address | AddressError:
    try:
        return parse(text)
    except AddressError as error:
        return error


def intended(text: str, address: Address) -> bool:
    """The local part is byte for byte what was typed (or the same, quoted); the domain differs by case, form and dot only."""
    local, _, domain = text.rpartition("@")
    same_local = address.local in (local, f'"{local}"') and address.content in (local, address.content)
    shown = address.display.rpartition("@")[2]
    typed = unicodedata.normalize("NFC", domain).lower().removesuffix(".")
    return same_local and typed in (shown, address.domain)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("i.sofbank.jp", "i.softbank.jp"),
        ("i.softabnk.jp", "i.softbank.jp"),
        ("softbank.jp", "i.softbank.jp"),
        ("i.softbank.ne.jp", "i.softbank.jp"),
        ("docomo.co.jp", "docomo.ne.jp"),
        ("example.org", None),
        ("aol.com", None),  # two edits of seven letters are another word
    ],
)
def test_near(word: str, meant: str | None) -> None:
    assert near(word, ["i.softbank.jp", "docomo.ne.jp", "au.com"]) == meant


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_symmetric_and_zero_only_for_equals(left: str, right: str) -> None:
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)


def test_two_swapped_neighbours_are_one_slip() -> None:
    assert distance("ab", "ba") == 1
    assert distance("kitten", "sitting") == 3
