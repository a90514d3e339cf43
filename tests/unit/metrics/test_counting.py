"""Events and states, counted: names and labels as the plan has them, and what must not be counted twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge

import mailprobe
from mailprobe.bounces.door import Reason
from mailprobe.evidence import Of, Stage, Withheld
from mailprobe.incident import OPEN, State
from mailprobe.metrics import BounceStage, Expected, Metrics, Outcome, Slots, Window, negotiate, stage_of
from mailprobe.metrics.exposition import PIECE, PLAIN, families
from mailprobe.metrics.recent import Recent, watch_loop
from mailprobe.replies import ReplyClass, SpeaksOf
from tests.unit.metrics.given_rows import NOW, OPENMETRICS, metrics, named, row, samples, samples_in, scraped, value

README = Path(mailprobe.__file__).parent.parent / "README.md"
PLAN = """
account_status account carrier status
account_info account carrier group
account_verdict_info account carrier code actor
probe_success account probe vantage
probe_last_success_timestamp_seconds account probe vantage
canary_last_roundtrip_seconds account vantage
accounts carrier group status
probes_total probe carrier vantage outcome
probe_duration_seconds_bucket probe carrier vantage le
canary_roundtrip_seconds_bucket carrier vantage le
replies_total carrier class speaks_of
bounces_total carrier class hard stage
bounced_mailboxes carrier class window
tested_mailboxes carrier window
bounces_rejected_total reason
canaries_sent_total carrier
late_arrivals_total carrier
orphan_canaries
control_success carrier control vantage
prober_healthy vantage check
breaker_open carrier vantage
held_back_total carrier reason
maintenance carrier
incident carrier state
slot_lateness_seconds_bucket le
slots_skipped_total
last_result_timestamp_seconds carrier
certificate_not_after_timestamp_seconds carrier endpoint
event_loop_lag_seconds
store_healthy
store_commit_seconds
metrics_dropped_total
config_last_reload_successful
build_info version
"""


def busy() -> Metrics:
    """Everything has happened once."""
    of = metrics([row()])
    of.probe_ended("mx", "lab", "tokyo", Outcome.GOOD, 0.3)
    of.result_stored("lab", NOW)
    of.reply("lab", ReplyClass.UNKNOWN_USER, SpeaksOf.RECIPIENT)
    of.held_back("lab", Withheld.BUDGET_SPENT)
    of.slot_began(0.02)
    of.slots_skipped(3)
    of.canary_sent("lab")
    of.canary_arrived("lab", "tokyo", 700.0, late=True)
    of.orphan_canaries(2)
    of.bounce("lab", ReplyClass.UNKNOWN_USER, True, BounceStage.RCPT, "m1", NOW)
    of.bounce_rejected(Reason.FORGED)
    of.bounced_mailboxes({("lab", ReplyClass.UNKNOWN_USER, Window.HOUR): 4})
    of.tested_mailboxes({("lab", Window.HOUR): 90})
    of.control("lab", Of.LIVE, "tokyo", True)
    of.breaker("lab", "tokyo", True)
    of.maintenance("lab", False)
    of.expect(Expected(carriers=("lab",), incidents=tuple(sorted(OPEN))))
    of.incident("lab", State.CONFIRMED)
    of.certificates({("lab", "imap.lab.test:993"): NOW + 86_400})
    of.prober_check("tokyo", "resolver", False)
    of.loop_lag(0.25)
    of.store_committed(0.004)
    return of


def test_every_family_of_the_plan_is_there_with_its_labels() -> None:
    found = samples(busy())
    for line in PLAN.strip().splitlines():
        name, *labels = line.split()
        seen = {frozenset(one) for one in named(found, name)}
        assert seen == {frozenset(labels)}, name


def test_the_readme_has_every_family_with_its_labels() -> None:
    rows = [line.split("|")[1:3] for line in README.read_text("utf-8").splitlines() if line.startswith("| `")]
    written = {
        name: set(filter(None, labels.strip().split(", "))) for names, labels in rows for name in re.findall("`([a-z_]+)`", names)
    }
    for line in PLAN.strip().splitlines():
        name, *labels = line.removesuffix(" le").split()
        assert written.get(name.removesuffix("_bucket")) == set(labels), name


def test_nothing_of_ours_is_there_that_the_plan_does_not_have() -> None:
    planned = {line.split()[0].removesuffix("_bucket") for line in PLAN.strip().splitlines()}
    ours = {name.removeprefix("mailprobe_") for name, _ in samples(busy()) if name.startswith("mailprobe_")}
    stems = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in ours}
    assert stems == planned
    others = {name.partition("_")[0] for name, _ in samples(busy())}
    assert others <= {"mailprobe", "process", "python"}


def test_an_incident_is_in_one_state_only() -> None:
    of = busy()
    assert states(of) == {"suspected": 0, "confirmed": 1}
    of.incident("lab", None)
    assert states(of) == {"suspected": 0, "confirmed": 0}


def states(of: Metrics) -> dict[str, float]:
    return {dict(labels)["state"]: said for (name, labels), said in samples(of).items() if name == "mailprobe_incident"}


def test_what_people_are_shown_is_what_prometheus_is_told() -> None:
    of = busy()
    of.slot_began(1.5)
    assert of.held_so_far() == {("lab", Withheld.BUDGET_SPENT.value): 1}
    assert of.slots_so_far() == Slots(begun=2, late=1, skipped=3)


def test_both_formats_say_the_same() -> None:
    of = busy()
    one, other = samples(of), samples(of, OPENMETRICS)
    moving = ("process_", "python_")
    assert {key: said for key, said in one.items() if not key[0].startswith(moving)} == {
        key: said for key, said in other.items() if not key[0].startswith(moving)
    }
    assert {key for key in one if key[0].startswith(moving)} == {key for key in other if key[0].startswith(moving)}


def test_the_format_is_the_one_that_is_asked_for_and_plain_for_nonsense() -> None:
    assert negotiate(OPENMETRICS).content_type.startswith("application/openmetrics-text")
    assert negotiate("").content_type.startswith("text/plain; version=0.0.4")
    assert negotiate("application/openmetrics-text;version=x.y").content_type.startswith("text/plain; version=0.0.4")
    assert negotiate("*/*, ;;q=,").content_type.startswith("text/plain; version=0.0.4")
    assert scraped(busy(), OPENMETRICS).endswith("# EOF\n")
    assert scraped(busy(), OPENMETRICS).count("# EOF") == 1
    assert "# EOF" not in scraped(busy())


def test_what_was_held_has_no_duration() -> None:
    of = metrics()
    of.probe_ended("mx", "lab", "tokyo", Outcome.HELD, 0.0)
    found = samples(of)
    where = {"probe": "mx", "carrier": "lab", "vantage": "tokyo"}
    assert value(found, "probes_total", **where, outcome="held") == 1
    assert value(found, "probe_duration_seconds_count", **where) is None


def test_an_account_counts_once_a_day_whatever_comes_back() -> None:
    of = metrics()

    def bounce(mailbox: str, at: float, cls: ReplyClass = ReplyClass.UNKNOWN_USER) -> bool:
        return of.bounce("lab", cls, True, BounceStage.AFTER_ACCEPTANCE, mailbox, at)

    midnight = NOW - NOW % 86_400 + 86_400
    assert bounce("m1", NOW)
    assert not bounce("m1", NOW + 60)
    assert not bounce("m1", NOW + 60, ReplyClass.MAILBOX_FULL)
    assert bounce("m2", NOW)
    assert not bounce("m1", midnight - 0.1)
    assert bounce("m1", midnight)
    assert not bounce("m3", midnight - 0.1)  # told after midnight of the day before: that day is closed
    found = samples(of)
    labels = {"carrier": "lab", "class_": "unknown_user", "hard": "true", "stage": "after_acceptance"}
    assert value(found, "bounces_total", **labels) == 3
    again = metrics()
    again.bounced_before(["m1"], NOW)
    assert not again.bounce("lab", ReplyClass.UNKNOWN_USER, True, BounceStage.RCPT, "m1", NOW + 1)


def test_stages_of_a_refusal() -> None:
    assert [stage_of(one) for one in (Stage.RCPT, Stage.MAIL, Stage.DATA, Stage.END_OF_DATA, Stage.AFTER_ACCEPTANCE)] == [
        "rcpt",
        "rcpt",
        "data",
        "data",
        "after_acceptance",
    ]


def test_what_the_store_counts_no_more_is_zero_and_a_certificate_that_is_gone_is_gone() -> None:
    of = busy()
    of.bounced_mailboxes({("lab", ReplyClass.MAILBOX_FULL, Window.TEN_MINUTES): 1})
    of.tested_mailboxes({})
    of.certificates({("lab", "mx.lab.test:25"): NOW})
    found = samples(of)
    assert value(found, "bounced_mailboxes", carrier="lab", class_="unknown_user", window="1h") == 0
    assert value(found, "bounced_mailboxes", carrier="lab", class_="mailbox_full", window="10m") == 1
    assert value(found, "tested_mailboxes", carrier="lab", window="1h") == 0
    assert [one["endpoint"] for one in named(found, "certificate_not_after_timestamp_seconds")] == ["mx.lab.test:25"]


def test_a_control_of_which_nothing_is_known_has_no_series() -> None:
    of = busy()
    of.control("lab", Of.DEAD, "tokyo", False)
    of.control("lab", Of.LIVE, "tokyo", None)
    assert [one["control"] for one in named(samples(of), "control_success")] == ["dead"]


def test_what_is_expected_starts_at_zero_and_what_is_gone_goes() -> None:
    of = metrics()
    held, rejected = tuple(Withheld), tuple(Reason)
    replies = ((ReplyClass.ACCEPTED, SpeaksOf.RECIPIENT),)
    bounces = ((ReplyClass.UNKNOWN_USER, True),)
    expected = Expected(["lab", "other"], ["mx", "imap"], ["tokyo"], replies, bounces, held, rejected)
    of.expect(expected)
    of.probe_ended("mx", "lab", "tokyo", Outcome.BAD, 1.0)
    of.expect(expected)
    found = samples(of)
    assert value(found, "probes_total", probe="mx", carrier="lab", vantage="tokyo", outcome="bad") == 1
    assert value(found, "probes_total", probe="imap", carrier="other", vantage="tokyo", outcome="our_fault") == 0
    assert value(found, "bounces_total", carrier="lab", class_="unknown_user", hard="true", stage="data") == 0
    assert value(found, "bounced_mailboxes", carrier="other", class_="unknown_user", window="10m") == 0
    assert value(found, "held_back_total", carrier="lab", reason="budget_spent") == 0
    assert value(found, "bounces_rejected_total", reason="forged") == 0
    of.forget(["lab"])
    assert {dict(labels).get("carrier") for _, labels in samples(of)} == {None, "other"}


def test_a_large_family_of_the_library_comes_in_pieces_and_is_one_family() -> None:
    registry = CollectorRegistry()
    gauge = Gauge("many", "Very many # of them.", ["n"], registry=registry)
    for number in range(3 * PIECE + 1):
        gauge.labels(number).set(number)
    pieces = list(families(registry, PLAIN))
    assert [piece.count(b"\nmany{") + piece.startswith(b"many{") for piece in pieces] == [PIECE, PIECE, PIECE, 1]
    assert len(samples_in(b"".join(pieces).decode())) == 3 * PIECE + 1


def test_the_largest_of_the_last_minute_goes_after_a_minute() -> None:
    clock = [0.0]
    recent = Recent(clock=lambda: clock[0])
    assert recent.largest() == 0.0
    for clock[0], seconds in ((0.0, 0.2), (10.0, 0.9), (20.0, 0.1), (30.0, 0.4)):
        recent.add(seconds)
    shown = []
    for clock[0] in (30.0, 70.0, 71.0, 90.0, 91.0):
        shown.append(recent.largest())
    assert shown == [0.9, 0.9, 0.4, 0.4, 0.0]


async def test_the_loop_is_watched() -> None:
    now = 0.0
    told: list[float] = []

    class Enough(Exception):
        pass

    async def sleep(seconds: float) -> None:
        nonlocal now
        if len(told) == 3:
            raise Enough
        now += seconds + 0.5 * len(told)

    with pytest.raises(Enough):
        await watch_loop(told.append, lambda: now, sleep)
    assert [round(one, 6) for one in told] == [0.0, 0.5, 1.0]
