"""From `mailprobe init` to `config check --online`: the files it writes, published on a real NSD, asked of real servers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.real.lab import Answer, Lab, run_main

SECRETS = {"LIVE_SECRET": "secret", "MASTER_SECRET": "masterpw", "WRONG_SECRET": "no-such-password"}
RECEIVER = "127.0.0.1:25"
TOPICS: tuple[str, ...] = (
    "resolvers",
    "outgoing port 25",
    "PTR = EHLO = A",
    "SPF",
    "block lists",
    "clock",
    "mail_from takes mail",
)
TOPICS += ("bounces reach us", "live control accepted", "dead control refused", "live control signs in", "live control may send")
TOPICS += ("master user",)
ROW = re.compile(rf"^(✓|✗|\?)  ({'|'.join(map(re.escape, TOPICS))}) +(.*)$")


@dataclass(frozen=True)
class Line:
    """One finding as it was printed. sign: ✓ ✗ or ?; more: its words, and the repair on lines of its own."""

    sign: str
    topic: str
    more: str


def findings(answer: Answer) -> list[Line]:
    found: list[Line] = []
    for text in answer.output.splitlines():
        row = ROW.match(text)
        if row is not None:
            found.append(Line(row[1], row[2], row[3]))
        elif found and text.startswith(" "):
            found[-1] = Line(found[-1].sign, found[-1].topic, f"{found[-1].more} {text.strip()}")
    return found


def of(answer: Answer, topic: str) -> list[Line]:
    return [one for one in findings(answer) if one.topic == topic]


def signs(answer: Answer) -> dict[str, set[str]]:
    return {topic: {one.sign for one in of(answer, topic)} for topic in TOPICS}


def provable(answer: Answer) -> dict[str, str]:
    """Verdict -> how sure it can be."""
    table = answer.output[answer.output.index("provable") :]
    return dict(re.findall(r"^([a-z_]+) +(high|medium|low|no)\b", table, re.MULTILINE))


def answers_of(lab: Lab, folder: Path, *, name: str = "probe1.prover.test", live: str = "LIVE_SECRET", more: str = "") -> Path:
    office = lab.office
    path = folder / "answers.toml"
    path.write_text(f"""
name = "{name}"
addresses = ["127.0.0.1"]
receive = "{RECEIVER}"
allow_networks = ["127.0.0.0/8"]
resolvers = ["127.0.0.1:{office.dns}", "127.0.0.2:{office.dns}"]
{more}
[carriers.lab]
relation = "own"
domains = ["mail.test"]
imap = "{office.imaps_url}"
submission = "{office.submissions_url}"
username = "{{local}}"
tls_ca = "{office.base}/tls/ca.pem"
live_control = {{ address = "u000001@mail.test", secret = "env:{live}" }}
""")
    return path


def set_up(lab: Lab, folder: Path, *, tail: str = "", **words: str) -> Path:
    """init, and what an operator adds to its file afterwards."""
    made = folder / "made"
    made.mkdir()
    done = run(lab, "init", "--answers", str(answers_of(lab, folder, **words)), "--into", str(made))
    assert done.exit_code == 0, done.errors
    config = made / "mailprobe.toml"
    text = config.read_text().replace('relation = "own"\n', f'relation = "own"\n{tail}', 1)
    config.write_text(text + f'[store]\nurl = "sqlite:///{folder}/mailprobe.db"\n')
    return config


def ask(lab: Lab, config: Path) -> Answer:
    return run(lab, "config", "check", "--online", str(config))


def run(lab: Lab, *words: str) -> Answer:
    """The program's entry point, in a worker."""
    answer = lab.workers.submit(run_main, list(words), SECRETS).result(120)
    assert "Traceback" not in answer.errors, answer.errors
    return answer


MASTER = 'master_user = { name = "master", secret = "env:MASTER_SECRET" }\n'


