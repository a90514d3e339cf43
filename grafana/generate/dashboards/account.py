"""Account: the story of one mailbox."""

from __future__ import annotations

from grafana.generate.dashboards.chart import GREEN, RED, STATUS_COLOURS, Ask, Chart, Look
from grafana.generate.dashboards.page import ACCOUNT, CARRIER, GROUP, VANTAGE, Page, Row

THIS = 'account=~"$account"'
SEEN = 'account=~"$account",vantage=~"$vantage"'
HIS_CARRIER = f"on (carrier) mailprobe_account_info{{{THIS}}}"
STATUSES = ("ok", "degraded", "down", "unknown")
# One number for the state set, so that one line shows it: its place in STATUSES.
STATUS = " + ".join(
    f'{number} * sum by (account) (mailprobe_account_status{{{THIS},status="{status}"}})'
    for number, status in enumerate(STATUSES)
)
STATES = tuple((str(number), status, STATUS_COLOURS[status]) for number, status in enumerate(STATUSES))
PROBES = (("0", "bad", RED), ("1", "good", GREEN))

STORY = Row(
    "The story",
    (
        Chart(
            title="Status now",
            description="After two readings, with good controls at both.",
            unit="short",
            look=Look.NUMBER,
            asks=(Ask(STATUS, "{{account}}"),),
            width=4,
            height=5,
            states=STATES,
        ),
        Chart(
            title="Verdict now",
            description="What is said of the mailbox and who must act. `mailprobe explain CODE` tells what it means.",
            unit="short",
            look=Look.TABLE,
            asks=(Ask(f"max by (account, carrier, code, actor) (mailprobe_account_verdict_info{{{THIS}}})"),),
            width=12,
            height=5,
            links=(("Console: the proof", "${console}/?account=${__data.fields.account}"),),
        ),
        Chart(
            title="Group",
            description="The group that the configuration names: a shard, a backend.",
            unit="short",
            look=Look.TABLE,
            asks=(Ask(f"max by (account, carrier, group) (mailprobe_account_info{{{THIS}}})"),),
            width=8,
            height=5,
        ),
        Chart(
            title="Status over time",
            description="ok, degraded, down or unknown.",
            unit="short",
            look=Look.STATES,
            asks=(Ask(STATUS, "{{account}}"),),
            width=24,
            height=5,
            states=STATES,
        ),
        Chart(
            title="Verdict over time",
            description="Each verdict that was said, while it held.",
            unit="short",
            look=Look.STATES,
            asks=(Ask(f"max by (code, actor) (mailprobe_account_verdict_info{{{THIS}}})", "{{code}} ({{actor}})"),),
            width=24,
            height=6,
            states=(("1", "said", "blue"),),
        ),
    ),
)
PROBED = Row(
    "Its probes",
    (
        Chart(
            title="Probes",
            description="Good or bad, per probe and place. A gap: nothing that could be judged, and not a failure.",
            unit="short",
            look=Look.STATES,
            asks=(Ask(f"mailprobe_probe_success{{{SEEN}}}", "{{probe}} from {{vantage}}"),),
            states=PROBES,
        ),
        Chart(
            title="Since the last success",
            description="How old the newest good result of each probe is.",
            unit="s",
            look=Look.LINES,
            asks=(Ask(f"time() - mailprobe_probe_last_success_timestamp_seconds{{{SEEN}}}", "{{probe}} from {{vantage}}"),),
        ),
        Chart(
            title="Test mail: time until seen",
            description="The last one, from acceptance until it was found in the mailbox.",
            unit="s",
            look=Look.LINES,
            asks=(Ask(f"mailprobe_canary_last_roundtrip_seconds{{{SEEN}}}", "from {{vantage}}"),),
        ),
    ),
)
OTHERS = Row(
    "Is it only this one?",
    (
        Chart(
            title="Its carrier: bad probes",
            description="Bad among judged over five minutes, of all mailboxes of the same carrier.",
            unit="percentunit",
            look=Look.LINES,
            asks=(Ask(f"carrier:mailprobe_bad:ratio_rate5m and {HIS_CARRIER}", "{{carrier}}"),),
        ),
        Chart(
            title="Its carrier: controls",
            description="Whether a known good account of the same carrier works at the same time.",
            unit="short",
            look=Look.STATES,
            asks=(
                Ask(
                    f'mailprobe_control_success{{vantage=~"$vantage"}} and {HIS_CARRIER}',
                    "{{carrier}} {{control}} from {{vantage}}",
                ),
            ),
            states=(("0", "fails", RED), ("1", "good", GREEN)),
        ),
    ),
)
PAGE = Page(
    uid="mailprobe-account",
    title="mailprobe: Account",
    description="One mailbox's story: its status, what was said of it, each probe, and whether others have the same trouble.",
    choices=(CARRIER, GROUP, VANTAGE, ACCOUNT),
    rows=(STORY, PROBED, OTHERS),
    console="?account=${account}",
    since="now-24h",
)
