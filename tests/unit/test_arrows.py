"""The house is drawn by its imports: which room may know which, no cycles, and who alone may know everything."""

from __future__ import annotations

import ast
from pathlib import Path

import mailprobe

ROOT = Path(mailprobe.__file__).parent
KNOW_ALL = {"cli", "check", "bounce_report", "daemon", "demo", "terminal", "serve", "__main__"}
KNOW_ALL |= {"enrolment", "house_cli", "options", "proving", "staff_cli", "staffing", "stored", "supervising", "wrong_verdicts"}
ARROWS: dict[str, set[str]] = {
    "address": set(),
    "maintenance": set(),
    "log": set(),
    "secret": set(),
    "evidence": set(),
    "canary": {"evidence"},
    "breaker": set(),
    "incident": {"verdict"},
    "wire": set(),
    "carriers": {"address", "secret"},
    "config": {"address", "secret", "carriers", "maintenance"},
    "assets": {"config"},
    "net": {"evidence", "wire"},
    "probes": {"address", "secret", "carriers", "config", "evidence", "canary", "net", "wire"},
    "limits": {"config", "carriers", "evidence", "canary", "breaker", "probes"},
    "replies": {"evidence", "carriers", "address"},
    "verdict": {"evidence", "replies", "config", "carriers", "address"},
    "understood": {"evidence", "carriers", "replies", "wire"},
    "status": {"verdict", "carriers"},
    "metrics": {"evidence", "verdict", "status"},
    "oidc": {"config", "net", "secret"},
    "lookup": {"carriers", "config", "evidence", "net", "secret"},
    "question": {"config", "evidence", "verdict"},
    "report": {"evidence", "verdict"},
    "held_words": {"config", "evidence", "limits", "verdict"},
    "console": {
        *("address", "assets", "breaker", "canary", "carriers", "config", "engine", "evidence", "incident", "log"),
        *("lookup", "maintenance", "metrics", "oidc", "question"),
        *("replies", "report", "secret", "status", "store", "understood", "verdict", "wire"),
    },
    "engine": {"evidence", "config", "carriers", "probes", "log"},
    "store": {"evidence", "canary", "breaker", "incident", "maintenance", "verdict", "status"},
    "bounces": {"address", "evidence", "canary", "wire", "log"},
    "notify": {"config", "log", "net"},
    "reload": {"config", "log"},
    "setup": {"address", "secret", "carriers", "config"},
    "readiness": {"carriers", "config", "evidence", "oidc", "verdict"},
    "plugin": {"config", "verdict"},
    "prober": {"evidence", "carriers", "config", "net", "probes", "secret", "verdict"},
}


def imports_of(path: Path) -> set[str]:
    """The rooms of ours that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mailprobe"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("mailprobe.")}
    return found


def rooms() -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        known.setdefault(room, set()).update(imports_of(path) - {room})
    known.pop("__init__", None)
    return known


def test_every_room_is_on_the_plan() -> None:
    assert set(rooms()) == set(ARROWS) | KNOW_ALL


def test_a_room_knows_only_the_rooms_that_its_arrows_reach() -> None:
    wrong = {room: known - ARROWS[room] for room, known in rooms().items() if room in ARROWS and known - ARROWS[room]}
    assert wrong == {}


def test_the_plan_has_no_cycle() -> None:
    left = {room: set(arrows) for room, arrows in ARROWS.items()}
    while left:
        free = {room for room, arrows in left.items() if not arrows & set(left)}
        assert free, f"a cycle among {sorted(left)}"
        left = {room: arrows for room, arrows in left.items() if room not in free}


def test_only_the_network_room_opens_sockets() -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if path.parts[-2] not in ("net", "demo")
        and any(word in path.read_text() for word in ("create_connection", "open_connection", "socket.socket("))
    }
    assert users == set()
