"""Alertmanager's example: who is told, asked of amtool; what is silenced by what, asked of a real Alertmanager."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from grafana.generate import HERE, alerts
from grafana.generate.rule import Alert, Severity
from mailprobe.verdict import Actor
from tests.e2e.alerting.watching import ask, free_port, running

CONFIG = HERE / "alertmanager.yml"
DESKS = {Actor.MAIL_OPS: "mail_ops", Actor.PROVISIONING: "provisioning", Actor.IDENTITY: "identity", Actor.PROBER: "prober"}


def rule(name: str, **labels: str) -> Alert:
    found = [one for one in alerts() if one.name == name and labels.items() <= one.own_labels().items()]
    assert found, f"no rule {name} {labels}"
    return found[0]


def amtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["amtool", *words], capture_output=True, text=True, timeout=30, check=False)


def receiver(labels: dict[str, str]) -> str:
    words = [f"{name}={value}" for name, value in labels.items()]
    done = amtool("config", "routes", "test", f"--config.file={CONFIG}", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_example_is_valid() -> None:
    done = amtool("check-config", str(CONFIG))
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("one", alerts(), ids=lambda one: f"{one.name}-{one.severity}")
def test_every_alert_reaches_the_desk_that_must_act(one: Alert) -> None:
    told = receiver({"alertname": one.name, "carrier": "ill", **one.own_labels()})
    if one.name == "MailprobeWatchdog":
        assert told == "dead_mans_switch"
    elif one.severity is Severity.NONE:
        assert told == "nobody"
    elif one.actor is not None:
        assert told == f"{DESKS[one.actor]}_{'pager' if one.severity is Severity.PAGE else 'queue'}"


@pytest.mark.parametrize("actor", list(Actor))
def test_a_mailbox_goes_to_whom_its_verdict_names(actor: Actor) -> None:
    labels = {"alertname": "MailprobeMailboxDown", "severity": "ticket", "layer": "account", "actor": actor.value}
    assert receiver(labels) == f"{DESKS.get(actor, 'help_desk')}_queue"


def test_what_names_no_desk_is_still_told() -> None:
    assert receiver({"alertname": "Other", "severity": "page"}) == "prober_pager"
    assert receiver({"alertname": "Other"}) == "prober_queue"


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real one, with nobody beside it."""
    folder, port = tmp_path_factory.mktemp("alertmanager"), free_port()
    url = f"http://127.0.0.1:{port}"
    words = ["prometheus-alertmanager", f"--config.file={CONFIG}", f"--storage.path={folder}", "--cluster.listen-address="]
    with running(url, folder, *words, f"--web.listen-address=127.0.0.1:{port}"):
        yield url


def firing(name: str, carrier: str, severity: str = "", **more: str) -> dict[str, str]:
    labels = {"severity": severity} if severity else {}
    reach = {"reach": more["reach"]} if "reach" in more else {}
    return {"alertname": name, "carrier": carrier, **rule(name, **labels, **reach).own_labels(), **more}


Told = set[tuple[str, str]]  # names and severities


def told(url: str, case: str, several: list[dict[str, str]], expected: Told) -> Told:
    """Of these alerts, firing together, those that are not silenced. Alertmanager takes alerts in beside its answers, so it is
    asked until it says what is expected, and says so still a moment later; or for ten seconds."""
    ask(f"{url}/api/v2/alerts", [{"labels": one} for one in several])
    end, found, before = time.monotonic() + 10, set[tuple[str, str]](), None
    while time.monotonic() < end and not found == before == expected:
        time.sleep(0.1)
        before, found = found, unsilenced(url, case, len(several))
    clear = [{"labels": one, "endsAt": "2020-01-02T00:00:00Z", "startsAt": "2020-01-01T00:00:00Z"} for one in several]
    ask(f"{url}/api/v2/alerts", clear)
    return found


def unsilenced(url: str, case: str, count: int) -> Told:
    """Of the case's alerts, if so many are there and each was looked at."""
    seen = {one["fingerprint"]: one for one in json.loads(ask(f"{url}/api/v2/alerts"))}.values()
    mine = [one for one in seen if one["labels"].get("carrier", "").startswith(case)]
    if len(mine) != count or any(one["status"]["state"] == "unprocessed" for one in mine):
        return {("not looked at", "yet")}
    return {(one["labels"]["alertname"], one["labels"]["severity"]) for one in mine if not one["status"]["inhibitedBy"]}


