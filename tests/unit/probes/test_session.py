"""What is taken out of a server's words before they are kept."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.probes.session import unnamed

NAMES = st.text("abK.-_@ kıſsS1", min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("words", "names", "kept"),
    [
        ("LOGIN tanaka failed", ("tanaka",), "LOGIN *** failed"),
        ("LOGIN Tanaka failed for TANAKA.", ("tanaka",), "LOGIN *** failed for TANAKA."),
        ("tanaka01 is not tanaka", ("tanaka",), "tanaka01 is not ***"),
        ("\u212aim failed", ("kim",), "*** failed"),  # the sign for kelvin is a k to a pattern
        ("k\u0131m failed", ("kim",), "*** failed"),  # and an i without its dot an i
        ("nothing of them", ("tanaka", ""), "nothing of them"),
        ("master for tanaka", ("tanaka", "master"), "*** for ***"),
    ],
)
def test_users_are_not_named(words: str, names: tuple[str, ...], kept: str) -> None:
    assert unnamed(words, *names) == kept


@given(st.text("abK.-_@ kıſsS1 ", max_size=12), NAMES)
def test_to_look_first_changes_nothing(words: str, name: str) -> None:
    pattern = rf"(?<![\w.-]){re.escape(name)}(?![\w.-])"
    assert unnamed(words, name) == re.sub(pattern, "***", words, flags=re.IGNORECASE)
