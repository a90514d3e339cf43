"""The metrics page of a daemon, read as Prometheus reads it."""

from __future__ import annotations

import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable

STATUS = re.compile(r'mailprobe_account_status\{account="([^"]*)",carrier="[^"]*",status="(\w+)"\}')
VERDICT = re.compile(r'mailprobe_account_verdict_info\{account="([^"]*)",carrier="[^"]*",code="(\w+)",actor="\w+"\}')
CONTROL = 'mailprobe_control_success{carrier="lab",control="live",vantage="here"}'

Page = dict[str, float]


def series(port: int) -> Page:
    """Every line of the metrics page, by name and labels; nothing while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    assert "taro" not in text, "nobody's local part is told"
    found = (re.fullmatch(r"(\S+?(?:\{.*\})?) (\S+)", line) for line in text.splitlines() if not line.startswith("#"))
    return {one[1]: float(one[2]) for one in found if one is not None}


def statuses(page: Page) -> dict[str, str]:
    """Account -> status."""
    return {found[1]: found[2] for name, value in page.items() if value == 1 and (found := STATUS.fullmatch(name))}


def verdicts(page: Page) -> dict[str, str]:
    """Account -> the code behind its status."""
    return {found[1]: found[2] for name, value in page.items() if value == 1 and (found := VERDICT.fullmatch(name))}


def status_of(page: Page, account: str) -> str:
    return statuses(page).get(account, "")


def counted(page: Page) -> dict[str, int]:
    """Status -> how many accounts have it."""
    return dict(Counter(statuses(page).values()))


def eventually(port: int, is_it: Callable[[Page], bool], within: float) -> Page:
    """The page as soon as it is so; else the last one."""
    until = time.monotonic() + within
    while not is_it(page := series(port)) and time.monotonic() < until:
        time.sleep(0.3)
    return page
