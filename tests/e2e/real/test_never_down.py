"""Nobody whose mailbox is not down is ever called down, whatever is left out of a check, fails, or is not configured."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import combinations

import pytest

from mailprobe.engine import LEGS
from mailprobe.verdict import Status, Verdict
from tests.e2e.real.lab import NOBODY, Lab, Setup, verdicts, write_config
from tests.e2e.real.postoffice import DOMAIN
from tests.e2e.real.scenarios import NOT_DOWN, Scenario

SUBSETS = tuple(",".join(legs) for size in range(1, len(LEGS)) for legs in combinations(LEGS, size))
LEFT_OUT: dict[str, dict[str, object]] = {
    "no live control": {"live": None},
    "no dead control": {"dead": None},
    "no control at all": {"live": None, "dead": None},
    "no secret of the live control": {"live_secret": None},
    "no secret of the target": {"secret": None},
    "no secret at all": {"secret": None, "live_secret": None},
    "not enrolled": {"enrolled": False},
    "no IMAP server": {"imap": None},
    "no submission server": {"submission": None},
}
FAILING: dict[str, dict[str, object]] = {
    "nobody at the MX": {"mx": (NOBODY,)},
    "nobody at submission": {"submission": f"smtps://{NOBODY}"},
    "nobody resolves": {"resolvers": (NOBODY,)},
    "the live control is unknown": {"live": f"no-control@{DOMAIN}"},
    "the live control's password is wrong": {"live": f"other_password@{DOMAIN}"},
    "the dead control exists": {"dead": f"over_quota@{DOMAIN}"},
}


def variants(lab: Lab, setup: Setup) -> Iterator[tuple[str, Setup]]:
    for legs in SUBSETS:
        yield f"only {legs}", replace(setup, only=legs)
    for name, changes in (LEFT_OUT | FAILING).items():
        if setup.domain == DOMAIN or not {"live", "dead"} & changes.keys():
            yield name, replace(setup, **changes)  # type: ignore[arg-type]  # fields of Setup, named above
    for name in ("deaf", "imap_clear", "imap_expired"):
        scheme = "imaps" if name == "imap_expired" else "imap"
        yield f"IMAP is {name}", replace(setup, imap=f"{scheme}://127.0.0.1:{getattr(lab.ill, name).port}", within=1.5)


@pytest.fixture(scope="module")
def ends(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[list[str], Future[list[Verdict]]]]:
    """Scenario -> the names of its variants, and what is said of them: some hundreds of checks, asked by all workers."""
    found = {}
    for scenario in NOT_DOWN:
        named = list(variants(lab, scenario.make(lab)))
        folders = [tmp_path_factory.mktemp("variant", numbered=True) for _ in named]
        setups = [(setup, write_config(lab.office, setup, folder)) for (_, setup), folder in zip(named, folders, strict=True)]
        found[scenario.name] = ([name for name, _ in named], lab.workers.submit(verdicts, setups))
    return found


@pytest.mark.parametrize("scenario", NOT_DOWN, ids=lambda one: one.name)
def test_never_down(scenario: Scenario, ends: dict[str, tuple[list[str], Future[list[Verdict]]]]) -> None:
    names, future = ends[scenario.name]
    said = zip(names, future.result(120), strict=True)
    assert [f"{name}: {verdict.code.value}" for name, verdict in said if verdict.status is Status.DOWN] == []
