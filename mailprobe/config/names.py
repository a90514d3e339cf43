"""What an account is called, wherever the store must not say it."""

from __future__ import annotations

from mailprobe.carriers import Carrier
from mailprobe.config import Account


def names_of(account: Account, carrier: Carrier) -> tuple[str, ...]:
    """Whatever must not stand in the store: the names of the account and of the controls beside it."""
    controls = [name for one in carrier.live_controls for name in (str(one.address), one.username, one.submission_username)]
    dead = [str(carrier.dead_control)] if carrier.dead_control is not None else []
    own = (account.address.key, str(account.address), account.username, account.submission_username)
    return tuple(dict.fromkeys(name for name in (*own, *controls, *dead) if name))
