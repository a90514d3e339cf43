"""Fleet: how are all the mailboxes, and where does it hurt?"""

from __future__ import annotations

from grafana.generate.carrier_alerts import BUDGET
from grafana.generate.dashboards.chart import GREEN, GREY, ORANGE, RED, STATUS_COLOURS, Ask, Chart, Look
from grafana.generate.dashboards.page import CARRIER, GROUP, VANTAGE, Page, Row

IN = 'carrier=~"$carrier",group=~"$group"'
OF = 'carrier=~"$carrier",vantage=~"$vantage"'
FAILS = (("0", "fails", RED), ("1", "good", GREEN))
ACCOUNT_LINKS = (
    ("This mailbox's story", "/d/mailprobe-account?var-account=${__data.fields.account}&var-carrier=${__data.fields.carrier}"),
    ("Console", "${console}/?account=${__data.fields.account}"),
)


def share_ill(status: str) -> str:
    return f'sum by (account, carrier) (avg_over_time(mailprobe_account_status{{carrier=~"$carrier",status="{status}"}}[1h]))'


WORST = f"""topk(20,
  ({share_ill("down")} + 0.5 * {share_ill("degraded")})
  * on (account, carrier) group_left (code, actor) max by (account, carrier, code, actor) (mailprobe_account_verdict_info)
  and on (account, carrier) mailprobe_account_info{{{IN}}}
)"""


def count(status: str, meaning: str) -> Chart:
    return Chart(
        title=status.capitalize(),
        description=f"Mailboxes that are {meaning} now.",
        unit="short",
        look=Look.NUMBER,
        asks=(Ask(f'sum(mailprobe_accounts{{{IN},status="{status}"}})', status),),
        width=4,
        height=4,
        thresholds=((0, STATUS_COLOURS[status]),),
        base=GREY,
        decimals=0,
    )


