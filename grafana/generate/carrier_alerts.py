"""Alerts about a carrier and its mailboxes."""

from __future__ import annotations

from grafana.generate.recording import classes
from grafana.generate.rule import Alert, Group, Layer, Severity
from mailprobe.verdict import Actor

# One judged probe in a hundred may be bad: single ill mailboxes are customers' troubles and have an alert of their own.
BUDGET = 0.01
JUDGED = 100  # probes in an hour, below which a ratio says little
CARRIER = "?carrier={{ $labels.carrier }}"
MANY = 0.2  # of a group's mailboxes, five at least
DAY = 86400
GAP = "time() - carrier:mailprobe_last_result:max"


def burns(name: str, factor: float, long: str, short: str, severity: Severity, wait: str) -> Alert:
    """The error budget is spent `factor` times too fast, over a long window and still now (SRE workbook, chapter 5)."""
    bound = f"{factor} * {BUDGET}"
    return Alert(
        name=name,
        expr=f"""
            carrier:mailprobe_bad:ratio_rate{long} > {bound}
            and carrier:mailprobe_bad:ratio_rate{short} > {bound}
            and carrier:mailprobe_judged:increase1h > {JUDGED}
        """,
        wait=wait,
        severity=severity,
        layer=Layer.SYMPTOM,
        actor=Actor.MAIL_OPS,
        labels=(("window", long),),
        summary="{{ $labels.carrier }}: {{ $value | humanizePercentage }} of the judged probes were bad over the last " + long,
        first_action="Open the dashboard Fleet for the carrier: which probe, which group, since when? Ask what was changed then.",
        about=CARRIER,
    )


def certificate(below: int, above: int, severity: Severity) -> Alert:
    left = "mailprobe_certificate_not_after_timestamp_seconds - time()"
    floor = f"\nand {left} >= {above * DAY}" if above else ""
    return Alert(
        name="MailprobeCertificateExpiry",
        expr=f"{left} < {below * DAY}{floor}",
        wait="5m",
        severity=severity,
        layer=Layer.NOTICE,
        actor=Actor.MAIL_OPS,
        labels=(("within", f"{below}d"),),
        summary="The certificate of {{ $labels.endpoint }} ({{ $labels.carrier }}) has {{ $value | humanizeDuration }} left",
        first_action="Have it renewed, and the servers reload it: every one behind the name, not only the first.",
        about=CARRIER,
    )


def overrun(why: str, expr: str, wait: str, summary: str) -> Alert:
    """Work that takes longer than was said: the window stays open, or it ended and the carrier is not well."""
    return Alert(
        name="MailprobeMaintenanceOverrun",
        expr=expr,
        wait=wait,
        severity=Severity.TICKET,
        layer=Layer.NOTICE,
        actor=Actor.MAIL_OPS,
        labels=(("window", why),),
        summary=summary,
        first_action="Ask who opened the window; close it, or state how long it really takes.",
        about=CARRIER,
    )


