"""A configuration is frozen, or refused whole: every error at once, with code, place, reason and hint, and no secret in it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.address import parse
from mailprobe.carriers import FOREIGN_LIMITS, OWN_LIMITS, Channel, MasterForm, Origin, Relation
from mailprobe.config import (
    Config,
    ConfigError,
    Contract,
    NoCarrier,
    Problem,
    account_for,
    ad_hoc,
    forecast,
    format_problem,
    from_nothing,
    load,
    read_address,
)
from mailprobe.config.forecast import nice
from mailprobe.config.places import find_places
from mailprobe.config.units import every_of, seconds_of, spoken
from mailprobe.demo.tls import Authority

GOLDEN = Path(__file__).parents[1] / "golden" / "config"
BROKEN = sorted(path.name for path in GOLDEN.glob("invalid-*.toml"))

LAB = """
[prober]
name = "probe1.example.net"
mail_from = "probe@probe.example.net"
allow_networks = ["127.0.0.0/8"]

[carriers.example]
relation = "own"
domains = ["mail.test", "例え.test"]
mx = ["127.0.0.1:2525"]
imap = "imaps://127.0.0.1:1993"
submission = "smtp://127.0.0.1:2587"
username = "{local}"
submission_username = "{address}"
live_controls = [{ address = "u000001@mail.test", secret = "prompt:" }]
dead_control = "nobody-7f3a@mail.test"
"""

MORE_OF_THE_PROBER = """
token_keys = ["file:token.key"]
resolvers = ["192.0.2.53", "[2001:db8::1]:53"]
bounce_domain = "bounce.probe.example.net"
relay = "smtp://relay.example.net:25"
dkim = { selector = "mp1", key = "file:dkim.pem" }
language = "ja"
"""


def written(directory: Path, text: str) -> Path:
    path = directory / "mailprobe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(directory: Path, text: str) -> Config:
    return load(written(directory, text))


def refused(directory: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        loaded(directory, text)
    return caught.value


def codes(error: ConfigError) -> list[str]:
    return [problem.code for problem in error.problems]


@pytest.mark.parametrize("name", BROKEN)
def test_one_broken_file_per_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN)
    with pytest.raises(ConfigError) as caught:
        load(Path(name))
    said = "".join(f"{format_problem(problem)}\n" for problem in caught.value.problems)
    assert said + f"exit {caught.value.exit_code}\n" == Path(name).with_suffix(".expected").read_text(encoding="utf-8")
    assert "hunter2" not in said


def test_every_expected_message_has_its_file() -> None:
    assert sorted(path.with_suffix(".toml").name for path in GOLDEN.glob("*.expected")) == BROKEN
    assert len(BROKEN) > 50


def test_a_five_line_file_works(tmp_path: Path) -> None:
    config = loaded(tmp_path, '[[accounts]]\nid = "tanaka"\naddress = "t@i.softbank.jp"\nsecret = "prompt:"\n')
    account, carrier = config.accounts[0], config.carriers["softbank"]
    assert (account.username, account.carrier, account.every) == ("t", "softbank", (("", 43200.0),))
    assert (carrier.relation, carrier.limits) == (Relation.FOREIGN, FOREIGN_LIMITS)
    assert {"MP1045"} == {warning.code for warning in config.warnings}


def test_everything_that_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "x")
    for name in ("cert.pem", "master.key", "token.key", "dkim.pem"):
        (tmp_path / name).touch(mode=0o600)
    (tmp_path / "accounts.csv").write_text(
        "id,address,carrier,group,secret,probes,every\n"
        "sato,u9@mail.test,,east,,dns mx,10m\nito,u8@mail.test,example,,env:A_SECRET,,\n"
    )
    for name in ("sato", "ito"):
        (tmp_path / f"{name}.key").touch(mode=0o600)
    config = loaded(
        tmp_path,
        LAB.replace("[carriers.example]", MORE_OF_THE_PROBER + "[carriers.example]")
        + """
tls_ca = "cert.pem"
tls_profiles = { "old.mail.test" = "static_rsa" }
one_secret = false
auth = "xoauth2"
limits = { rcpt_gap = "60s", sessions = 5, canary_gap = "5m" }
master_user = { name = "master", secret = "file:master.key", form = "separator" }
say = { "password_or_lock.ja" = "..." }

