"""A customer is to be forgotten: who that is, as the store knows him."""

from __future__ import annotations

from itertools import product

from mailprobe.config import Config, ConfigError, Problem, ad_hoc, read_address
from mailprobe.config.accounts import derived_id
from mailprobe.store.erasing import Whose

DATA_ERROR, CONFLICT = 65, 78  # sysexits.h


def whose(config: Config, account: str, address: str) -> Whose:
    """account: the id that he had; address: his; one of them may be ''. Raises ConfigError: no address, or he is still watched,
    and new rows would follow."""
    if not (account or address):
        raise ConfigError(
            (Problem("MP2421", "erase", "nobody is named", "give an account's id, an address, or both"),), DATA_ERROR
        )
    parsed = read_address(address, config.carriers.values()) if address else None
    for one in config.accounts:
        if one.id == account or (parsed is not None and one.address.key == parsed.key):
            hint = "take it out of the configuration and reload, then erase its id and its address"
            raise ConfigError((Problem("MP2419", f"account {one.id}", "is still watched", hint),), CONFLICT)
    if parsed is None:
        return Whose(account)
    return Whose(account or derived_id(config.prober, parsed), (parsed.key,), logins(config, address))


def logins(config: Config, address: str) -> tuple[tuple[str, str], ...]:
    """The user names that his carrier's form makes of his address, at its servers."""
    try:
        account = ad_hoc(config, read_address(address, config.carriers.values()))
    except ConfigError:  # no carrier's
        return ()
    carrier = config.carriers[account.carrier]
    users = {one for one in (account.username, account.submission_username) if one}
    hosts = {one.host for one in (carrier.imap, carrier.submission) if one is not None}
    return tuple(sorted(product(users, hosts)))