def test_what_init_wrote_is_found_good_and_asked_no_more_than_the_limits_allow(lab: Lab, tmp_path: Path) -> None:
    config = set_up(lab, tmp_path, tail=MASTER)
    dead = re.findall(r"mailprobe-nobody-\w+@mail\.test", config.read_text())[0]
    for bounces in ({"✓"}, {"?"}):
        answer = ask(lab, config)
        said = signs(answer)
        assert said.pop("clock") <= {"✓", "?"}  # Dovecot and Postfix do not say the time; the kernel may
        assert said.pop("block lists") == {"✓", "✗", "?"}
        assert said.pop("bounces reach us") == bounces  # a forged sender is not named twice in a minute
        assert said == {topic: {"✓"} for topic in said}, answer.output
        assert answer.exit_code == 1  # one of the lists holds us
        assert provable(answer)["unknown_to_mx"] == "medium"
        assert provable(answer)["directory_out_of_sync"] == "no"  # no account has a secret
    log = (lab.office.base / "postfix.log").read_text()
    assert log.count(f"<{dead}>: Recipient address rejected") == 1  # the second answer was remembered


def test_each_list_is_believed_only_as_far_as_it_answers(lab: Lab, tmp_path: Path) -> None:
    lists = {one.more.split()[0]: one for one in of(ask(lab, set_up(lab, tmp_path)), "block lists")}
    assert {name: one.sign for name, one in lists.items()} == {
        "zen.spamhaus.org": "✓",
        "bl.spamcop.net": "?",
        "psbl.surriel.com": "✗",
        "bl.mailspike.net": "?",
    }
    assert "lists 127.0.0.1" in lists["psbl.surriel.com"].more
    assert "resolver of your own" in lists["bl.spamcop.net"].more


def test_a_name_that_our_address_does_not_lead_back_to(lab: Lab, tmp_path: Path) -> None:
    more = 'mail_from = "probe@misled.prover.test"\nbounce_domain = "bounce.probe.prover.test"'
    answer = ask(lab, set_up(lab, tmp_path, name="other.prover.test", more=more))
    (identity,) = of(answer, "PTR = EHLO = A")
    assert (identity.sign, "1.0.0.127.in-addr.arpa PTR other.prover.test" in identity.more) == ("✗", True)
    spf = {one.more.split()[0]: one for one in of(answer, "SPF")}
    assert (spf["misled.prover.test"].sign, spf["bounce.probe.prover.test"].sign) == ("✗", "✓")
    assert 'TXT "v=spf1 ip4:127.0.0.1 -all"' in spf["misled.prover.test"].more
    (sender,) = of(answer, "mail_from takes mail")
    assert (sender.sign, "127.0.0.6" in sender.more or "misled" in sender.more) == ("✗", True)
    assert answer.exit_code == 1


def test_bounces_that_go_to_another_mail_server(lab: Lab, tmp_path: Path) -> None:
    answer = ask(lab, set_up(lab, tmp_path, more='bounce_domain = "misled.prover.test"'))
    (bounces,) = of(answer, "bounces reach us")
    assert (bounces.sign, "must lead to mailprobe serve" in bounces.more) == ("✗", True)
    assert provable(answer)["unknown_behind_gateway"] == "no"


def refusals(lab: Lab) -> list[str]:
    """What Dovecot has refused of this user so far, whoever asked."""
    return [line for line in lab.office.log().splitlines() if "u000001" in line and "mismatch" in line]


def test_a_control_that_cannot_sign_in_costs_one_chain_however_often_it_is_asked(lab: Lab, tmp_path: Path) -> None:
    config = set_up(lab, tmp_path, live="WRONG_SECRET")
    before = len(refusals(lab))
    for _ in range(3):
        answer = ask(lab, config)
        (signs_in,) = of(answer, "live control signs in")
        assert (signs_in.sign, "mend its secret" in signs_in.more) == ("✗", True)
    refused = refusals(lab)[before:]
    assert 1 <= len(refused) <= 2, refused
    assert provable(answer)["directory_out_of_sync"] == "no"
    assert "live_controls: with" in answer.output


@pytest.mark.parametrize("door", ["accepts_all"])
def test_servers_that_take_everybody(lab: Lab, tmp_path: Path, door: str) -> None:
    answer = ask(lab, set_up(lab, tmp_path, tail=f'mx = ["{lab.office.at(door)}"]\n'))
    (dead,) = of(answer, "dead control refused")
    assert (dead.sign, "test mails" in dead.more) == ("✗", True)
    assert provable(answer)["unknown_to_mx"] == "no"
    assert of(answer, "outgoing port 25")[0].sign == "?"  # nobody was asked there