[[accounts]]
id = "tanaka"
address = "u000002@mail.test"
group = "shard-3"
secret = "env:A_SECRET"
username = "tanaka01"
submission = { username = "t@x", secret = "env:A_SECRET" }
contract = "active"
every = { mx = "5m", imap = "15m", canary = "1h" }
probes = ["dns", "mx", "submission", "imap", "canary"]

[accounts_from]
csv = "accounts.csv"
secret_template = "file:{id}.key"

[http]
listen = "127.0.0.1:8025"
metrics_listen = "[::1]:9925"
metrics_accounts = 500
metrics_login = { username = "prometheus", secret = "env:A_SECRET" }
live_token = "env:A_SECRET"
[bounces]
listen = "[::1]:2526"
imap = { server = "imaps://192.0.2.7", username = "bounces", secret = "env:A_SECRET" }
[store]
url = "sqlite:///x.db"
[engine]
nats = "nats://127.0.0.1:4222"
vantage = "tokyo"
network = "inside"
[actors]
provisioning = "Subscriber data desk"
""",
    )
    assert [one.code for one in config.warnings] == ["MP1031"]  # there is no engine for NATS yet
    assert config.store_url == f"sqlite:///{tmp_path}/x.db"  # whoever starts us where: one store, one budget
    tanaka, sato, ito = config.accounts
    assert (tanaka.username, tanaka.submission_username, tanaka.contract) == ("tanaka01", "t@x", Contract.ACTIVE)
    assert dict(tanaka.every) == {"": 300.0, "mx": 300.0, "imap": 900.0, "canary": 3600.0}
    assert (sato.group, sato.probes, sato.every, str(sato.secret)) == (
        "east",
        ("dns", "mx"),
        (("", 600.0),),
        f"file:{tmp_path}/sato.key",
    )
    assert (ito.username, ito.submission_username, str(ito.secret)) == ("u8", "u8@mail.test", "env:A_SECRET")
    assert config.prober.dkim is not None
    assert (config.prober.dkim.selector, str(config.prober.dkim.key)) == ("mp1", f"file:{tmp_path}/dkim.pem")
    carrier = config.carriers["example"]
    assert carrier.imap is not None
    assert (carrier.imap.label, carrier.imap.channel, carrier.imap.origin) == (
        "127.0.0.1:1993",
        Channel.IMPLICIT,
        Origin.CONFIGURED,
    )
    assert carrier.submission is not None
    assert carrier.submission.channel is Channel.STARTTLS
    assert carrier.master_user is not None
    assert carrier.master_user.form is MasterForm.SEPARATOR
    assert (carrier.domains, carrier.limits) == (("mail.test", "xn--r8jz45g.test"), OWN_LIMITS)
    assert (carrier.tls_ca, carrier.tls_profiles) == (tmp_path / "cert.pem", (("old.mail.test", "static_rsa"),))
    assert (config.http_listen, config.bounces_listen) == ("127.0.0.1:8025", "[::1]:2526")
    assert (config.http.metrics_listen, config.http.metrics_accounts) == ("[::1]:9925", 500)
    assert (config.http.metrics_username, str(config.http.metrics_secret)) == ("prometheus", "env:A_SECRET")
    assert str(config.http.live_token) == "env:A_SECRET"
    assert config.bounces_imap is not None
    assert (config.bounces_imap.server.label, config.engine.network) == ("192.0.2.7:993", "inside")
    assert config.actors == (("provisioning", "Subscriber data desk"),)


def pair(directory: Path, mode: int = 0o600) -> None:
    """A certificate with its key in good.pem, and the key alone in good.key."""
    Authority(directory, ("127.0.0.1",)).context()
    both = (directory / "good.pem").read_text()
    (directory / "good.key").write_text(both[: both.index("-----BEGIN CERTIFICATE-----")])
    (directory / "good.key").chmod(mode)


def test_the_certificate_of_the_bounce_receiver(tmp_path: Path) -> None:
    pair(tmp_path)
    config = loaded(tmp_path, '[carriers.softbank]\n[bounces]\ncertificate = "good.pem"\nkey = "good.key"\n')
    assert (config.bounces_certificate, config.bounces_key) == (tmp_path / "good.pem", tmp_path / "good.key")
    config = loaded(tmp_path, '[carriers.softbank]\n[bounces]\ncertificate = "good.pem"\n')
    assert (config.bounces_certificate, config.bounces_key) == (tmp_path / "good.pem", None)


def test_a_certificate_with_another_key_or_an_open_one(tmp_path: Path) -> None:
    pair(tmp_path, 0o644)
    other = tmp_path / "other"
    other.mkdir()
    pair(other)
    text = '[carriers.softbank]\n[bounces]\ncertificate = "good.pem"\nkey = "{}"\n'
    assert codes(refused(tmp_path, text.format("good.key"))) == ["MP1012"]
    assert codes(refused(tmp_path, text.format("other/good.key"))) == ["MP1050"]
    (tmp_path / "none.key").write_text("no key")
    (tmp_path / "none.key").chmod(0o640)  # a group of its own is how distributions share a key
    assert codes(refused(tmp_path, text.format("none.key"))) == ["MP1050"]


def test_http_has_a_certificate_of_its_own_and_nothing_but_names_what_it_is_given(tmp_path: Path) -> None:
    pair(tmp_path)
    config = loaded(tmp_path, '[carriers.softbank]\n[http]\ncertificate = "good.pem"\nkey = "good.key"\n')
    assert (config.http.certificate, config.http.key) == (tmp_path / "good.pem", tmp_path / "good.key")
    broken = (
        '[carriers.softbank]\n[http]\nkey = "k.pem"\nmetrics_accounts = -1\nmetrics_login = { username = "p", password = "x" }\n'
    )
    assert sorted(codes(refused(tmp_path, broken))) == ["MP1013", "MP1033", "MP1042"]
    assert codes(refused(tmp_path, '[carriers.softbank]\n[http]\nkey = "k.pem"\n')) == ["MP1033"]


def test_a_preset_is_overridden_field_by_field(tmp_path: Path) -> None:
    config = loaded(tmp_path, '[carriers.softbank]\nrelation = "own"\nusername = "{address}"\nimap = "imap://192.0.2.1"\n')
    carrier = config.carriers["softbank"]
    assert carrier.imap is not None
    assert (carrier.imap.label, carrier.imap.origin, carrier.submission_username) == (
        "192.0.2.1:143",
        Origin.CONFIGURED,
        "{address}",
    )
    assert carrier.submission is not None
    assert (carrier.submission.origin, carrier.domains) == (Origin.PRESET, ("i.softbank.jp",))
    assert carrier.replies
    assert carrier.limits == OWN_LIMITS


def test_a_secret_file_open_to_others_stops_us(tmp_path: Path) -> None:
    (tmp_path / "s.key").write_text("x")
    (tmp_path / "s.key").chmod(0o644)
    text = '[[accounts]]\naddress = "t@i.softbank.jp"\nsecret = "file:s.key"\n'
    assert codes(refused(tmp_path, text)) == ["MP1012"]
    (tmp_path / "s.key").chmod(0o600)
    assert loaded(tmp_path, text).accounts[0].secret is not None
    (tmp_path / "s.key").unlink()
    assert "MP1011" in {warning.code for warning in loaded(tmp_path, text).warnings}


def test_an_unset_variable_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILPROBE_T", raising=False)
    config = loaded(tmp_path, '[[accounts]]\naddress = "t@i.softbank.jp"\nsecret = "env:MAILPROBE_T"\n')
    assert "MP1015" in {warning.code for warning in config.warnings}


@pytest.mark.parametrize(("make", "exit_code"), [("absent", 66), ("directory", 74), ("fifo", 74)])
def test_what_is_no_file(tmp_path: Path, make: str, exit_code: int) -> None:
    path = tmp_path / make
    if make == "directory":
        path.mkdir()
    elif make == "fifo":
        os.mkfifo(path)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert (codes(caught.value), caught.value.exit_code) == (["MP1011"], exit_code)


def test_a_csv_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id,address,group\na,a@i.softbank.jp,東\n".encode("shift_jis"))
    assert codes(refused(tmp_path, '[accounts_from]\ncsv = "a.csv"\n')) == ["MP1010"]


def test_many_bad_rows_are_counted_not_listed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,address\n" + "".join(f"a{n},b@@c\n" for n in range(200)))
    error = refused(tmp_path, '[accounts_from]\ncsv = "a.csv"\n')
    assert len(error.problems) == 51
    assert error.problems[-1].what == "150 more problems in this file"


def test_lab_may_hurry_and_others_may_not(tmp_path: Path) -> None:
    account = '\n[[accounts]]\nid = "a"\naddress = "u2@mail.test"\nevery = "1s"\n'
    loose = 'limits = { rcpt_gap = "0s", sessions = 50, session_gap = "0s", canary_gap = "1s", dead_gap = "0s" }\n'
    assert loaded(tmp_path, LAB + loose + account).carriers["example"].limits.sessions == 50
    assert "MP1006" in codes(refused(tmp_path, LAB.replace('"127.0.0.1:2525"', '"192.0.2.1:2525"') + account))
    assert codes(refused(tmp_path, LAB.replace('mx = ["127.0.0.1:2525"]\n', "") + loose)) == ["MP1035"] * 4
    assert codes(refused(tmp_path, LAB + account.replace("1s", "500ms"))) == ["MP1006"]


def test_a_lab_without_limits_is_only_warned(tmp_path: Path) -> None:
    account = '\n[[accounts]]\nid = "a"\naddress = "u2@mail.test"\nevery = "10s"\n'
    assert "MP1041" in {warning.code for warning in loaded(tmp_path, LAB + account).warnings}
    assert codes(refused(tmp_path, LAB + 'limits = { rcpt_gap = "6h" }\n' + account)) == ["MP1041"]
    assert codes(refused(tmp_path, LAB.replace('relation = "own"\n', "") + account)) == ["MP1041"]


def test_limits_may_be_tightened(tmp_path: Path) -> None:
    config = loaded(tmp_path, '[carriers.softbank]\nlimits = { rcpt_gap = "12h", refused_logins = 1 }\n')
    assert (config.carriers["softbank"].limits.rcpt_gap, config.carriers["softbank"].limits.refused_logins) == (43200.0, 1)


def test_own_defaults_carry_two_thousand_accounts(tmp_path: Path) -> None:
    carrier = '[carriers.example]\nrelation = "own"\ndomains = ["mail.test"]\nlive_controls = [{ address = "u1@mail.test" }]\n'
    rows = "".join(f"a{n},u{n}@mail.test,5m\n" for n in range(2000))
    (tmp_path / "a.csv").write_text("id,address,every\n" + rows)
    config = loaded(tmp_path, carrier + '[accounts_from]\ncsv = "a.csv"\n')
    load_of = forecast(config)[0]
    assert load_of.sessions_per_hour == pytest.approx(24000)
    assert load_of.room_per_hour - load_of.sessions_per_hour >= 0
    (tmp_path / "a.csv").write_text("id,address,every\n" + rows.replace("5m", "2m"))
    error = refused(tmp_path, carrier + '[accounts_from]\ncsv = "a.csv"\n')
    assert [problem.hint for problem in error.problems] == ['nearest legal every: "5m"']


def test_the_nearest_legal_value_is_legal(tmp_path: Path) -> None:
    carrier = '[carriers.softbank]\n[accounts_from]\ncsv = "a.csv"\n'
    head = "id,address,every\n"
    (tmp_path / "a.csv").write_text(head + "".join(f"a{n},u{n}@i.softbank.jp,12h\n" for n in range(1000)))
    error = refused(tmp_path, carrier)
    assert "1000 accounts ask for 83.3333 sessions/h" in error.problems[0].what
    assert error.problems[0].hint == 'nearest legal every: "1d"'
    (tmp_path / "a.csv").write_text(head + "".join(f"a{n},u{n}@i.softbank.jp,1d\n" for n in range(1000)))
    assert len(loaded(tmp_path, carrier).accounts) == 1000


def test_a_canary_without_an_interval_takes_the_first_legal_one(tmp_path: Path) -> None:
    account = '\n[[accounts]]\naddress = "u2@mail.test"\nevery = "4m"\nprobes = ["mx", "canary"]\n'
    assert dict(loaded(tmp_path, LAB + account).accounts[0].every)["canary"] == 720.0


def test_account_without_id(tmp_path: Path) -> None:
    account = '\n[[accounts]]\naddress = "u2@mail.test"\n'
    one = loaded(tmp_path, LAB + account).accounts[0].id
    other = loaded(tmp_path, LAB.replace("probe1.", "probe2.") + account).accounts[0].id
    assert one == loaded(tmp_path, LAB + account).accounts[0].id
    assert one != other
    assert one.startswith("acct_")
    assert len(one) == 21
    assert "u2" not in one


def test_who_is_meant(tmp_path: Path) -> None:
    config = loaded(tmp_path, LAB + '\n[[accounts]]\nid = "tanaka"\naddress = "u2@mail.test"\n')
    enrolled = config.accounts[0]
    assert account_for(config, "tanaka") is enrolled
    assert account_for(config, "u2@MAIL.test") is enrolled
    assert ad_hoc(config, parse('"u2"@mail.test')) is enrolled
    other = account_for(config, "u3@mail.test")
    assert (other.enrolled, other.username, other.submission_username, other.secret) == (False, "u3", "u3@mail.test", None)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("a@mial.test", "MP1040", "no carrier for mial.test (did you mean mail.test?)"),
        ("a@elsewhere.jp", "MP1040", "no carrier for elsewhere.jp (configured: mail.test"),
        ("tanka", "MP1105", 'no account "tanka" (did you mean tanaka?)'),
        ("", "MP1201", "empty address"),
        ("a＠mail.test", "MP1215", 'did you mean "@"?'),
    ],
)
def test_who_is_not_meant(tmp_path: Path, text: str, code: str, words: str) -> None:
    config = loaded(tmp_path, LAB + '\n[[accounts]]\nid = "tanaka"\naddress = "u2@mail.test"\n')
    with pytest.raises(ConfigError) as caught:
        account_for(config, text)
    assert (codes(caught.value), caught.value.exit_code) == ([code], 65)
    assert words in format_problem(caught.value.problems[0])
    assert isinstance(caught.value, NoCarrier) == (code == "MP1040")


def test_a_carrier_with_legacy_dots(tmp_path: Path) -> None:
    text = '[carriers.old]\ndomains = ["old.test"]\nlegacy_dots = true\ndead_control = "no..one@old.test"\n'
    config = loaded(tmp_path, text + '[[accounts]]\naddress = "a..b@old.test"\n')
    assert config.accounts[0].address.wire == b'"a..b"@old.test'
    assert config.accounts[0].username == "a..b@old.test"
    assert "MP1240" in {warning.code for warning in config.warnings}
    assert account_for(config, "A..B@old.test") is config.accounts[0]


def test_addresses_that_look_alike_are_told(tmp_path: Path) -> None:
    text = LAB + '\n[[accounts]]\naddress = "が@mail.test"\n[[accounts]]\naddress = "か\u3099@mail.test"\n'
    assert [warning.code for warning in loaded(tmp_path, text).warnings].count("MP1229") == 2


def test_two_accounts_in_one_line_are_still_two(tmp_path: Path) -> None:
    text = 'accounts = [{ id = "a", address = "t@i.softbank.jp" }, { id = "b", address = "t@i.softbank.jp" }]\n'
    assert codes(refused(tmp_path, text)) == ["MP1242"]


def test_from_nothing() -> None:
    known = from_nothing(parse("t@i.softbank.jp"))
    assert known.carriers["softbank"].relation is Relation.FOREIGN
    assert {warning.code for warning in known.warnings} == {"MP1045", "MP1048"}
    unknown = from_nothing(parse("t@elsewhere.jp"))
    account = account_for(unknown, "t@elsewhere.jp")
    assert (account.enrolled, account.username) == (False, "t@elsewhere.jp")
    assert unknown.carriers[account.carrier].limits == FOREIGN_LIMITS
    assert unknown.prober.mail_from.startswith("probe@")


def test_a_broken_part_does_not_make_others_complain(tmp_path: Path) -> None:
    account = '\n[[accounts]]\naddress = "u2@mail.test"\nevery = "10s"\n'
    assert codes(refused(tmp_path, LAB.replace('name = "probe1', 'nome = "probe1') + account)) == ["MP1001"]
    assert codes(refused(tmp_path, LAB.replace("mx =", "mxs =") + account)) == ["MP1001"]


def test_problems_are_one_line_without_terminal_tricks() -> None:
    said = format_problem(Problem("MP1", "f\x1b[2J:1", f'bad "{"x" * 200}" \u202e\n\udc82', "hint\x9b"))
    assert said == f'error[MP1] f\\x1b[2J:1: bad "{"x" * 80}…" \\u202e\\x0a\\udc82 (hint\\x9b)'


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("60s", 60), ("6h", 21600), ("1d", 86400), ("500ms", 0.5), ("1.5h", 5400), ("0s", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
    assert seconds_of(spoken(seconds)) == seconds


def test_every_of_a_table_has_the_shortest_as_base() -> None:
    assert dict(every_of({"imap": "15m", "mx": "5m"})) == {"": 300.0, "imap": 900.0, "mx": 300.0}


@given(st.floats(min_value=0.1, max_value=1e7))
def test_nice_never_shortens(seconds: float) -> None:
    assert seconds <= nice(seconds) <= max(1.0, seconds * 2.5, 86400)


PLACES = '''
a.b = 1  # c = 2
"q k".'x' = """
z = 3
"""
[t]
arr = [ 1, [2, 3],
  { k = "}", l = [ '#' ] },
]
[[many]]
x = 1
[[many]]
x = 2
[many.sub]
y = 1979-05-27 07:32:00
'''


def test_where_keys_stand() -> None:
    at = find_places(PLACES).at
    assert at["a", "b"] == (2, 1)
    assert at["q k", "x"] == (3, 1)
    assert at["t", "arr", 1, 1][0] == 7
    assert at["t", "arr", 2, "l"] == (8, 14)
    assert at["many", 0, "x"] == (11, 1)
    assert at["many", 1, "x"] == (13, 1)
    assert at["many", 1, "sub", "y"] == (15, 1)
    assert ("z",) not in at
    assert find_places(PLACES).again == []


VALUES = st.recursive(
    st.integers(0, 99) | st.sampled_from(['"a"', '"#]}"', "'[x'", '"""\n]=1\n"""', "true", "1.5", "'''a\n'''"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda xs: "[" + ",\n ".join(map(str, xs)) + "] # ]\n"),
    max_leaves=5,
)


@given(st.lists(st.tuples(st.sampled_from(["", "[t{}]", "[[m]]", "[t{}.u]"]), VALUES), max_size=6))
def test_every_key_of_a_valid_text_has_a_place(parts: list[tuple[str, object]]) -> None:
    text = "".join(f"{head.format(n)}\nk{n} = {value}\n" for n, (head, value) in enumerate(parts))
    places = find_places(text)
    for path in paths_of(tomllib.loads(text)):
        assert path in places.at
    assert places.again == []


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [(*path, key) for key, _ in inner] + [one for key, below in inner for one in paths_of(below, (*path, key))]


@given(st.text(alphabet="ab=[]{}.,\"'#\n\\ ", max_size=40))
def test_the_places_of_any_text_are_found_or_given_up(text: str) -> None:
    starts = text.split("\n")
    for line, column in find_places(text).at.values():
        assert 1 <= line <= len(starts)
        assert 1 <= column <= len(starts[line - 1]) + 1


def test_a_mistyped_domain_of_a_known_carrier_is_recognised_whatever_is_configured() -> None:
    """Without a file, and with one that does not name the carrier."""
    without = from_nothing(read_address("tanaka@i.sofbank.jp"))
    assert any("did you mean i.softbank.jp?" in warning.hint for warning in without.warnings)
    with pytest.raises(NoCarrier) as raised:
        ad_hoc(Config(prober=without.prober, carriers={}), read_address("tanaka@i.sofbank.jp"))
    assert raised.value.problems[0].hint == "did you mean i.softbank.jp?"
    assert raised.value.exit_code == 65


@pytest.mark.parametrize("url", ["sqlite:////var/lib/m.db", "sqlite:///:memory:", "sqlite://", ""])
def test_a_store_that_lies_nowhere_in_the_folder_stays_where_it_is(tmp_path: Path, url: str) -> None:
    (tmp_path / "mailprobe.toml").write_text(f'[carriers.softbank]\n[store]\nurl = "{url}"\n')
    assert load(tmp_path / "mailprobe.toml").store_url == url
