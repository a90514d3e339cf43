"""Alerts about ourselves."""

from __future__ import annotations

from tests.e2e.alerting.timeline import Moment, Timeline, climb, hold
from tests.e2e.alerting.timelines.series import AT, TARGET, healthy, prober

OF_THE_PROBER = (
    Timeline(
        "MailprobeWatchdog",
        "fires whatever happens",
        {"mailprobe_build_info": hold((1, 5))},
        (Moment("0m", (prober("none", "notice"),)), Moment("5m", (prober("none", "notice"),))),
    ),
    Timeline(
        "MailprobeAbsent",
        "a target that cannot be scraped for two minutes, not one missed scrape",
        {
            f"up{{{AT}}}": hold((1, 5), (0, 1), (1, 4), (0, 5), (1, 5)),
            'up{instance="other:1",job="node"}': hold((0, 20)),
        },
        (Moment("6m"), Moment("11m"), Moment("12m", (prober("page", **TARGET),)), Moment("16m")),
    ),
    Timeline(
        "MailprobeAbsent",
        "no target at all, under no name",
        {'up{instance="other:1",job="node"}': hold((1, 20)), "mailprobe_build_info": "_x9 1+0x9"},
        (Moment("1m"), Moment("5m", (prober("page"),)), Moment("12m")),
    ),
    Timeline(
        "MailprobeProberUnhealthy",
        "the only vantage fails a check",
        healthy("v", "resolver", hold((1, 5), (0, 6), (1, 5))) | healthy("v", "clock", hold((1, 16))),
        (
            Moment("6m"),
            Moment("8m", (prober("page", vantage="v", check="resolver", reach="every_vantage", **TARGET),)),
            Moment("12m"),
        ),
    ),
    Timeline(
        "MailprobeProberUnhealthy",
        "one vantage of two fails a check; being listed has an alert of its own",
        healthy("v", "resolver", hold((0, 6), (1, 5)))
        | healthy("w", "resolver", hold((1, 11)))
        | healthy("w", "block_list", hold((0, 11))),
        (
            Moment("1m"),
            Moment("3m", (prober("ticket", vantage="v", check="resolver", reach="one_vantage", **TARGET),)),
            Moment("7m"),
        ),
    ),
    Timeline(
        "MailprobeProberUnhealthy",
        "what voids only some verdicts says so",
        healthy("v", "turned_away", hold((1, 3), (0, 6), (1, 5)))
        | healthy("v", "witness", hold((1, 3), (0, 6), (1, 5)))
        | healthy("v", "name", hold((1, 3), (0, 1), (1, 10))),
        (
            Moment("4m"),
            Moment(
                "7m",
                (
                    prober("page", vantage="v", check="turned_away", reach="in_part", **TARGET),
                    prober("ticket", vantage="v", check="witness", reach="in_part", **TARGET),
                ),
            ),
            Moment("10m"),
        ),
    ),
    Timeline(
        "MailprobeStoreUnhealthy",
        "the disk is full for longer than a minute",
        {f"mailprobe_store_healthy{{{AT}}}": hold((1, 3), (0, 1), (1, 2), (0, 4), (1, 5))},
        (Moment("4m"), Moment("8m", (prober("page", **TARGET),)), Moment("11m")),
    ),
    Timeline(
        "MailprobeOwnAddressListed",
        "listed for five minutes; another check is not this alert's",
        healthy("v", "block_list", hold((1, 2), (0, 10), (1, 5))) | healthy("v", "resolver", hold((0, 17))),
        (
            Moment("6m"),
            Moment("8m", (prober("page", vantage="v", check="block_list", reach="in_part", **TARGET),)),
            Moment("13m"),
        ),
    ),
    Timeline(
        "MailprobeSlotsLate",
        "two slots in a hundred are later than ten seconds, for ten minutes",
        {
            f'mailprobe_slot_lateness_seconds_bucket{{{AT},le="1"}}': climb((100, 30), (98, 30), (100, 60)),
            f'mailprobe_slot_lateness_seconds_bucket{{{AT},le="10"}}': climb((100, 30), (98, 30), (100, 60)),
            f'mailprobe_slot_lateness_seconds_bucket{{{AT},le="60"}}': climb((100, 120)),
            f'mailprobe_slot_lateness_seconds_bucket{{{AT},le="+Inf"}}': climb((100, 120)),
            f"mailprobe_slot_lateness_seconds_count{{{AT}}}": climb((100, 120)),
            f"mailprobe_slots_skipped_total{{{AT}}}": climb((0.5, 120)),
        },
        (
            Moment("29m"),
            Moment("50m", (prober("ticket", "schedule", instance="mp:8025"),)),
            Moment("80m"),
        ),
    ),
    Timeline(
        "MailprobeSlotsLate",
        "two slots in a hundred are skipped",
        {
            f'mailprobe_slot_lateness_seconds_bucket{{{AT},le="1"}}': climb((100, 90)),
            f'mailprobe_slot_lateness_seconds_bucket{{{AT},le="+Inf"}}': climb((100, 90)),
            f"mailprobe_slot_lateness_seconds_count{{{AT}}}": climb((100, 90)),
            f"mailprobe_slots_skipped_total{{{AT}}}": climb((0, 20), (2, 30), (0, 40)),
        },
        (Moment("25m"), Moment("45m", (prober("ticket", "schedule", instance="mp:8025"),)), Moment("70m")),
    ),
    Timeline(
        "MailprobeForgedBounces",
        "a flood of forged ones, not one every two seconds",
        {
            f'mailprobe_bounces_rejected_total{{{AT},reason="forged"}}': climb((0, 10), (600, 20), (0, 20)),
            f'mailprobe_bounces_rejected_total{{{AT},reason="expired"}}': climb((30, 50)),
            f'mailprobe_bounces_rejected_total{{{AT},reason="store"}}': climb((600, 50)),
        },
        (
            Moment("12m"),
            Moment("20m", (prober("ticket", "notice", instance="mp:8025", reason="forged"),)),
            Moment("40m"),
        ),
    ),
    Timeline(
        "MailprobeOrphanCanaries",
        "left for a day; swept within one is fine",
        {f"mailprobe_orphan_canaries{{{AT}}}": hold((2, 12), (0, 6), (3, 30), (0, 6))},
        (Moment("17h"), Moment("43h", (prober("ticket", "notice", **TARGET),), ("3",)), Moment("49h")),
        step="1h",
    ),
    Timeline(
        "MailprobeReloadFailed",
        "the new configuration was refused",
        {f"mailprobe_config_last_reload_successful{{{AT}}}": hold((1, 3), (0, 4), (1, 4))},
        (Moment("2m"), Moment("5m", (prober("ticket", "notice", **TARGET),)), Moment("8m")),
    ),
)
