"""Our own data is checked more strictly than anybody's: every field graded, no unknown key, no MX, known meanings only."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest
from pydantic import ValidationError

from mailprobe.address.domain import parse_domain
from mailprobe.carriers import Carrier, Channel, Origin, Relation
from mailprobe.carriers.endpoint import EndpointError, read_imap, read_mx, read_submission
from mailprobe.carriers.load import GRADES, TLS_PROFILES, Preset, carrier_of, preset, presets
from mailprobe.evidence import Stage
from mailprobe.replies import ReplyClass, SignInClass

DATA = {
    entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text("utf-8"))
    for entry in resources.files("mailprobe.carriers").iterdir()
    if entry.name.endswith(".toml")
}
NOT_GRADED = {"title", "notes", "grades", "replies", "sign_in_replies"}


def carrier(name: str) -> Carrier:
    found = preset(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(DATA))
def test_every_field_has_the_grade_of_its_source(name: str) -> None:
    data = DATA[name]
    assert set(data["grades"]) == set(data) - NOT_GRADED
    grades = [*data["grades"].values(), *(rule["grade"] for key in ("replies", "sign_in_replies") for rule in data.get(key, ()))]
    assert set(grades) <= set(GRADES)


@pytest.mark.parametrize("name", sorted(DATA))
def test_names_are_as_they_go_on_the_wire(name: str) -> None:
    data = DATA[name]
    for domain in [*data["domains"], *data.get("mx_suffixes", ())]:
        plain = domain.removeprefix("*.")
        assert parse_domain(plain, 1) == (plain, ())
    assert set(data.get("tls_profiles", {}).values()) <= set(TLS_PROFILES)


@pytest.mark.parametrize("name", sorted(DATA))
def test_replies_mean_something(name: str) -> None:
    found = carrier(name)
    assert {rule.means for rule in found.replies} <= set(ReplyClass)
    assert {rule.means for rule in found.sign_in_replies} <= set(SignInClass)
    for rule in (*found.replies, *found.sign_in_replies):
        assert set(rule.phases) <= set(Stage)
        assert rule.contains == rule.contains.lower()
        assert rule.contains or rule.codes


@pytest.mark.parametrize("name", sorted(DATA))
def test_a_preset_is_foreign_and_guesses_nothing(name: str) -> None:
    found = carrier(name)
    assert (found.relation, found.mx, found.live_controls, found.dead_control) == (Relation.FOREIGN, (), (), None)
    for end in (found.imap, found.submission):
        assert end is None or (end.origin is Origin.PRESET and end.channel is not Channel.CLEAR)
    assert bool(found.username) == ("username" in DATA[name])
    assert found.one_secret == DATA[name].get("one_secret", False)


def test_unknown_keys_are_refused() -> None:
    good = {"title": "x", "domains": ["x.test"]}
    assert Preset.model_validate(good).title == "x"
    for extra in ({"mx": ["mx.x.test"]}, {"imapp": "imaps://x.test"}, {"one_secret": "yes"}):
        with pytest.raises(ValidationError):
            Preset.model_validate({**good, **extra})


def test_no_domain_has_two_carriers() -> None:
    domains = [domain for one in presets().values() for domain in one.domains]
    assert len(domains) == len(set(domains))


def test_a_rule_never_stands_behind_one_that_hides_it() -> None:
    for one in presets().values():
        for number, rule in enumerate(one.replies):
            for before in one.replies[:number]:
                same = set(before.phases) >= set(rule.phases) and set(before.codes) >= set(rule.codes)
                assert not (same and before.contains == rule.contains)


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("i.softbank.jp", "softbank"),
        ("ezweb.ne.jp", "au"),
        ("dream.ocn.ne.jp", "ocn"),
        ("ocn.ne.jp", "ocn"),
        ("a1.dion.ne.jp", "auone_net"),
        ("xocn.ne.jp", None),
        ("softbank.jp", None),
    ],
)
def test_whose_domain(domain: str, name: str | None) -> None:
    found = carrier_of(domain, presets().values())
    assert (found.name if found else None) == name


def test_the_longest_zone_and_the_exact_name_win() -> None:
    made = [
        Carrier(name=name, title=name, relation=Relation.FOREIGN, domains=domains)
        for name, domains in (("wide", ("*.test",)), ("narrow", ("*.a.test",)), ("exact", ("b.a.test",)))
    ]
    found = [carrier_of(domain, order) for domain in ("b.a.test", "c.a.test", "c.test") for order in (made, made[::-1])]
    assert [one.name for one in found if one] == ["exact", "exact", "narrow", "narrow", "wide", "wide"]


def test_where_the_phase_tells_unknown_from_filtered() -> None:
    for name in ("docomo", "au"):
        told = {phase: rule.means for rule in carrier(name).replies for phase in rule.phases if "unknown" in rule.contains}
        assert (told["rcpt"], told["end_of_data"]) == ("unknown_user", "recipient_filter")


@pytest.mark.parametrize(
    ("text", "label", "channel"),
    [
        ("imaps://mail.test", "mail.test:993", Channel.IMPLICIT),
        ("imap://MAIL.test:1143/", "mail.test:1143", Channel.STARTTLS),
        ("imaps://[2001:db8::1]:1993", "[2001:db8::1]:1993", Channel.IMPLICIT),
        ("imaps://例え.test", "xn--r8jz45g.test:993", Channel.IMPLICIT),
        ("imaps://localhost:1", "localhost:1", Channel.IMPLICIT),
    ],
)
def test_imap_servers(text: str, label: str, channel: Channel) -> None:
    assert (read_imap(text).label, read_imap(text).channel) == (label, channel)


def test_other_servers() -> None:
    assert read_submission("smtps://mail.test").label == "mail.test:465"
    assert read_submission("smtp://mail.test").channel is Channel.STARTTLS
    assert (read_mx("127.0.0.1:2525").label, read_mx("mx.mail.test").label) == ("127.0.0.1:2525", "mx.mail.test:25")
    assert (read_mx("2001:db8::1").label, read_mx("mx.mail.test").channel) == ("[2001:db8::1]:25", Channel.CLEAR)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("imaps://mail.test:0", "MP1004"),
        ("imaps://mail.test:65536", "MP1004"),
        ("imaps://mail.test:", "MP1004"),
        ("imaps://mail.test:²", "MP1004"),
        ("imaps://[::1]x", "MP1004"),
        ("mail.test", "MP1032"),
        ("smtps://mail.test", "MP1032"),
        ("imaps://", "MP1032"),
        ("imaps://user@mail.test", "MP1032"),
        ("imaps://127.1", "MP1032"),
        ("imaps://0x7f000001", "MP1032"),
        ("imaps://2130706433", "MP1032"),
        ("imaps://mail.test/\r\nX", "MP1032"),
        ("imaps://a b.test", "MP1032"),
    ],
)
def test_what_is_no_imap_server(text: str, code: str) -> None:
    with pytest.raises(EndpointError) as caught:
        read_imap(text)
    assert caught.value.code == code