CARRIERS = Group(
    "mailprobe-carrier-alerts",
    (
        Alert(
            name="MailprobeMaintenance",
            expr="max by (carrier) (mailprobe_maintenance) == 1",
            severity=Severity.NONE,
            layer=Layer.NOTICE,
            actor=Actor.NOBODY,
            summary="{{ $labels.carrier }} is in a maintenance window: its other alerts are silenced",
            first_action="None; it ends with the window.",
            about=CARRIER,
        ),
        overrun(
            "open",
            "max by (carrier) (mailprobe_maintenance) == 1",
            "4h",
            "{{ $labels.carrier }} has been in maintenance for four hours, and nobody is alerted meanwhile",
        ),
        overrun(
            "ended",
            f"""
                max by (carrier) (max_over_time(mailprobe_maintenance[{{1h}}])) == 1
                unless on (carrier) max by (carrier) (mailprobe_maintenance) == 1
                and on (carrier) (
                  min by (carrier) (mailprobe_control_success) == 0
                  or max by (carrier) (carrier_group:mailprobe_down:ratio) >= {MANY}
                )
            """,
            "2m",
            "{{ $labels.carrier }}: the maintenance window is over, and what was worked on is still ill",
        ),
        Alert(
            name="MailprobeIncident",
            expr='max by (carrier) (mailprobe_incident{state="confirmed"}) == 1',
            severity=Severity.PAGE,
            layer=Layer.NOTICE,
            actor=Actor.MAIL_OPS,
            summary="{{ $labels.carrier }}: an incident is confirmed, and every agent is shown it",
            first_action="Open the console's incidents: who has it, what are callers told, until when? Resolve it when it ends.",
            about=CARRIER,
        ),
        Alert(
            name="MailprobeIncidentUndecided",
            expr='max by (carrier) (mailprobe_incident{state="suspected"}) == 1',
            wait="10m",
            severity=Severity.TICKET,
            layer=Layer.NOTICE,
            actor=Actor.MAIL_OPS,
            summary="{{ $labels.carrier }}: several callers report the same, and nobody has decided whether it is an incident",
            first_action="Open the console's incidents and confirm or dismiss it: callers are told that it is being looked into.",
            about=CARRIER,
        ),
        Alert(
            name="MailprobeControlDown",
            expr="mailprobe_control_success == 0",
            wait="2m",
            severity=Severity.PAGE,
            layer=Layer.CONTROL,
            actor=Actor.MAIL_OPS,
            summary="{{ $labels.carrier }}: the {{ $labels.control }} control fails from {{ $labels.vantage }}: the servers",
            first_action="Look at the carrier's servers, not at single mailboxes; the control's transcript is in the console.",
            about=CARRIER,
        ),
        burns("MailprobeCarrierFastBurn", 14.4, "1h", "5m", Severity.PAGE, "2m"),
        burns("MailprobeCarrierSlowBurn", 6, "6h", "30m", Severity.PAGE, "5m"),
        burns("MailprobeCarrierSlowBurn", 1, "3d", "6h", Severity.TICKET, "1h"),
        Alert(
            name="MailprobeAuthFailureSurge",
            expr="""
                carrier:mailprobe_sign_in_bad:ratio_rate15m > 0.1
                and carrier:mailprobe_sign_in_bad:ratio_rate15m > 4 * carrier:mailprobe_sign_in_bad:usual1d
                and carrier:mailprobe_sign_in_bad:increase15m >= 10
                unless on (carrier) max by (carrier) (min_over_time(mailprobe_control_success[{15m}])) == 0
            """,
            wait="2m",
            severity=Severity.PAGE,
            layer=Layer.CAUSE,
            actor=Actor.IDENTITY,
            summary="{{ $labels.carrier }}: {{ $value | humanizePercentage }} of the sign-ins are refused, the controls' are not",
            first_action="Ask what changed in the directory or its replication; customers are not to change passwords yet.",
            about=CARRIER,
        ),
        Alert(
            name="MailprobeNoResults",
            expr=f"""
                ({GAP} > {{15m in seconds}} and {GAP} > 3 * carrier:mailprobe_result_gap:mean2d)
                or {GAP} > {{2d in seconds}}
                or (
                  sum by (carrier) (mailprobe_accounts offset {{30m}}) > 0
                  unless on (carrier) carrier:mailprobe_last_result:max
                )
            """,
            wait="2m",
            severity=Severity.TICKET,
            layer=Layer.SYMPTOM,
            actor=Actor.PROBER,
            summary="No result of any account of {{ $labels.carrier }}, for three times as long as usual",
            first_action="See on Prober health whether probes are held back, late, or our own checks fail.",
            about=CARRIER,
        ),
        Alert(
            name="MailprobeCoverageLow",
            expr="""
                carrier_vantage:mailprobe_known:ratio_rate15m < 0.95
                and carrier_vantage:mailprobe_due:increase15m >= 20
                unless on (vantage) min by (vantage) (min_over_time(mailprobe_prober_healthy[{15m}])) == 0
            """,
            wait="15m",
            severity=Severity.TICKET,
            layer=Layer.SYMPTOM,
            actor=Actor.PROBER,
            summary="{{ $labels.carrier }} from {{ $labels.vantage }}: only {{ $value | humanizePercentage }} could tell",
            first_action="Open Prober health: unknown or our_fault? Then one transcript of such a probe in the console.",
            about=CARRIER,
        ),
        Alert(
            name="MailprobeBreakerOpen",
            expr="mailprobe_breaker_open == 1",
            wait="30m",
            severity=Severity.TICKET,
            layer=Layer.SYMPTOM,
            actor=Actor.MAIL_OPS,
            summary="{{ $labels.carrier }} from {{ $labels.vantage }}: we have stopped asking a server that does not want us",
            first_action="Read the last replies in the console: overload, a rate limit, or a block of our address?",
            about=CARRIER,
        ),
        certificate(21, 7, Severity.TICKET),
        certificate(7, 1, Severity.TICKET),
        certificate(1, 0, Severity.PAGE),
    ),
)


