"""[carriers.X.lookup]: for how long what the carrier's own systems say counts, as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.carriers import LOOKUP_COUNTS_FOR
from mailprobe.config import load

LAB = """[prober]
name = "p.example.net"
mail_from = "p@example.net"
[carriers.lab]
domains = ["mail.test"]
[carriers.lab.lookup]
command = ["/bin/books", "{address}"]
"""


@pytest.mark.parametrize(("more", "seconds"), [("", LOOKUP_COUNTS_FOR), ('counts_for = "6h"', 21_600.0)])
def test_for_how_long_a_contract_counts(tmp_path: Path, more: str, seconds: float) -> None:
    (tmp_path / "mailprobe.toml").write_text(LAB + more)
    lookup = load(tmp_path / "mailprobe.toml").carriers["lab"].lookup
    assert lookup is not None
    assert lookup.counts_for == seconds
