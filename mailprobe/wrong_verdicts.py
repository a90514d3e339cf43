"""`mailprobe wrong ...`: the checks whose verdict an agent called wrong, and each as a case without addresses."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from mailprobe.config import Config, ConfigError, Problem
from mailprobe.config.problems import cut, visible
from mailprobe.console.calls.golden import golden_case
from mailprobe.console.calls.keeping import Keeping
from mailprobe.console.calls.sealing import sealer_of
from mailprobe.report import utc
from mailprobe.staffing import DATA_ERROR, Desk, at_desk, found, worked
from mailprobe.store.calls import KeptCall


def print_wrong(config: Path | None, *, as_json: bool) -> None:
    """The newest first. code: what was said; the real cause is in the case."""

    async def listed(desk: Desk) -> list[dict[str, str]]:
        return [
            {"number": one.number, "id": one.id, "code": one.code, "carrier": one.carrier, "started": utc(one.started)}
            for one in await desk.store.calls.wrong_ones()
        ]

    rows = at_desk(config, listed)
    for row in rows:
        print(json.dumps(row, ensure_ascii=False) if as_json else visible("  ".join(f"{key}={row[key]}" for key in row)))
    if not rows:
        print("note: nobody has called a verdict wrong", file=sys.stderr)


def print_case(config: Path | None, which: str) -> None:
    """which: the number of a check, or its id. Noted in the trail before it is shown. ConfigError if nobody called it wrong."""
    settings = found(config)
    print(asyncio.run(worked(settings, lambda desk: case_of(desk, settings, which))), end="")


async def case_of(desk: Desk, config: Config, which: str) -> str:
    row = await row_of(desk, which)
    keeping = Keeping(desk.store, await sealer_of(config.prober.token_keys))
    call = None if row is None else keeping.call(row, config)
    if row is None or call is None:
        what = "nobody has called the verdict of such a check wrong" if row is None else "its carrier is no longer configured"
        raise ConfigError((Problem("MP2501", f"wrong case {cut(which)}", what, "mailprobe wrong list"),), DATA_ERROR)
    await desk.staff.trail.note(desk.by, "golden", row.account or row.subject, row.number)
    return golden_case(call, config)


async def row_of(desk: Desk, which: str) -> KeptCall | None:
    """A number is used again after three days: the newest that is called wrong has it."""
    said, rows = "".join(which.split()).replace("-", ""), await desk.store.calls.wrong_ones()
    listed = next((one.id for one in rows if one.number == said), which)
    row = await desk.store.calls.one(listed)
    return row if row is not None and row.wrong else None
