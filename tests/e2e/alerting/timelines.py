"""A timeline per alert: it fires, what is only like it does not, and it resolves."""

from __future__ import annotations

from tests.e2e.alerting.timeline import Labels, Moment, Timeline, climb, hold

ILL, WELL = 'carrier="ill"', 'carrier="well"'
TARGET: Labels = {"instance": "mp:8025", "job": "mailprobe"}
AT = 'instance="mp:8025",job="mailprobe"'


def prober(severity: str, layer: str = "prober", **more: str) -> Labels:
    return {"severity": severity, "layer": layer, "actor": "prober", **more}


def mail_ops(severity: str, layer: str, **more: str) -> Labels:
    return {"severity": severity, "layer": layer, "actor": "mail_ops", "carrier": "ill", **more}


def probes(carrier: str, outcome: str, values: str, probe: str = "mx") -> dict[str, str]:
    return {f'mailprobe_probes_total{{probe="{probe}",carrier="{carrier}",vantage="v",outcome="{outcome}"}}': values}


def bounced(carrier: str, cls: str, values: str, window: str = "10m") -> dict[str, str]:
    return {f'mailprobe_bounced_mailboxes{{carrier="{carrier}",class="{cls}",window="{window}"}}': values}


def tested(carrier: str, values: str) -> dict[str, str]:
    return {f'mailprobe_tested_mailboxes{{carrier="{carrier}",window="10m"}}': values}


def healthy(vantage: str, check: str, values: str) -> dict[str, str]:
    return {f'mailprobe_prober_healthy{{{AT},vantage="{vantage}",check="{check}"}}': values}


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

