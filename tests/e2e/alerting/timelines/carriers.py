"""Alerts about a carrier."""

from __future__ import annotations

from tests.e2e.alerting.timeline import Moment, Timeline, climb, hold
from tests.e2e.alerting.timelines.series import ILL, WELL, mail_ops, prober, probes

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
        "MailprobeIncident",
        "while it is confirmed, not while it is suspected",
        {
            f'mailprobe_incident{{{ILL},state="suspected"}}': hold((0, 2), (1, 3), (0, 10)),
            f'mailprobe_incident{{{ILL},state="confirmed"}}': hold((0, 5), (1, 5), (0, 5)),
            f'mailprobe_incident{{{WELL},state="suspected"}}': hold((1, 15)),
            f'mailprobe_incident{{{WELL},state="confirmed"}}': hold((0, 15)),
        },
        (Moment("4m"), Moment("6m", (mail_ops("page", "notice"),)), Moment("11m")),
    ),
    Timeline(
        "MailprobeIncidentUndecided",
        "nobody decides for ten minutes; elsewhere somebody does",
        {
            f'mailprobe_incident{{{ILL},state="suspected"}}': hold((1, 20), (0, 10)),
            f'mailprobe_incident{{{WELL},state="suspected"}}': hold((1, 9), (0, 21)),
        },
        (Moment("9m"), Moment("12m", (mail_ops("ticket", "notice"),)), Moment("22m")),
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
        "MailprobeCoverageLow",
        "that we were ill ourselves was told, and is no news when it is over",
        probes("ill", "good", climb((20, 30), (16, 60), (20, 60)))
        | probes("ill", "unknown", climb((0, 30), (4, 60), (0, 60)))
        | {'mailprobe_prober_healthy{check="turned_away",vantage="v"}': hold((1, 30), (0, 60), (1, 60))},
        (Moment("30m"), Moment("80m"), Moment("92m"), Moment("100m"), Moment("120m")),
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
