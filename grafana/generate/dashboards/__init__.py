"""The dashboards as code: pages of charts, written as the JSON that Grafana reads."""

from __future__ import annotations

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.generate.dashboards import account, bounces, fleet, prober
from grafana.generate.dashboards.page import Page, built

PAGES: tuple[Page, ...] = (fleet.PAGE, account.PAGE, bounces.PAGE, prober.PAGE)


def dashboard_files() -> dict[str, str]:
    """Path below grafana/ -> content."""
    return {f"dashboards/{page.uid}.json": as_json(page) for page in PAGES}


def as_json(page: Page) -> str:
    return json.dumps(built(page), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