OF_CARRIERS = (
    Timeline(
        "MailprobeMaintenance",
        "while the window is open",
        {f"mailprobe_maintenance{{{ILL}}}": hold((0, 3), (1, 3), (0, 3)), f"mailprobe_maintenance{{{WELL}}}": hold((0, 9))},
        (
            Moment("2m"),
            Moment("4m", ({"severity": "none", "layer": "notice", "actor": "nobody", "carrier": "ill"},)),
            Moment("7m"),
        ),
    ),
    Timeline(
        "MailprobeMaintenanceOverrun",
        "four hours, not three",
        {
            f"mailprobe_maintenance{{{ILL}}}": hold((1, 30), (0, 2)),
            f"mailprobe_maintenance{{{WELL}}}": hold((1, 18), (0, 14)),
        },
        (Moment("230m"), Moment("250m", (mail_ops("ticket", "notice", window="open"),)), Moment("300m")),
        step="10m",
    ),
    Timeline(
        "MailprobeMaintenanceOverrun",
        "the window is over and a control still fails; elsewhere all is well again, or there was no window",
        {f"mailprobe_maintenance{{{one}}}": hold((1, 30), (0, 60)) for one in (ILL, WELL)}
        | {
            f'mailprobe_control_success{{{ILL},control="live",vantage="v"}}': hold((0, 50), (1, 40)),
            f'mailprobe_control_success{{{WELL},control="live",vantage="v"}}': hold((0, 29), (1, 61)),
            'mailprobe_control_success{carrier="other",control="live",vantage="v"}': hold((0, 90)),
            'mailprobe_maintenance{carrier="other"}': hold((0, 90)),
        },
        (Moment("29m"), Moment("40m", (mail_ops("ticket", "notice", window="ended"),)), Moment("52m")),
    ),
    Timeline(
        "MailprobeControlDown",
        "the known good account fails for two minutes",
        {
            f'mailprobe_control_success{{{ILL},control="live",vantage="v"}}': hold((1, 5), (0, 5), (1, 5)),
            f'mailprobe_control_success{{{WELL},control="live",vantage="v"}}': hold((1, 6), (0, 1), (1, 8)),
        },
        (
            Moment("6m"),
            Moment("8m", (mail_ops("page", "control", control="live", vantage="v"),)),
            Moment("11m"),
        ),
    ),
    Timeline(
        "MailprobeCarrierFastBurn",
        "half of the probes are bad; one in a hundred is not, nor is an ill carrier that is hardly asked",
        probes("ill", "bad", climb((0, 120), (50, 60), (0, 120)))
        | probes("ill", "good", climb((100, 120), (50, 60), (100, 120)))
        | probes("well", "bad", climb((1, 300)))
        | probes("well", "good", climb((99, 300)))
        | probes("small", "bad", climb((1, 300))),
        (
            Moment("121m"),
            Moment("170m", (mail_ops("page", "symptom", window="1h"),), ("41.67%",)),
            Moment("200m"),
        ),
    ),
    Timeline(
        "MailprobeCarrierSlowBurn",
        "one in ten for six hours is a page; and soon a ticket too, which Alertmanager silences",
        probes("ill", "bad", climb((0, 12), (50, 72), (0, 72)))
        | probes("ill", "good", climb((500, 12), (450, 72), (500, 72)))
        | probes("well", "bad", climb((1, 156)))
        | probes("well", "good", climb((499, 156))),
        (
            Moment("1h"),
            Moment(
                "7h",
                (mail_ops("page", "symptom", window="6h"), mail_ops("ticket", "symptom", window="3d")),
                ("10%", "8.571%"),
            ),
            Moment("13h"),
        ),
        step="5m",
    ),
    Timeline(
        "MailprobeAuthFailureSurge",
        "a third of the sign-ins is refused while the control signs in; where it does not, it is the servers",
        probes("ill", "good", climb((30, 120), (20, 30), (30, 60)), "imap")
        | probes("ill", "bad", climb((0, 120), (10, 30), (0, 60)), "imap")
        | probes("well", "good", climb((30, 210)), "imap")
        | probes("well", "bad", climb((2, 210)), "imap")
        | probes("off", "good", climb((30, 120), (0, 90)), "imap")
        | probes("off", "bad", climb((0, 120), (30, 90)), "imap")
        | {
            f'mailprobe_control_success{{{ILL},control="live",vantage="v"}}': hold((1, 210)),
            'mailprobe_control_success{carrier="off",control="live",vantage="v"}': hold((1, 120), (0, 90)),
        },
        (
            Moment("119m"),
            Moment("140m", ({"severity": "page", "layer": "cause", "actor": "identity", "carrier": "ill"},), ("33.33%",)),
            Moment("170m"),
        ),
    ),
    Timeline(
        "MailprobeNoResults",
        "silence for a quarter of an hour where results came every five minutes; an account asked once an hour is not silent",
        {
            f"mailprobe_last_result_timestamp_seconds{{{ILL}}}": f"{climb((300, 60))} {hold((17700, 8))} 20400+300x12",
            f"mailprobe_last_result_timestamp_seconds{{{WELL}}}": hold(*((hour * 3600, 12) for hour in range(7))),
        },
        (
            Moment("305m"),
            Moment("325m", (prober("ticket", "symptom", carrier="ill"),)),
            Moment("345m"),
        ),
        step="5m",
    ),
    Timeline(
        "MailprobeNoResults",
        "no result ever",
        {
            f'mailprobe_accounts{{{ILL},group="",status="unknown"}}': hold((5, 120)),
            f"mailprobe_last_result_timestamp_seconds{{{ILL}}}": "_x60 3600+60x60",
        },
        (
            Moment("20m"),
            Moment("40m", (prober("ticket", "symptom", carrier="ill"),)),
            Moment("65m"),
        ),
    ),
    Timeline(
        "MailprobeCoverageLow",
        "one in five could not tell; what politeness held back does not count",
        probes("ill", "good", climb((20, 30), (16, 60), (20, 60)))
        | probes("ill", "unknown", climb((0, 30), (4, 60), (0, 60)))
        | probes("well", "good", climb((20, 150)))
        | probes("well", "held", climb((20, 150))),
        (
            Moment("30m"),
            Moment("80m", (prober("ticket", "symptom", carrier="ill", vantage="v"),), ("80%",)),
            Moment("120m"),
        ),
    ),
    Timeline(
        "MailprobeBreakerOpen",
        "half an hour, not a minute",
        {
            f'mailprobe_breaker_open{{{ILL},vantage="v"}}': hold((0, 5), (1, 40), (0, 5)),
            f'mailprobe_breaker_open{{{WELL},vantage="v"}}': hold((0, 5), (1, 1), (0, 44)),
        },
        (Moment("30m"), Moment("36m", (mail_ops("ticket", "symptom", vantage="v"),)), Moment("46m")),
    ),
    Timeline(
        "MailprobeCertificateExpiry",
        "three weeks, one week, one day; renewed, it is over",
        {
            f'mailprobe_certificate_not_after_timestamp_seconds{{{ILL},endpoint="imap.test:993"}}': hold(
                (30 * 86400, 178), (120 * 86400, 6)
            ),
            f'mailprobe_certificate_not_after_timestamp_seconds{{{WELL},endpoint="imap.test:993"}}': hold((90 * 86400, 184)),
        },
        (
            Moment("8d"),
            Moment("10d", (mail_ops("ticket", "notice", endpoint="imap.test:993", within="21d"),), ("20d 0h 0m 0s",)),
            Moment("25d", (mail_ops("ticket", "notice", endpoint="imap.test:993", within="7d"),), ("5d 0h 0m 0s",)),
            Moment("708h", (mail_ops("page", "notice", endpoint="imap.test:993", within="1d"),), ("12h 0m 0s",)),
            Moment("716h"),
        ),
        step="4h",
    ),
)

WEEK = 7 * 24  # steps of an hour


def spike(actor: str, cls: str) -> Labels:
    return {"severity": "page", "layer": "cause", "actor": actor, "carrier": "ill", "class": cls}


def account(name: str, carrier: str, status: str, values: str) -> dict[str, str]:
    return {f'mailprobe_account_status{{{AT},account="{name}",carrier="{carrier}",status="{status}"}}': values}


def verdict(name: str, code: str, actor: str) -> dict[str, str]:
    labels = f'{AT},account="{name}",carrier="ill",code="{code}",actor="{actor}"'
    return {f"mailprobe_account_verdict_info{{{labels}}}": hold((1, 9))}


