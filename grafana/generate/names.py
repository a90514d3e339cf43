"""Every metric that a rule or a dashboard may name, with its labels. What is not here cannot be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric of /metrics and the labels that it carries there."""

    name: str
    labels: frozenset[str]
    kind: Kind


# One a line: the kind, the name, its labels.
OURS = """
gauge      mailprobe_account_status                               account carrier status
gauge      mailprobe_account_info                                 account carrier group
gauge      mailprobe_account_verdict_info                         account carrier code actor
gauge      mailprobe_probe_success                                account probe vantage
gauge      mailprobe_probe_last_success_timestamp_seconds         account probe vantage
gauge      mailprobe_canary_last_roundtrip_seconds                account vantage
gauge      mailprobe_accounts                                     carrier group status
counter    mailprobe_probes_total                                 probe carrier vantage outcome
histogram  mailprobe_probe_duration_seconds                       probe carrier vantage
histogram  mailprobe_canary_roundtrip_seconds                     carrier vantage
counter    mailprobe_replies_total                                carrier class speaks_of
counter    mailprobe_bounces_total                                carrier class hard stage
gauge      mailprobe_bounced_mailboxes                            carrier class window
gauge      mailprobe_tested_mailboxes                             carrier window
counter    mailprobe_bounces_rejected_total                       reason
counter    mailprobe_canaries_sent_total                          carrier
counter    mailprobe_late_arrivals_total                          carrier
gauge      mailprobe_orphan_canaries
gauge      mailprobe_control_success                              carrier control vantage
gauge      mailprobe_prober_healthy                               vantage check
gauge      mailprobe_breaker_open                                 carrier vantage
counter    mailprobe_held_back_total                              carrier reason
gauge      mailprobe_maintenance                                  carrier
gauge      mailprobe_incident                                     carrier state
histogram  mailprobe_slot_lateness_seconds
counter    mailprobe_slots_skipped_total
gauge      mailprobe_last_result_timestamp_seconds                carrier
gauge      mailprobe_certificate_not_after_timestamp_seconds      carrier endpoint
gauge      mailprobe_event_loop_lag_seconds
gauge      mailprobe_store_healthy
gauge      mailprobe_store_commit_seconds
counter    mailprobe_metrics_dropped_total
gauge      mailprobe_config_last_reload_successful
gauge      mailprobe_build_info                                   version
"""
# What prometheus-client tells of its own process, and Prometheus of its target.
OTHERS = """
gauge      up
gauge      process_resident_memory_bytes
gauge      process_open_fds
gauge      process_max_fds
counter    process_cpu_seconds_total
"""
OF_THE_TARGET = frozenset({"job", "instance"})  # Prometheus adds them to every series that it scrapes
# Values of `check` that void only some verdicts, often of one carrier: the rest still counts, and is not silenced.
LISTED, BLOCKED, LESSER = "block_list", "turned_away", ("name", "witness")


def families(text: str = OURS + OTHERS) -> tuple[Family, ...]:
    """The table above as values."""
    rows = [line.split() for line in text.split("\n") if line]
    return tuple(Family(name, frozenset(labels), Kind(kind)) for kind, name, *labels in rows)


def series() -> dict[str, frozenset[str]]:
    """Every name that a selector may hold, with the labels found there."""
    found: dict[str, frozenset[str]] = {}
    for family in families():
        labels = family.labels | OF_THE_TARGET
        if family.kind is not Kind.HISTOGRAM:
            found[family.name] = labels
            continue
        found |= {f"{family.name}_sum": labels, f"{family.name}_count": labels, f"{family.name}_bucket": labels | {"le"}}
    return found