def spike(actor: Actor, what: str, first_action: str) -> Alert:
    """Surely more than 2 %, surely more than four times the same hour's median of a week; 5 % while there is no history."""
    return Alert(
        name="MailprobeBounceSpike",
        expr=f"""
            carrier_class:mailprobe_bounced:lower10m{{class=~"{classes(actor)}"}} > 0.02
            and carrier_class:mailprobe_bounced:max10m >= 10
            and carrier_class:mailprobe_tested:max10m >= 50
            and (
              carrier_class:mailprobe_bounced:lower10m
                > 4 * (carrier_class:mailprobe_bounced:usual and carrier_class:mailprobe_bounced:days >= 3)
              or
              (carrier_class:mailprobe_bounced:lower10m > 0.05 unless carrier_class:mailprobe_bounced:days >= 3)
            )
        """,
        wait="2m",
        keep="15m",
        severity=Severity.PAGE,
        layer=Layer.CAUSE,
        actor=actor,
        summary="{{ $labels.carrier }}: " + what + ", surely more than {{ $value | humanizePercentage }} ({{ $labels.class }})",
        first_action=first_action,
        about=CARRIER + "&class={{ $labels.class }}",
    )


MAILBOXES = Group(
    "mailprobe-mailbox-alerts",
    (
        spike(
            Actor.PROVISIONING,
            "mail to many mailboxes comes back as if they did not exist",
            "Stop running imports and clean-ups of the subscriber directory; compare one such mailbox with the contract data.",
        ),
        spike(
            Actor.MAIL_OPS,
            "mail to many mailboxes comes back, not for the mailbox's sake",
            "See on the dashboard Bounces which stage and class; then the quota, filter or queue of the carrier's servers.",
        ),
        spike(
            Actor.PROBER,
            "our own mail is refused at many mailboxes",
            "It is about us: address, SPF, PTR, rate. Run `mailprobe config check --online`; no customer is concerned.",
        ),
        Alert(
            name="MailprobeBouncesAtLowVolume",
            expr="""
                carrier:mailprobe_gone:sum1h - carrier:mailprobe_gone:usual1d >= 3
                and carrier:mailprobe_gone:sum1h - carrier:mailprobe_gone:usual1d >= 4 * sqrt(carrier:mailprobe_gone:usual1d)
            """,
            wait="1m",
            severity=Severity.TICKET,
            layer=Layer.CAUSE,
            actor=Actor.PROVISIONING,
            summary="{{ $labels.carrier }}: {{ $value }} mailboxes more than usual are refused as if they did not exist",
            first_action="Look at each of them in the console: were they closed on purpose, or lost in the directory?",
            about=CARRIER,
        ),
        Alert(
            name="MailprobeGroupDown",
            expr=f"""
                carrier_group:mailprobe_down:ratio >= {MANY}
                and sum by (carrier, group) (mailprobe_accounts{{status="down"}}) >= 5
            """,
            wait="2m",
            severity=Severity.PAGE,
            layer=Layer.SYMPTOM,
            actor=Actor.MAIL_OPS,
            summary="{{ $labels.carrier }}, group {{ $labels.group }}: {{ $value | humanizePercentage }} of it is down",
            first_action="What has the group in common: a shard, a backend, a rollout? Look there first.",
            about=CARRIER + "&group={{ $labels.group }}",
        ),
        Alert(
            name="MailprobeMailboxDown",
            expr="""
                max by (account, carrier, code, actor) (mailprobe_account_verdict_info) == 1
                and on (account, carrier) max by (account, carrier) (mailprobe_account_status{status="down"}) == 1
            """,
            severity=Severity.TICKET,
            layer=Layer.ACCOUNT,
            actor=None,
            summary="{{ $labels.account }} ({{ $labels.carrier }}) is down: {{ $labels.code }}",
            first_action="Do what the verdict says: `mailprobe explain {{ $labels.code }}`; the proof is in the console.",
            about="?account={{ $labels.account }}",
        ),
    ),
)
