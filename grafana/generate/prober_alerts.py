"""Alerts about ourselves: a failure of ours is reported as ours, once."""

from __future__ import annotations

from grafana.generate.names import BLOCKED, LESSER, LISTED
from grafana.generate.rule import Alert, Group, Layer, Severity
from mailprobe.bounces.door import Reason
from mailprobe.verdict import Actor

ON_TIME = 10  # seconds that a slot may be late
OURS = f"{Reason.STORE}|{Reason.FAULT}"  # turned away by our own trouble
HEALTHY = "mailprobe_prober_healthy"
WHOLE = f'{HEALTHY}{{check!~"{"|".join((LISTED, BLOCKED, *LESSER))}"}}'


def unhealthy(reach: str, expr: str, severity: Severity) -> Alert:
    """The same alert for each reach of the trouble, since that decides what else is silenced while it fires."""
    return Alert(
        name="MailprobeProberUnhealthy",
        expr=expr,
        wait="2m",
        severity=severity,
        layer=Layer.PROBER,
        actor=Actor.PROBER,
        labels=(("reach", reach),),
        summary="mailprobe at {{ $labels.vantage }} fails its own check {{ $labels.check }}; such verdicts are unknown",
        first_action="Run `mailprobe config check --online` on {{ $labels.instance }} and mend what it names; touch no mailbox.",
    )


HEALTH = Group(
    "mailprobe-prober",
    (
        Alert(
            name="MailprobeWatchdog",
            expr="vector(1)",
            severity=Severity.NONE,
            layer=Layer.NOTICE,
            actor=Actor.PROBER,
            summary="Always fires, so that an outside dead man's switch notices when alerts no longer arrive",
            first_action="None while it fires. When the switch says that it stopped: look at Prometheus and Alertmanager.",
        ),
        Alert(
            name="MailprobeAbsent",
            expr="""
                up{job="mailprobe"} == 0
                or absent(mailprobe_build_info) and on () absent(up{job="mailprobe"})
            """,
            wait="2m",
            severity=Severity.PAGE,
            layer=Layer.PROBER,
            actor=Actor.PROBER,
            summary="mailprobe {{ $labels.instance }} cannot be scraped: nobody watches the mailboxes",
            first_action="`systemctl status mailprobe` on that host; then its log, and GET /healthz.",
        ),
        unhealthy("every_vantage", f"{WHOLE} == 0\nand on (check) max by (check) ({WHOLE}) == 0", Severity.PAGE),
        unhealthy("one_vantage", f"{WHOLE} == 0\nunless on (check) max by (check) ({WHOLE}) == 0", Severity.TICKET),
        unhealthy("in_part", f'{HEALTHY}{{check="{BLOCKED}"}} == 0', Severity.PAGE),
        unhealthy("in_part", f'{HEALTHY}{{check=~"{"|".join(LESSER)}"}} == 0', Severity.TICKET),
        Alert(
            name="MailprobeStoreUnhealthy",
            expr="mailprobe_store_healthy == 0",
            wait="1m",
            severity=Severity.PAGE,
            layer=Layer.PROBER,
            actor=Actor.PROBER,
            summary="mailprobe {{ $labels.instance }} cannot write its store: probing pauses, bounces are answered 451",
            first_action="Free disk space, or end what locks the store; it goes on by itself, nothing acknowledged is lost.",
        ),
        Alert(
            name="MailprobeOwnAddressListed",
            expr=f'{HEALTHY}{{check="{LISTED}"}} == 0',
            wait="5m",
            severity=Severity.PAGE,
            layer=Layer.PROBER,
            actor=Actor.PROBER,
            labels=(("reach", "in_part"),),
            summary="The address of {{ $labels.vantage }} is on a block list: servers refuse us, not the mailboxes",
            first_action="See which list with `mailprobe config check --online`, stop what caused it, then ask for removal.",
        ),
        Alert(
            name="MailprobeSlotsLate",
            expr=f"""
                histogram_quantile(0.99, sum by (instance, le) (rate(mailprobe_slot_lateness_seconds_bucket[{{10m}}])))
                > {ON_TIME}
                or
                sum by (instance) (increase(mailprobe_slots_skipped_total[{{10m}}]))
                > 0.01 * sum by (instance) (increase(mailprobe_slot_lateness_seconds_count[{{10m}}]))
            """,
            wait="10m",
            severity=Severity.TICKET,
            layer=Layer.SCHEDULE,
            actor=Actor.PROBER,
            summary="mailprobe {{ $labels.instance }} starts its probes late or skips them",
            first_action="Look at CPU, loop lag and commit time on Prober health; give it more, or watch less often.",
        ),
        Alert(
            name="MailprobeForgedBounces",
            expr=f'sum by (instance, reason) (rate(mailprobe_bounces_rejected_total{{reason!~"{OURS}"}}[{{5m}}])) > 1',
            wait="5m",
            severity=Severity.TICKET,
            layer=Layer.NOTICE,
            actor=Actor.PROBER,
            summary="More than one bounce a second is refused as not ours ({{ $labels.reason }}): backscatter or a forger",
            first_action="No verdict is touched. Limit the sources at the firewall if the receiver suffers.",
        ),
        Alert(
            name="MailprobeOrphanCanaries",
            expr="mailprobe_orphan_canaries > 0",
            wait="1d",
            severity=Severity.TICKET,
            layer=Layer.NOTICE,
            actor=Actor.PROBER,
            summary="{{ $value }} test mails lie in customers' mailboxes for a day and could not be taken out",
            first_action="See which mailboxes in the console, and why the sweep fails there (sign-in, no UIDPLUS).",
        ),
        Alert(
            name="MailprobeReloadFailed",
            expr="mailprobe_config_last_reload_successful == 0",
            wait="1m",
            severity=Severity.TICKET,
            layer=Layer.NOTICE,
            actor=Actor.PROBER,
            summary="mailprobe {{ $labels.instance }} refused its new configuration and goes on with the old one",
            first_action="Run `mailprobe config check` there, mend what it names, reload again.",
        ),
    ),
)
