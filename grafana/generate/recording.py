"""What is computed once and used by several alerts and dashboards."""

from __future__ import annotations

from grafana.generate.rule import Group, Recording
from mailprobe.replies.meaning import SPEAKS, ReplyClass, SpeaksOf
from mailprobe.verdict import Actor

WINDOWS = ("5m", "30m", "1h", "6h", "3d")
DAYS = range(1, 8)
WILSON = 1.96  # two-sided 95 %
# Replies that never come back to a sender as a bounce.
NO_BOUNCE = frozenset({ReplyClass.ACCEPTED, ReplyClass.DELIVERED, ReplyClass.AUTO_REPLY, ReplyClass.NOT_A_BOUNCE})
FULL = frozenset({ReplyClass.MAILBOX_FULL, ReplyClass.RECIPIENT_RATE})


def desk(cls: ReplyClass) -> Actor:
    """Whose desk it is when many mailboxes bounce with this class at once."""
    if SPEAKS[cls] in (SpeaksOf.US, SpeaksOf.MESSAGE):
        return Actor.PROBER
    if SPEAKS[cls] is SpeaksOf.RECIPIENT and cls not in FULL:
        return Actor.PROVISIONING
    return Actor.MAIL_OPS


def classes(actor: Actor) -> str:
    """The bounce classes of a desk, as a regular expression."""
    return "|".join(sorted(cls.value for cls in ReplyClass if cls not in NO_BOUNCE and desk(cls) is actor))


def burn(window: str) -> Recording:
    """Bad among judged: what could not be told, was held back, or failed by our own fault is no one's error budget."""
    expr = f"""
        sum by (carrier) (rate(mailprobe_probes_total{{outcome="bad"}}[{{{window}}}]))
        / (sum by (carrier) (rate(mailprobe_probes_total{{outcome=~"good|bad"}}[{{{window}}}])) > 0)
    """
    return Recording(f"carrier:mailprobe_bad:ratio_rate{window}", expr, ("carrier",))


CARRIERS = Group(
    "mailprobe-carriers",
    (
        *(burn(window) for window in WINDOWS),
        Recording(
            "carrier:mailprobe_judged:increase1h",
            'sum by (carrier) (increase(mailprobe_probes_total{outcome=~"good|bad"}[{1h}]))',
            ("carrier",),
        ),
        # A probe that politeness held back was not due: it counts on neither side.
        Recording(
            "carrier_vantage:mailprobe_known:ratio_rate15m",
            """
            sum by (carrier, vantage) (rate(mailprobe_probes_total{outcome=~"good|bad"}[{15m}]))
            / (sum by (carrier, vantage) (rate(mailprobe_probes_total{outcome=~"good|bad|unknown|our_fault"}[{15m}])) > 0)
            """,
            ("carrier", "vantage"),
        ),
        Recording(
            "carrier_vantage:mailprobe_due:increase15m",
            'sum by (carrier, vantage) (increase(mailprobe_probes_total{outcome=~"good|bad|unknown|our_fault"}[{15m}]))',
            ("carrier", "vantage"),
        ),
        Recording(
            "carrier:mailprobe_sign_in_bad:increase15m",
            'sum by (carrier) (increase(mailprobe_probes_total{probe=~"imap|submission",outcome="bad"}[{15m}]))',
            ("carrier",),
        ),
        Recording(
            "carrier:mailprobe_sign_in_bad:ratio_rate15m",
            """
            sum by (carrier) (rate(mailprobe_probes_total{probe=~"imap|submission",outcome="bad"}[{15m}]))
            / (sum by (carrier) (rate(mailprobe_probes_total{probe=~"imap|submission",outcome=~"good|bad"}[{15m}])) > 0)
            """,
            ("carrier",),
        ),
        Recording(
            "carrier:mailprobe_sign_in_bad:usual1d",
            """
            avg_over_time(carrier:mailprobe_sign_in_bad:ratio_rate15m[{1d}] offset {1h})
            or 0 * carrier:mailprobe_sign_in_bad:ratio_rate15m
            """,
            ("carrier",),
        ),
        Recording(
            "carrier:mailprobe_last_result:max",
            "max by (carrier) (mailprobe_last_result_timestamp_seconds)",
            ("carrier",),
        ),
        # From the newest and the oldest time seen, so that neither a young Prometheus nor a long silence distorts it.
        Recording(
            "carrier:mailprobe_result_gap:mean2d",
            """
            (max_over_time(carrier:mailprobe_last_result:max[{2d}]) - min_over_time(carrier:mailprobe_last_result:max[{2d}]))
            / (changes(carrier:mailprobe_last_result:max[{2d}]) > 0)
            """,
            ("carrier",),
        ),
        Recording(
            "carrier_group:mailprobe_down:ratio",
            """
            sum by (carrier, group) (mailprobe_accounts{status="down"})
            / (sum by (carrier, group) (mailprobe_accounts) > 0)
            """,
            ("carrier", "group"),
        ),
    ),
)


