"""The rules in a real Prometheus with a real Alertmanager, hours passing in a minute: the right alert, and only it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.alerting.pretended import Pretended, served, well
from tests.e2e.alerting.questions import unanswered
from tests.e2e.alerting.watching import Told, Watch, watched

SCALE = 1 / 60
SOON = 30.0
CONTROL = 'mailprobe_control_success{carrier="lab"'
BOUNCED = 'mailprobe_bounced_mailboxes{carrier="lab",class="unknown_user"'


@dataclass(frozen=True)
class Lab:
    shown: Pretended
    watch: Watch


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    shown = well()
    with served(shown) as target, watched(target, tmp_path_factory.mktemp("watching"), SCALE) as watch:
        watch.until(set(), SOON)
        yield Lab(shown, watch)


def test_what_is_pretended_is_what_promtool_calls_metrics() -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=well().page(), capture_output=True, text=True, check=False)
    assert "error" not in done.stderr, done.stderr


def test_servers_fail_and_are_mended(lab: Lab) -> None:
    lab.shown.gauges[CONTROL] = 0
    lab.watch.until({Told("MailprobeControlDown", "page", "lab")}, SOON)
    lab.shown.gauges[CONTROL] = 1
    lab.watch.until(set(), SOON)


def test_mailboxes_bounce_and_are_mended(lab: Lab) -> None:
    lab.shown.gauges[BOUNCED] = 60
    lab.watch.until({Told("MailprobeBounceSpike", "page", "lab")}, SOON)
    lab.shown.gauges[BOUNCED] = 0
    lab.watch.until(set(), 2 * SOON)


def test_a_mailbox_is_lost_and_found(lab: Lab) -> None:
    down = 'mailprobe_account_status{account="tanaka",carrier="lab",status="down"}'
    lab.shown.gauges[down] = 1
    lab.watch.until({Told("MailprobeMailboxDown", "ticket", "lab", "tanaka")}, SOON)
    lab.shown.gauges[down] = 0
    lab.watch.until(set(), SOON)


def test_forged_bounces_flood_the_receiver(lab: Lab) -> None:
    rejected = "mailprobe_bounces_rejected_total"
    lab.shown.rates[rejected] = 200
    lab.watch.until({Told("MailprobeForgedBounces", "ticket")}, SOON)
    lab.shown.rates[rejected] = 0
    lab.watch.until(set(), SOON)


def test_the_prober_is_ill_and_nothing_else_is_told(lab: Lab) -> None:
    resolver = 'mailprobe_prober_healthy{check="resolver"'
    lab.shown.gauges |= {resolver: 0, CONTROL: 0}
    lab.watch.until({Told("MailprobeProberUnhealthy", "page")}, SOON)
    lab.shown.gauges |= {resolver: 1, CONTROL: 1}
    lab.watch.until(set(), SOON)


def test_every_question_has_an_answer(lab: Lab) -> None:
    assert [one for one in unanswered(lab.watch) if "process_" not in one] == []
