"""`python -m grafana.generate [--scale S --to DIR]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from grafana.generate import HERE, at_pace, rule_files
from grafana.generate.times import Pace


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m grafana.generate", description="Writes rules and dashboards.")
    parser.add_argument("--scale", type=float, default=1.0, help="how long a second lasts: 0.0167 makes an hour a minute")
    parser.add_argument("--to", type=Path, help="a folder for the rules and alertmanager.yml; left out: the committed files")
    asked = parser.parse_args()
    if asked.to is None and asked.scale != 1:
        parser.error("--scale needs --to: the committed files run at the world's pace")
    if asked.to is None:
        from grafana.generate.dashboards import dashboard_files

        put(HERE, {**rule_files(Pace()), **dashboard_files()})
    else:
        put(asked.to, at_pace(Pace(asked.scale)))


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)


main()