PAGE, TICKET = "page", "ticket"
CASES: dict[str, tuple[list[tuple[str, str, dict[str, str]]], Told]] = {
    "dovecot stops": (
        [
            ("MailprobeControlDown", PAGE, {"control": "live", "vantage": "v"}),
            ("MailprobeCarrierFastBurn", PAGE, {}),
            ("MailprobeCarrierSlowBurn", PAGE, {}),
            ("MailprobeAuthFailureSurge", PAGE, {}),
            ("MailprobeGroupDown", PAGE, {"group": "a"}),
            ("MailprobeMailboxDown", TICKET, {"account": "tanaka", "actor": "mail_ops"}),
            ("MailprobeBreakerOpen", TICKET, {"vantage": "v"}),
        ],
        {("MailprobeControlDown", PAGE)},
    ),
    "a mailbox is deleted": (
        [("MailprobeMailboxDown", TICKET, {"account": "tanaka", "actor": "provisioning"})],
        {("MailprobeMailboxDown", TICKET)},
    ),
    "mailboxes are deleted by an import": (
        [
            ("MailprobeBounceSpike", PAGE, {"class": "unknown_user"}),
            ("MailprobeBouncesAtLowVolume", TICKET, {}),
            ("MailprobeCarrierFastBurn", PAGE, {}),
            ("MailprobeGroupDown", PAGE, {"group": "a"}),
            ("MailprobeMailboxDown", TICKET, {"account": "tanaka", "actor": "provisioning"}),
        ],
        {("MailprobeBounceSpike", PAGE)},
    ),
    "three mailboxes are deleted": (
        [
            ("MailprobeBouncesAtLowVolume", TICKET, {}),
            ("MailprobeMailboxDown", TICKET, {"account": "tanaka", "actor": "provisioning"}),
            ("MailprobeCarrierFastBurn", PAGE, {}),
        ],
        {("MailprobeBouncesAtLowVolume", TICKET), ("MailprobeCarrierFastBurn", PAGE)},
    ),
    "announced work": (
        [
            ("MailprobeMaintenance", "none", {}),
            ("MailprobeControlDown", PAGE, {"control": "live", "vantage": "v"}),
            ("MailprobeCarrierFastBurn", PAGE, {}),
            ("MailprobeCertificateExpiry", PAGE, {"endpoint": "imap.test:993"}),
        ],
        {("MailprobeMaintenance", "none"), ("MailprobeCertificateExpiry", PAGE)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_only_the_cause_is_told(case: str, alertmanager: str) -> None:
    several, expected = CASES[case]
    mine = [firing(name, case, severity, **more) for name, severity, more in several]
    assert told(alertmanager, case, mine, expected) == expected


def test_another_carriers_alerts_are_not_silenced(alertmanager: str) -> None:
    control = firing("MailprobeControlDown", "one carrier", control="live", vantage="v")
    expected = {("MailprobeControlDown", PAGE), ("MailprobeCarrierFastBurn", PAGE)}
    assert told(alertmanager, "one", [control, firing("MailprobeCarrierFastBurn", "one more")], expected) == expected


def test_our_own_trouble_silences_the_rest(alertmanager: str) -> None:
    ours = firing("MailprobeProberUnhealthy", "", "page", reach="every_vantage", vantage="v", check="resolver")
    others = [
        firing("MailprobeControlDown", "x", control="live", vantage="v"),
        firing("MailprobeCoverageLow", "x", vantage="v"),
        firing("MailprobeMailboxDown", "x", account="tanaka", actor="mail_ops"),
        firing("MailprobeSlotsLate", "x"),
        firing("MailprobeReloadFailed", "x"),
    ]
    ask(f"{alertmanager}/api/v2/alerts", [{"labels": ours}])
    expected = {("MailprobeReloadFailed", TICKET)}
    assert told(alertmanager, "x", others, expected) == expected
    ask(f"{alertmanager}/api/v2/alerts", [{"labels": ours, "endsAt": "2020-01-02T00:00:00Z", "startsAt": "2020-01-01T00:00:00Z"}])


def test_one_ill_vantage_silences_only_what_it_saw(alertmanager: str) -> None:
    ours = firing("MailprobeProberUnhealthy", "", "ticket", reach="one_vantage", vantage="ill", check="resolver")
    others = [
        firing("MailprobeCoverageLow", "y", vantage="ill"),
        firing("MailprobeControlDown", "y2", control="live", vantage="well"),
        firing("MailprobeMailboxDown", "y3", account="tanaka", actor="mail_ops"),
    ]
    ask(f"{alertmanager}/api/v2/alerts", [{"labels": ours}])
    expected = {("MailprobeControlDown", PAGE), ("MailprobeMailboxDown", TICKET)}
    assert told(alertmanager, "y", others, expected) == expected


def test_a_carrier_that_turns_us_away_silences_no_other(alertmanager: str) -> None:
    ours = firing("MailprobeProberUnhealthy", "", "page", reach="in_part", vantage="z", check="turned_away")
    others = [
        firing("MailprobeCoverageLow", "z1", vantage="z"),
        firing("MailprobeBreakerOpen", "z1", vantage="z"),
        firing("MailprobeControlDown", "z2", control="live", vantage="z"),
        firing("MailprobeCarrierFastBurn", "z3"),
    ]
    ask(f"{alertmanager}/api/v2/alerts", [{"labels": ours}])
    expected = {("MailprobeControlDown", PAGE), ("MailprobeCarrierFastBurn", PAGE)}
    assert told(alertmanager, "z", others, expected) == expected
