"""What an operator's Prometheus, Alertmanager and Grafana need, as files of the installed version.

The files are written in `grafana/` of the repository; a wheel carries them inside this package.
"""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
CONSOLE = "http://127.0.0.1:8025"  # in the files as they are committed; an export puts the operator's in its place
RUNBOOKS = f"{CONSOLE}/runbooks"
EXPORTED = ("README.md", "alertmanager.yml", "prometheus.yml", "runbooks.md", "rules", "dashboards", "provisioning")


def folder() -> Path:
    """Where the files lie: inside the installed package, or in the clone that it runs from."""
    installed = HERE / "files"
    return installed if installed.is_dir() else HERE.parents[1] / "grafana"


def files(console: str = CONSOLE, runbooks: str = "") -> dict[str, bytes]:
    """Every file by its path below the export's folder, with the operator's addresses written into it.

    `console` is where people reach mailprobe's pages, `runbooks` where they read the runbooks (left out: at the console).
    """
    found: dict[str, bytes] = {}
    for name in EXPORTED:
        top = folder() / name
        for path in [top] if top.is_file() else sorted(one for one in top.rglob("*") if one.is_file()):
            text = path.read_text(encoding="utf-8")
            text = text.replace(RUNBOOKS, runbooks or f"{console}/runbooks").replace(CONSOLE, console)
            found[path.relative_to(folder()).as_posix()] = text.encode()
    return found


def runbooks() -> tuple[str, tuple[tuple[str, str], ...]]:
    """What stands before them, and each alert's name and runbook: what `runbook_url` leads to when the daemon serves them."""
    text = (folder() / "runbooks.md").read_text(encoding="utf-8")
    before, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    parts = (section.partition("\n") for section in sections)
    return before.removeprefix("# Runbooks").strip(), tuple((name, body.strip()) for name, _, body in parts)
