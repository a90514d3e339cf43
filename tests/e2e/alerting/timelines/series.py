"""Series and labels as the timelines write them, without saying the same thing again each time."""

from __future__ import annotations

from tests.e2e.alerting.timeline import Labels

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
