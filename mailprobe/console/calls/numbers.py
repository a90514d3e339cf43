"""The two names of a call: an opaque id for links, and a short number for two people on the phone."""

from __future__ import annotations

import secrets
from collections.abc import Container

DIGITS = 4  # before the check digit
TRIES = 200
# Damm's quasigroup (H. M. Damm, 2004): one digit wrong or two neighbours swapped never give a valid number
DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def new_id() -> str:
    """128 random bits: who does not know it cannot find it."""
    return secrets.token_hex(16)


def new_number(taken: Container[str]) -> str | None:
    """Five digits, the last of which checks the others; None where hardly one is free."""
    for _ in range(TRIES):
        said = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
        number = said + check_digit(said)
        if number not in taken:
            return number
    return None


def check_digit(digits: str) -> str:
    state = 0
    for digit in digits:
        state = DAMM[state][int(digit)]
    return str(state)


def is_number(text: str) -> bool:
    """Whether it may be a call's number: what was misheard is not."""
    return len(text) == DIGITS + 1 and text.isascii() and text.isdecimal() and check_digit(text[:-1]) == text[-1]
