"""No secret is shown, kept or sent in clear: every form of every marker, in everything that the program leaves behind."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.marks import leaks
from tests.e2e.real.lab import Answer, Lab, Setup, check, command, environment, run_alone
from tests.e2e.real.postoffice import DOMAIN

TARGET, LIVE, MASTER = "TGT-5e1f-marker", "LIV-77ab-marker", "masterpw"
MARKED = Setup(f"marked@{DOMAIN}", secret=TARGET, live=f"marked_live@{DOMAIN}", live_secret=LIVE)


def left_behind(answer: Answer, folder: Path) -> dict[str, bytes]:
    """stdout, stderr, and every byte of the store and of whatever else lies there now."""
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(name.startswith("mailprobe.db") for name in files)
    return {"stdout": answer.output.encode(), "stderr": answer.errors.encode(), **files}


def setups(lab: Lab) -> dict[str, Setup]:
    return {
        "healthy": MARKED,
        "refused": replace(MARKED, secret="WRG-09cd-marker"),
        "live refused": replace(MARKED, live_secret="WRG-09cd-marker"),
        "master": replace(MARKED, secret=None, master=MASTER),
        "expired certificate": replace(
            MARKED,
            imap=f"imaps://127.0.0.1:{lab.ill.imap_expired.port}",
            submission=f"smtps://127.0.0.1:{lab.ill.smtp_expired.port}",
        ),
        "STARTTLS missing": replace(
            MARKED, imap=f"imap://127.0.0.1:{lab.ill.imap_clear.port}", submission=f"smtp://127.0.0.1:{lab.ill.smtp_clear.port}"
        ),
        "static RSA": replace(MARKED, imap=f"imaps://127.0.0.1:{lab.ill.imap_static_rsa.port}"),
        "strange authority": replace(MARKED, imap=f"imaps://127.0.0.1:{lab.ill.imap_strange.port}"),
        "PREAUTH": replace(MARKED, imap=f"imap://127.0.0.1:{lab.ill.imap_preauth.port}"),
    }


NAMES = (
    "healthy",
    "refused",
    "live refused",
    "master",
    "expired certificate",
    "STARTTLS missing",
    "static RSA",
    "strange authority",
    "PREAUTH",
)
BAD_CHANNELS = NAMES[4:]


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_secret_is_left(name: str, form: str, lab: Lab, tmp_path: Path) -> None:
    setup = setups(lab)[name]
    answer = check(lab, setup, tmp_path, *(("--json",) if form == "json" else ("--lang", "ja")))
    assert answer.output
    assert leaks(left_behind(answer, tmp_path), *environment(setup).values()) == []


@pytest.mark.parametrize("name", BAD_CHANNELS)
def test_nothing_of_a_secret_is_sent_on_a_bad_channel(name: str, lab: Lab, tmp_path: Path) -> None:
    """The servers remember every octet that they were told."""
    answer = check(lab, setups(lab)[name], tmp_path)
    ill = [place for place in vars(lab.ill).values() if f":{place.port}" in answer.output]
    assert ill
    heard = {str(place.port): place.heard for place in ill}
    assert leaks(heard, TARGET, LIVE, MASTER) == []
    assert not any(word in said.upper() for said in heard.values() for word in (b"LOGIN", b"AUTH"))
    doors = tuple(f":{place.port}" for place in ill)
    asked = [fact for leg in ("imap", "submission") for fact in answer.facts(leg) if fact["server"].endswith(doors)]
    assert not any(fact["fact"] in ("answered", "replied") and fact["stage"] in ("login", "auth") for fact in asked)


def test_the_needles_find_what_is_there(lab: Lab) -> None:
    """The search itself works: Dovecot's password file holds the marker, and what AUTH PLAIN sends holds it as well."""
    assert leaks({"passwd": (lab.office.base / "passwd.imap").read_bytes()}, TARGET)
    for user in ("", "u", "us", "user"):
        assert leaks({"auth": base64.b64encode(f"\0{user}\0{TARGET}".encode())}, TARGET), user


@pytest.mark.parametrize("setup", [MARKED, replace(MARKED, secret="WRG-09cd-marker")], ids=["healthy", "refused"])
def test_nor_by_a_process_of_its_own(setup: Setup, lab: Lab, tmp_path: Path) -> None:
    """The same with the descriptors of a real process, which also its exit hooks and warnings write to."""
    answer = run_alone(command(lab.office, setup, tmp_path), environment(setup), tmp_path)
    assert answer.output
    assert leaks(left_behind(answer, tmp_path), *environment(setup).values()) == []