NOW = Row(
    "Now",
    (
        count("ok", "well, with fresh proof"),
        count("degraded", "usable, with something wrong that is mostly the owner's to mend"),
        count("down", "ill on the server side"),
        count("unknown", "not known: too little could be asked"),
        Chart(
            title="Bad probes, last hour",
            description="Bad among all that could be judged. An error budget of one in a hundred is what the burn alerts assume.",
            unit="percentunit",
            look=Look.NUMBER,
            asks=(Ask('max(carrier:mailprobe_bad:ratio_rate1h{carrier=~"$carrier"})', "worst carrier"),),
            width=4,
            height=4,
            thresholds=((BUDGET, ORANGE), (14.4 * BUDGET, RED)),
            decimals=1,
        ),
        Chart(
            title="Coverage",
            description="Probes that could tell, among all that were due. Below 95 % its neighbours say less than they seem to.",
            unit="percentunit",
            look=Look.NUMBER,
            asks=(Ask(f"min(carrier_vantage:mailprobe_known:ratio_rate15m{{{OF}}})", "worst carrier and vantage"),),
            width=4,
            height=4,
            thresholds=((0.95, GREEN),),
            base=RED,
            top=1,
            decimals=1,
        ),
    ),
)
OVER_TIME = Row(
    "Over time",
    (
        Chart(
            title="Mailboxes by status",
            description="Every watched mailbox, by its status over time. A status changes after two readings, never by silence.",
            unit="short",
            look=Look.AREAS,
            asks=(Ask(f"sum by (status) (mailprobe_accounts{{{IN}}})", "{{status}}"),),
            colours=tuple(STATUS_COLOURS.items()),
        ),
        Chart(
            title="Bad probes by carrier",
            description="Bad among judged over five minutes. The dashed lines are the fast and the slow burn.",
            unit="percentunit",
            look=Look.LINES,
            asks=(Ask('carrier:mailprobe_bad:ratio_rate5m{carrier=~"$carrier"}', "{{carrier}}"),),
            thresholds=((6 * BUDGET, ORANGE), (14.4 * BUDGET, RED)),
        ),
        Chart(
            title="Down by carrier",
            description="Mailboxes that are down, per carrier.",
            unit="short",
            look=Look.LINES,
            asks=(Ask(f'sum by (carrier) (mailprobe_accounts{{{IN},status="down"}})', "{{carrier}}"),),
        ),
        Chart(
            title="Share down by group",
            description="A group (a shard, a backend) that goes down while others do not names the place. Paged at a fifth.",
            unit="percentunit",
            look=Look.LINES,
            asks=(Ask(f"carrier_group:mailprobe_down:ratio{{{IN}}}", "{{carrier}} {{group}}"),),
            thresholds=((0.2, RED),),
        ),
    ),
)
CARRIERS = Row(
    "Carriers",
    (
        Chart(
            title="Controls",
            description="The known good account and the address that never existed. Where a control fails it is the servers.",
            unit="short",
            look=Look.STATES,
            asks=(Ask(f"mailprobe_control_success{{{OF}}}", "{{carrier}} {{control}} from {{vantage}}"),),
            states=FAILS,
        ),
        Chart(
            title="Maintenance and open breakers",
            description="Announced work, and servers that we have stopped asking because they do not want us.",
            unit="short",
            look=Look.STATES,
            asks=(
                Ask('max by (carrier) (mailprobe_maintenance{carrier=~"$carrier"})', "{{carrier}}: maintenance"),
                Ask(f"mailprobe_breaker_open{{{OF}}}", "{{carrier}} from {{vantage}}: breaker"),
            ),
            states=(("0", "no", GREEN), ("1", "yes", ORANGE)),
        ),
        Chart(
            title="Outcomes",
            description="Finished probes a second. Held: politeness, not trouble. Our fault: see Prober health.",
            unit="cps",
            look=Look.AREAS,
            asks=(Ask(f"sum by (outcome) (rate(mailprobe_probes_total{{{OF}}}[$__rate_interval]))", "{{outcome}}"),),
            colours=(("good", GREEN), ("bad", RED), ("unknown", GREY), ("held", "blue"), ("our_fault", "purple")),
        ),
        Chart(
            title="Probe duration, 95th percentile",
            description="How long a probe of a kind takes at most, for nineteen in twenty.",
            unit="s",
            look=Look.LINES,
            asks=(
                Ask(
                    "histogram_quantile(0.95, sum by (probe, le) "
                    f"(rate(mailprobe_probe_duration_seconds_bucket{{{OF}}}[$__rate_interval])))",
                    "{{probe}}",
                ),
            ),
        ),
        Chart(
            title="Test mails: time until seen",
            description="From acceptance until it was found in the mailbox: the middle and the slowest twentieth.",
            unit="s",
            look=Look.LINES,
            asks=tuple(
                Ask(
                    f"histogram_quantile({q}, sum by (carrier, le) "
                    f"(rate(mailprobe_canary_roundtrip_seconds_bucket{{{OF}}}[$__rate_interval])))",
                    "{{carrier}} " + name,
                )
                for q, name in ((0.5, "median"), (0.95, "95th percentile"))
            ),
        ),
        Chart(
            title="Certificates: time left",
            description="Until the certificate that an endpoint shows runs out. Alerts at 21, 7 and 1 days.",
            unit="s",
            look=Look.BARS,
            asks=(
                Ask(
                    "min by (carrier, endpoint) "
                    '(mailprobe_certificate_not_after_timestamp_seconds{carrier=~"$carrier"}) - time()',
                    "{{carrier}} {{endpoint}}",
                ),
            ),
            base=RED,
            thresholds=((7 * 86400, ORANGE), (21 * 86400, GREEN)),
        ),
        Chart(
            title="Age of the last result",
            description="Since anything of a carrier was learnt. Silence is never bad news about a mailbox; it is news about us.",
            unit="s",
            look=Look.LINES,
            asks=(Ask('time() - carrier:mailprobe_last_result:max{carrier=~"$carrier"}', "{{carrier}}"),),
        ),
        Chart(
            title="Held back, by reason",
            description="Probes that politeness kept from a server: budgets, gaps, breakers, deferrals.",
            unit="cps",
            look=Look.LINES,
            asks=(
                Ask(
                    'sum by (carrier, reason) (rate(mailprobe_held_back_total{carrier=~"$carrier"}[$__rate_interval]))',
                    "{{carrier}} {{reason}}",
                ),
            ),
        ),
    ),
)
WHO = Row(
    "Worst mailboxes",
    (
        Chart(
            title="Share of the last hour",
            description="The twenty that were ill for most of the last hour, with what is said of them and who must act.",
            unit="percentunit",
            look=Look.TABLE,
            asks=(Ask(WORST),),
            width=24,
            height=12,
            links=ACCOUNT_LINKS,
        ),
    ),
)
PAGE = Page(
    uid="mailprobe-fleet",
    title="mailprobe: Fleet",
    description="All watched mailboxes: by status, carrier and group; the worst of them.",
    choices=(CARRIER, GROUP, VANTAGE),
    rows=(NOW, OVER_TIME, CARRIERS, WHO),
)
