"""The extra [oidc] is needed where somebody signs in with it, and nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import mailprobe

ROOT = Path(mailprobe.__file__).parent
NEEDS = {"mailprobe.oidc.keys", "mailprobe.oidc.token", "mailprobe.oidc.issuer"}


def read_with(path: Path) -> Iterator[str]:
    """What is imported as soon as the file is; neither in a function nor for the type checker alone."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{one.name}" for one in node.names))
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


def test_nothing_is_read_with_the_program_that_needs_the_extra() -> None:
    found = {".".join(path.with_suffix("").relative_to(ROOT.parent).parts): set(read_with(path)) for path in ROOT.rglob("*.py")}
    assert {name for name in NEEDS if "joserfc" in str(found[name]) or NEEDS & found[name]} == NEEDS
    others = {name: said for name, said in found.items() if name not in NEEDS}
    assert {name for name, said in others.items() if NEEDS & said or any(one.split(".")[0] == "joserfc" for one in said)} == set()
