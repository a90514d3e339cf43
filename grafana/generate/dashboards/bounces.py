"""Bounces: what comes back, of whom it speaks, where it was refused, and whether it is more than usual."""

from __future__ import annotations

from grafana.generate.dashboards.chart import BLUE, GREEN, ORANGE, RED, Ask, Chart, Look
from grafana.generate.dashboards.page import CARRIER, Page, Row

OF = 'carrier=~"$carrier"'


def by(*labels: str) -> str:
    return f"sum by ({', '.join(labels)}) (increase(mailprobe_bounces_total{{{OF}}}[1h]))"


def shares(title: str, description: str, labels: tuple[str, ...], legend: str) -> Chart:
    return Chart(title, description, "short", Look.AREAS, (Ask(by(*labels), legend),))


SPIKES = Row(
    "Spikes",
    (
        Chart(
            title="Bounced mailboxes, 10 minutes",
            description="The share of the tested mailboxes whose mail came back, by class. Six of six are no spike.",
            unit="percentunit",
            look=Look.LINES,
            asks=(Ask(f"carrier_class:mailprobe_bounced:ratio10m{{{OF}}}", "{{carrier}} {{class}}"),),
        ),
        Chart(
            title="Surely at least",
            description="The lower bound of that share (Wilson, 95 %): the alert compares it with 2 % and four times the usual.",
            unit="percentunit",
            look=Look.LINES,
            asks=(Ask(f"carrier_class:mailprobe_bounced:lower10m{{{OF}}}", "{{carrier}} {{class}}"),),
            thresholds=((0.02, ORANGE), (0.05, RED)),
        ),
        Chart(
            title="Usual at this hour",
            description="The median of the same hour over the last seven days, by class. Empty until there is a day of history.",
            unit="percentunit",
            look=Look.LINES,
            asks=(Ask(f"carrier_class:mailprobe_bounced:usual{{{OF}}}", "{{carrier}} {{class}}"),),
        ),
        Chart(
            title="Gone: now and usually",
            description="Mailboxes refused within an hour as if they did not exist, beside a day's median. Three more: a ticket.",
            unit="short",
            look=Look.LINES,
            asks=(
                Ask(f"carrier:mailprobe_gone:sum1h{{{OF}}}", "{{carrier}} now"),
                Ask(f"carrier:mailprobe_gone:usual1d{{{OF}}}", "{{carrier}} usually"),
            ),
        ),
        Chart(
            title="Tested mailboxes",
            description="How many different mailboxes the figures above rest on.",
            unit="short",
            look=Look.LINES,
            asks=(Ask(f"max by (carrier, window) (mailprobe_tested_mailboxes{{{OF}}})", "{{carrier}} in {{window}}"),),
        ),
        Chart(
            title="Bounced mailboxes",
            description="How many different mailboxes, by class.",
            unit="short",
            look=Look.LINES,
            asks=(
                Ask(
                    f"max by (carrier, class, window) (mailprobe_bounced_mailboxes{{{OF}}})",
                    "{{carrier}} {{class}} in {{window}}",
                ),
            ),
        ),
    ),
)
KINDS = Row(
    "What comes back",
    (
        shares("By class", "What the refusals say, per hour. A mailbox counts once a day.", ("class",), "{{class}}"),
        shares("By carrier", "Whose mailboxes, per hour.", ("carrier",), "{{carrier}}"),
        shares(
            "By stage",
            "Refused at RCPT, after the text was read, or accepted first and returned later, per hour.",
            ("stage",),
            "{{stage}}",
        ),
        shares("Lasting or passing", "Whether a later try can succeed by itself, per hour.", ("hard",), "hard: {{hard}}"),
        Chart(
            title="Of whom the replies speak",
            description="Every reply of a server, good or bad: the recipient, us, the server, the message, or nobody. "
            "Only what speaks of the recipient counts against a mailbox.",
            unit="cps",
            look=Look.AREAS,
            asks=(Ask(f"sum by (speaks_of) (rate(mailprobe_replies_total{{{OF}}}[$__rate_interval]))", "{{speaks_of}}"),),
            colours=(("recipient", GREEN), ("us", RED), ("server", ORANGE), ("message", BLUE)),
        ),
        Chart(
            title="Replies by class",
            description="The same replies by what they say.",
            unit="cps",
            look=Look.LINES,
            asks=(Ask(f"sum by (class) (rate(mailprobe_replies_total{{{OF}}}[$__rate_interval]))", "{{class}}"),),
        ),
    ),
)
RECEIVER = Row(
    "Test mails and the receiver",
    (
        Chart(
            title="Test mails sent",
            description="Per carrier and hour.",
            unit="short",
            look=Look.LINES,
            asks=(Ask(f"sum by (carrier) (increase(mailprobe_canaries_sent_total{{{OF}}}[1h]))", "{{carrier}}"),),
            width=8,
        ),
        Chart(
            title="Late arrivals",
            description="Test mails that came after they had been called overdue, per hour.",
            unit="short",
            look=Look.LINES,
            asks=(Ask(f"sum by (carrier) (increase(mailprobe_late_arrivals_total{{{OF}}}[1h]))", "{{carrier}}"),),
            width=8,
        ),
        Chart(
            title="Refused by the receiver",
            description="What came to our receiver and carries no signature of ours: backscatter, or a forger. Moves no verdict.",
            unit="cps",
            look=Look.LINES,
            asks=(Ask("sum by (reason) (rate(mailprobe_bounces_rejected_total[$__rate_interval]))", "{{reason}}"),),
            thresholds=((1, ORANGE),),
            width=8,
        ),
    ),
)
PAGE = Page(
    uid="mailprobe-bounces",
    title="mailprobe: Bounces",
    description="Refused and returned mail: class, of whom it speaks, stage, carrier; spikes against the same hour's history.",
    choices=(CARRIER,),
    rows=(SPIKES, KINDS, RECEIVER),
    console="?carrier=${carrier:raw}",
    since="now-24h",
)
