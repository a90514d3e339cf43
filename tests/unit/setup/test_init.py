"""`mailprobe init`: what it writes can be used as it stands, and where something is wrong nothing is written at all."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import tomllib
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.bounces.token import Signer
from mailprobe.config import Config, ConfigError, format_problem, load
from mailprobe.setup.answers import Answers, CarrierPart, parent_of, read_answers, unguessable
from mailprobe.setup.draft import config_of
from mailprobe.setup.placing import SetUp, set_up
from mailprobe.setup.zone import zone_of

GOLDEN = Path(__file__).parents[2] / "golden" / "answers"
BROKEN = sorted(path.name for path in GOLDEN.glob("invalid-*.toml"))
FULL = """
name = "probe1.example.net"
addresses = ["192.0.2.10", "2001:db8::10"]
language = "ja"
resolvers = ["192.0.2.53", "192.0.2.54"]

[carriers.example]
relation = "own"
domains = ["i.example.jp", "例え.jp"]
imap = "imaps://imap.example.jp"
submission = "smtps://smtp.example.jp"
username = "{local}"
live_control = { address = "live@i.example.jp", secret = "file:live.secret" }

[carriers.softbank]
"""
LEAST = 'name = "probe1.example.net"\n[carriers.docomo]\n'


def answers(folder: Path, text: str) -> Answers:
    path = folder / "answers.toml"
    path.write_text(text, encoding="utf-8")
    return read_answers(path, folder)


def made(folder: Path, text: str = FULL) -> SetUp:
    into = folder / "made"
    into.mkdir(exist_ok=True)
    live = into / "live.secret"
    live.write_text("x\n")
    live.chmod(0o600)
    return set_up(answers(folder, text), into)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"live.secret"}


@pytest.mark.parametrize("name", BROKEN)
def test_one_broken_file_of_answers_per_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN)
    with pytest.raises(ConfigError) as caught:
        read_answers(Path(name), Path())
    said = "".join(f"{format_problem(problem)}\n" for problem in caught.value.problems)
    assert said + f"exit {caught.value.exit_code}\n" == Path(name).with_suffix(".expected").read_text(encoding="utf-8")
    assert "hunter2" not in said


@pytest.mark.parametrize("text", [FULL, LEAST])
def test_the_file_loads_without_a_warning(tmp_path: Path, text: str) -> None:
    done = made(tmp_path, text)
    config = load(tmp_path / "made" / "mailprobe.toml")
    assert (config.warnings, done.config.warnings) == ((), ())
    assert config == done.config


def test_what_was_answered_is_what_is_read(tmp_path: Path) -> None:
    config = made(tmp_path).config
    prober, carrier = config.prober, config.carriers["example"]
    assert (prober.name, prober.mail_from, prober.bounce_domain, prober.language) == (
        "probe1.example.net",
        "probe@probe.example.net",
        "bounce.probe.example.net",
        "ja",
    )
    assert (config.bounces_listen, config.http_listen) == ("0.0.0.0:25", "127.0.0.1:8025")
    assert carrier.domains == ("i.example.jp", "xn--r8jz45g.jp")
    assert (carrier.relation.value, carrier.username, len(carrier.live_controls)) == ("own", "{local}", 1)
    assert carrier.imap is not None
    assert config.carriers["softbank"].dead_control is None  # nobody of ours can reserve anything there


def test_the_key_signs_and_is_for_us_alone(tmp_path: Path) -> None:
    made(tmp_path)
    key = tmp_path / "made" / "token.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert Signer([key.read_text().strip().encode()])


def test_the_dead_control_is_another_each_time_and_told_to_whoever_gives_out_addresses(tmp_path: Path) -> None:
    found = {unguessable("i.example.jp") for _ in range(500)}
    assert len(found) == 500
    assert all(re.fullmatch(r"mailprobe-nobody-[a-z2-9]{20}@i\.example\.jp", one) for one in found)
    done = made(tmp_path)
    dead = done.config.carriers["example"].dead_control
    assert dead is not None
    assert dead.display in done.reserve
    assert (tmp_path / "made" / "reserve.txt").read_text() == done.reserve


def test_a_dead_control_that_is_reserved_already(tmp_path: Path) -> None:
    text = FULL.replace("live_control", 'dead_control = "nobody-7f3a@i.example.jp"\nlive_control')
    assert str(made(tmp_path, text).config.carriers["example"].dead_control) == "nobody-7f3a@i.example.jp"


def zone(text: str) -> dns.zone.Zone:
    return dns.zone.from_text(text, origin="example.net.", relativize=False, check_origin=False)


def test_the_zone_is_one(tmp_path: Path) -> None:
    made(tmp_path)
    text = (tmp_path / "made" / "dns.zone").read_text()
    found = zone(text)
    texts = {
        (name.to_text(), dns.rdatatype.to_text(one.rdtype)): sorted(record.to_text() for record in one)
        for name, node in found.nodes.items()
        for one in node
    }
    spf = ['"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all"']
    assert texts == {
        ("probe1.example.net.", "A"): ["192.0.2.10"],
        ("probe1.example.net.", "AAAA"): ["2001:db8::10"],
        ("probe1.example.net.", "TXT"): spf,
        ("probe.example.net.", "TXT"): spf,
        ("probe.example.net.", "MX"): ["10 probe1.example.net."],
        ("bounce.probe.example.net.", "TXT"): spf,
        ("bounce.probe.example.net.", "MX"): ["10 probe1.example.net."],
        ("_dmarc.probe.example.net.", "TXT"): ['"v=DMARC1; p=none"'],
    }
    assert "10.2.0.192.in-addr.arpa." in text
    assert "8.b.d.0.1.0.0.2.ip6.arpa." in text


def test_a_dkim_key_fits_into_the_zone_and_into_the_configuration(tmp_path: Path) -> None:
    config = made(tmp_path, 'dkim = "mp1"\n' + FULL).config
    assert config.prober.dkim is not None
    assert stat.S_IMODE((tmp_path / "made" / "dkim.pem").stat().st_mode) == 0o600
    (record,) = zone((tmp_path / "made" / "dns.zone").read_text()).nodes[dns.name.from_text("mp1._domainkey.probe.example.net.")]
    strings = record[0].strings
    assert all(len(one) <= 255 for one in strings)
    assert b"".join(strings).startswith(b"v=DKIM1; k=rsa; p=MII")


def test_without_an_address_the_zone_says_what_is_missing(tmp_path: Path) -> None:
    text = zone_of(answers(tmp_path, LEAST))
    assert "<the address that we go out from>" in text
    assert "v=spf1 a:probe1.example.net -all" in text
    assert zone(text)


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    into = tmp_path / "made"
    into.mkdir()
    (into / "mailprobe.toml").write_text("mine")
    with pytest.raises(ConfigError) as caught:
        made(tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["MP1811"]
    assert ((into / "mailprobe.toml").read_text(), files(into)) == ("mine", {"mailprobe.toml"})


def test_the_key_of_before_signs_on(tmp_path: Path) -> None:
    into = tmp_path / "made"
    into.mkdir()
    (into / "token.key").write_text("k" * 64)
    (into / "token.key").chmod(0o600)
    done = made(tmp_path)
    assert ((into / "token.key").read_text(), done.kept) == ("k" * 64, (into / "token.key",))
    assert into / "token.key" not in done.written


@pytest.mark.parametrize(
    ("text", "mode", "code"), [("short", 0o600, "MP1811"), ("k" * 64, 0o644, "MP1012"), ("", 0o600, "MP1014")]
)
def test_a_key_of_before_that_cannot_sign(tmp_path: Path, text: str, mode: int, code: str) -> None:
    into = tmp_path / "made"
    into.mkdir()
    (into / "token.key").write_text(text)
    (into / "token.key").chmod(mode)
    with pytest.raises(ConfigError) as caught:
        made(tmp_path)
    assert (caught.value.problems[0].code, files(into)) == (code, {"token.key"})


@pytest.mark.parametrize("at", range(5))
def test_a_disk_that_fails_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """However far it came: at each of the links that put the files into place, or while they are written."""
    link, done = os.link, iter(range(100))

    def full(source: Path, target: Path) -> None:
        if next(done) == at:
            raise OSError(28, "No space left on device")
        link(source, target)

    monkeypatch.setattr("mailprobe.setup.placing.os.link", full)
    if at < 4:  # token.key, dns.zone, reserve.txt, mailprobe.toml
        with pytest.raises(ConfigError) as caught:
            made(tmp_path)
        assert (caught.value.problems[0].code, caught.value.exit_code) == ("MP1812", 73)
        assert files(tmp_path / "made") == set()
    else:
        assert made(tmp_path).config


def test_a_configuration_that_would_not_load_is_not_written(tmp_path: Path) -> None:
    text = FULL.replace('username = "{local}"', 'tls_ca = "absent.pem"')
    with pytest.raises(ConfigError) as caught:
        made(tmp_path, text)
    assert [problem.code for problem in caught.value.problems] == ["MP1011"]
    assert caught.value.problems[0].where.startswith(str(tmp_path / "made" / "mailprobe.toml"))
    assert files(tmp_path / "made") == set()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        set_up(answers(tmp_path, LEAST), tmp_path / "absent")
    assert caught.value.problems[0].code == "MP1812"


@pytest.mark.parametrize(
    ("name", "parent"), [("probe1.example.net", "example.net"), ("example.net", "example.net"), ("a.b.c.d", "b.c.d")]
)
def test_the_domain_that_names_are_made_below(name: str, parent: str) -> None:
    assert parent_of(name) == parent


PRINTABLE = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12)


@given(PRINTABLE, PRINTABLE)
def test_whatever_is_printable_stays_what_it_is_in_toml(word: str, domain: str) -> None:
    carrier = CarrierPart("x", "own", (domain,), username=word, live=word, dead=word)
    text = config_of(Answers("n.example.net", "a@b.example.net", "c.example.net", (carrier,)))
    read = tomllib.loads(text)["carriers"]["x"]
    assert (read["domains"], read["username"], read["dead_control"], read["live_controls"]) == (
        [domain],
        word,
        word,
        [{"address": word}],
    )


def test_every_field_of_the_answers_has_its_place(tmp_path: Path) -> None:
    """What is asked and then not written would be a question for nothing."""
    config: Config = made(tmp_path, 'allow_networks = ["10.0.0.0/8"]\n' + FULL).config
    assert config.prober.allow_networks == ("10.0.0.0/8",)
    assert config.prober.resolvers == ("192.0.2.53", "192.0.2.54")
    assert {one.name for one in dataclasses.fields(Answers)} >= {"allow_networks", "resolvers", "dkim"}