OF_MAILBOXES = (
    Timeline(
        "MailprobeBounceSpike",
        "no history: surely more than 5 %; 3 % is none, nor are six of six, nor a single tenth of a small number",
        bounced("ill", "unknown_user", hold((0, 20), (20, 15), (0, 40)))
        | tested("ill", hold((200, 75)))
        | bounced("well", "unknown_user", hold((0, 20), (12, 55)))
        | tested("well", hold((400, 75)))
        | bounced("small", "unknown_user", hold((6, 75)))
        | tested("small", hold((6, 75))),
        (
            Moment("20m"),
            Moment("25m", (spike("provisioning", "unknown_user"),), ("6.567%",)),
            Moment("45m", (spike("provisioning", "unknown_user"),), ("6.567%",)),  # kept for a while, so that it does not flap
            Moment("60m"),
        ),
    ),
    Timeline(
        "MailprobeBounceSpike",
        "full mailboxes are for the mail servers' desk; refusals of our own mail for ours",
        bounced("ill", "mailbox_full", hold((30, 10), (0, 30)))
        | bounced("ill", "blocked_sender_reputation", hold((60, 10), (0, 30)))
        | tested("ill", hold((100, 40))),
        (
            Moment("1m"),
            Moment("5m", (spike("mail_ops", "mailbox_full"), spike("prober", "blocked_sender_reputation")), ("21.89%", "50.2%")),
            Moment("39m"),
        ),
    ),
    Timeline(
        "MailprobeBounceSpike",
        "a week of history: five of a hundred is usual at one carrier, and four times as much as ever at another",
        bounced("ill", "unknown_user", hold((2, WEEK), (24, 3), (2, 10)))
        | tested("ill", hold((200, WEEK + 13)))
        | bounced("well", "unknown_user", hold((16, WEEK), (26, 3), (16, 10)))
        | tested("well", hold((200, WEEK + 13))),
        (
            Moment("167h"),
            Moment("170h", (spike("provisioning", "unknown_user"),), ("8.198%",)),
            Moment("175h"),
        ),
        step="1h",
    ),
    Timeline(
        "MailprobeBounceSpike",
        "a class that is only seen now is compared with a week in which nothing bounced",
        bounced("ill", "mailbox_disabled", f"_x{WEEK} {hold((14, 3), (0, 10))}") | tested("ill", hold((200, WEEK + 13))),
        (
            Moment("167h"),
            Moment("170h", (spike("provisioning", "mailbox_disabled"),), ("4.215%",)),
            Moment("175h"),
        ),
        step="1h",
    ),
    Timeline(
        "MailprobeBouncesAtLowVolume",
        "three mailboxes that never bounced; five that always did are no news, two are not enough, full ones are not gone",
        bounced("ill", "unknown_user", hold((0, 150), (3, 6), (0, 2)), "1h")
        | bounced("well", "unknown_user", hold((5, 150), (7, 8)), "1h")
        | bounced("full", "mailbox_full", hold((0, 150), (9, 8)), "1h"),
        (
            Moment("1490m"),
            Moment(
                "1520m",
                ({"severity": "ticket", "layer": "cause", "actor": "provisioning", "carrier": "ill"},),
                ("3",),
            ),
            Moment("1560m"),
        ),
        step="10m",
    ),
    Timeline(
        "MailprobeGroupDown",
        "a quarter of a shard; not four mailboxes of four",
        {
            f'mailprobe_accounts{{{ILL},group="shard-1",status="down"}}': hold((0, 5), (10, 5), (0, 5)),
            f'mailprobe_accounts{{{ILL},group="shard-1",status="ok"}}': hold((40, 5), (30, 5), (40, 5)),
            f'mailprobe_accounts{{{WELL},group="shard-2",status="down"}}': hold((4, 15)),
            f'mailprobe_accounts{{{WELL},group="shard-3",status="down"}}': hold((5, 15)),
            f'mailprobe_accounts{{{WELL},group="shard-3",status="ok"}}': hold((35, 15)),
        },
        (Moment("6m"), Moment("8m", (mail_ops("page", "symptom", group="shard-1"),), ("25%",)), Moment("11m")),
    ),
    Timeline(
        "MailprobeMailboxDown",
        "who must act comes from the verdict; degraded is no alert",
        account("tanaka", "ill", "down", hold((0, 3), (1, 3), (0, 3)))
        | account("sato", "ill", "down", hold((0, 9)))
        | account("sato", "ill", "degraded", hold((1, 9)))
        | verdict("tanaka", "directory_out_of_sync", "provisioning")
        | verdict("sato", "mailbox_full", "customer"),
        (
            Moment("2m"),
            Moment(
                "4m",
                (
                    {
                        "severity": "ticket",
                        "layer": "account",
                        "actor": "provisioning",
                        "carrier": "ill",
                        "account": "tanaka",
                        "code": "directory_out_of_sync",
                    },
                ),
            ),
            Moment("7m"),
        ),
    ),
)
TIMELINES = OF_THE_PROBER + OF_CARRIERS + OF_MAILBOXES