def same_hour(day: int) -> Recording:
    """The share of bounced mailboxes around this hour, some days ago; none where mailboxes were tested and none bounced."""
    ago = f"{{{day * 24 - 1}h30m}}"
    expr = f"""
        avg_over_time(carrier_class:mailprobe_bounced:ratio10m[{{1h}}] offset {ago})
        or 0 * carrier_class:mailprobe_bounced:ratio10m
           and on (carrier) max_over_time(carrier:mailprobe_tested:max10m[{{1h}}] offset {ago})
    """
    return Recording("carrier_class_day:mailprobe_bounced:same_hour", expr, ("carrier", "class", "day"), (("day", str(day)),))


BOUNCES = Group(
    "mailprobe-bounces",
    (
        Recording(
            "carrier:mailprobe_tested:max10m", 'max by (carrier) (mailprobe_tested_mailboxes{window="10m"}) > 0', ("carrier",)
        ),
        Recording(
            "carrier_class:mailprobe_bounced:max10m",
            'max by (carrier, class) (mailprobe_bounced_mailboxes{window="10m"})',
            ("carrier", "class"),
        ),
        # the number tested beside every class, so that what follows needs no matching
        Recording(
            "carrier_class:mailprobe_tested:max10m",
            "0 * carrier_class:mailprobe_bounced:max10m + on (carrier) group_left () carrier:mailprobe_tested:max10m",
            ("carrier", "class"),
        ),
        Recording(
            "carrier_class:mailprobe_bounced:ratio10m",
            "carrier_class:mailprobe_bounced:max10m / carrier_class:mailprobe_tested:max10m",
            ("carrier", "class"),
        ),
        # Wilson's lower bound of that share: few mailboxes prove little.
        Recording(
            "carrier_class:mailprobe_bounced:lower10m",
            f"""
            (
              carrier_class:mailprobe_bounced:ratio10m
              + {WILSON**2 / 2:.4f} / carrier_class:mailprobe_tested:max10m
              - {WILSON} * sqrt(
                  carrier_class:mailprobe_bounced:ratio10m * (1 - carrier_class:mailprobe_bounced:ratio10m)
                  / carrier_class:mailprobe_tested:max10m
                  + {WILSON**2 / 4:.4f} / carrier_class:mailprobe_tested:max10m ^ 2
                )
            )
            / (1 + {WILSON**2:.4f} / carrier_class:mailprobe_tested:max10m)
            """,
            ("carrier", "class"),
        ),
        *(same_hour(day) for day in DAYS),
        Recording(
            "carrier_class:mailprobe_bounced:usual",
            "quantile by (carrier, class) (0.5, carrier_class_day:mailprobe_bounced:same_hour)",
            ("carrier", "class"),
        ),
        Recording(
            "carrier_class:mailprobe_bounced:days",
            "count by (carrier, class) (carrier_class_day:mailprobe_bounced:same_hour)",
            ("carrier", "class"),
        ),
        Recording(
            "carrier:mailprobe_gone:sum1h",
            f"""
            sum by (carrier) (max by (carrier, class) (
              mailprobe_bounced_mailboxes{{window="1h",class=~"{classes(Actor.PROVISIONING)}"}}
            ))
            """,
            ("carrier",),
        ),
        # Mailboxes that are long gone bounce every hour; the median of a day knows them, a fresh one stands out.
        Recording(
            "carrier:mailprobe_gone:usual1d",
            """
            quantile_over_time(0.5, carrier:mailprobe_gone:sum1h[{1d}] offset {1h})
            or 0 * carrier:mailprobe_gone:sum1h
            """,
            ("carrier",),
        ),
    ),
)
