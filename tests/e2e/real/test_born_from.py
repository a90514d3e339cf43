"""The case mailprobe was made for: the portal knows the customer, the mail servers have lost him. And those like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.real.lab import Answer, Lab, Setup, check, command, environment, run_alone, run_main
from tests.e2e.real.postoffice import DOMAIN
from tests.e2e.real.scenarios import GONE


@pytest.fixture(scope="module")
def told(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    return check(lab, Setup(GONE, told=("portal_ok", "pc_used")), tmp_path_factory.mktemp("told"))


def test_high_with_the_portal_medium_without(told: Answer, lab: Lab, tmp_path: Path) -> None:
    untold = check(lab, Setup(GONE), tmp_path)
    assert (told.code, told.verdict["confidence"]) == ("directory_out_of_sync", "high")
    assert "portal" not in told.verdict["missing"]
    assert (untold.code, untold.verdict["confidence"]) == ("directory_out_of_sync", "medium")
    assert "portal" in untold.verdict["missing"]


def test_no_handset_step_and_no_pc_to_blame(told: Answer) -> None:
    verdict = told.verdict
    assert verdict["handset_reset_allowed"] is False
    assert verdict["handset_steps"] == "none"
    assert verdict["actor"] == "provisioning"
    assert told.notes >= {"pc_cannot_cause_bounces", "pc_access_not_the_cause"}


def test_the_proof_at_the_door(told: Answer) -> None:
    """T and D get the same answer but for the address, and L is accepted."""
    said = {fact["of"]: fact for fact in told.facts("mx") if fact["fact"] == "replied" and fact["stage"] == "rcpt"}
    target, dead, live = said["target"], said["dead"], said["live"]
    assert (target["code"], dead["code"], live["code"]) == (550, 550, 250)
    assert target["text"].replace("gone-customer", "X") == dead["text"].replace("nobody-7f3a", "X")
    rows = [row for row in told.report["proof"] if row["of"] == "target" and row["alike"]]
    assert rows, told.report["proof"]
    assert {row["of"] for row in told.report["controls"]} == {"live", "dead"}


def test_the_proof_at_imap(told: Answer) -> None:
    said = {fact["of"]: fact for fact in told.facts("imap") if fact["fact"] == "answered" and fact["stage"] == "login"}
    assert (said["target"]["status"], said["live"]["status"]) == ("NO", "OK")
    lines = [line["text"] for one in told.report["probes"] if one["probe"] == "imap" for line in one["transcript"]]
    assert any("NO [AUTHENTICATIONFAILED]" in line for line in lines)


def test_what_the_agent_may_say_in_japanese(lab: Lab, tmp_path: Path) -> None:
    setup = Setup(GONE, told=("portal_ok",))
    answer = check(lab, setup, tmp_path, "--json", "--lang", "ja")
    text = answer.verdict["say"]["text"]
    assert "宛先" in text
    assert text.endswith("。")
    assert not any(word in text for word in ("IMAP", "SMTP", "MX", "RCPT", "550", "初期化してください"))
    shown = check(lab, setup, tmp_path, "--lang", "ja")
    assert text in shown.output.replace("\n", "").replace(" ", "") or text[:12] in shown.output, shown.output
    assert shown.exit_code == 2


def test_as_a_user_runs_it(lab: Lab, tmp_path: Path) -> None:
    """In a process of its own, as text: the exit code, the headline and the proof."""
    setup = Setup(GONE, told=("portal_ok",))
    answer = run_alone(command(lab.office, setup, tmp_path, "--lang", "en"), environment(setup), tmp_path)
    assert answer.exit_code == 2
    assert "550" in answer.output
    assert GONE in answer.output


def test_a_mistyped_domain(lab: Lab, tmp_path: Path) -> None:
    """Another domain than the configured carriers': nothing is asked of anybody."""
    words = command(lab.office, Setup(), tmp_path)
    words[1] = "u000002@mail.tset"
    answer = lab.workers.submit(run_main, words, {}).result(60)
    assert answer.exit_code == 65
    assert f"did you mean {DOMAIN}?" in answer.errors
    assert answer.report["error"]["code"] == "MP1040"
