"""What the carrier's own systems hold of a mailbox, as the bytes of their answer: mostly true, some of it left out, some of it
late, and now and then nothing but noise."""

from __future__ import annotations

import json
import random

from tests.unit.verdict.world import NOT_IN_DIRECTORY, NOW, Truth
from tests.world.draw import TRUTHS

NOT_IN_IMAP = frozenset({Truth.GONE, Truth.CLOSED, Truth.IMAP_FORGOT, Truth.MISSPELT})
CONTRACTS = {Truth.CLOSED: "closed", Truth.SUSPENDED: "suspended", Truth.MISSPELT: None}
AGES = (100.0, 3600.0, 90_000.0, 4e7)  # seconds
NOISE = (b"", b"<html>sign in</html>", b'{"contract": 7}', b'{"last_write": "yesterday"}', b"[]")


def draw_record(dice: random.Random, truth: Truth) -> bytes | None:
    """None: nobody asks them."""
    if dice.random() < 0.5:
        return None
    if dice.random() < 0.05:
        return dice.choice(NOISE)
    held = dice.choice(TRUTHS) if dice.random() < 0.1 else truth  # a copy may be late; the contract is what makes it true
    said = fields(dice, held) | {"contract": CONTRACTS.get(truth, "active")}
    said = {name: value for name, value in said.items() if dice.random() < 0.75}
    return json.dumps(said).encode()


def fields(dice: random.Random, truth: Truth) -> dict[str, object]:
    """As `mailprobe.lookup.answer` reads them. Times are of NOW, the check's own hour."""
    elsewhere = truth is Truth.MX_FORGOT and dice.random() < 0.3
    return {
        "contract_at": NOW - dice.choice(AGES),
        "mail_password_changed_at": NOW - dice.choice(AGES) if dice.random() < 0.5 else None,
        "in_mx_map": truth not in NOT_IN_DIRECTORY,
        "in_imap_directory": truth not in NOT_IN_IMAP,
        "mx_store_uid": "store-2" if elsewhere else "store-1",
        "store_uid": None if truth is Truth.STORE_GONE else "store-1",
        "last_write": NOW - dice.choice(AGES),
    }
