"""Asked over HTTPS: one GET, whose URL is written in the configuration with a place for the address."""

from __future__ import annotations

import re
from urllib.parse import quote

from mailprobe.carriers import Lookup
from mailprobe.config import Account
from mailprobe.lookup.answer import MOST, Answer, Unanswered, read_answer
from mailprobe.net.get import Got, get
from mailprobe.net.post import Unsent
from mailprobe.secret import SecretError

WHY = {
    Unsent.TIMEOUT: Unanswered.TIMEOUT,
    Unsent.UNREACHABLE: Unanswered.UNREACHABLE,
    Unsent.BROKE: Unanswered.UNREACHABLE,
    Unsent.UNTRUSTED: Unanswered.UNTRUSTED,
}
GOOD = 200


async def ask_https(lookup: Lookup, account: Account) -> Answer | Unanswered:
    headers = {"accept": "application/json"}
    try:
        if lookup.secret is not None:
            headers["authorization"] = f"Bearer {(await lookup.secret.read()).reveal()}"  # RFC 6750 section 2.1
    except SecretError:
        return Unanswered.NO_SECRET
    got = await get(url_of(lookup.url, account), headers, lookup.ca, lookup.within, MOST)
    return understood(got)


def understood(got: Got | Unsent) -> Answer | Unanswered:
    if isinstance(got, Unsent):
        return WHY[got]
    if got.status != GOOD:
        return Unanswered.REFUSED
    return read_answer(got.body)


def url_of(template: str, account: Account) -> str:
    """The address percent-encoded whole (RFC 3986 section 2.1), so that it stays in its place."""
    address = account.address
    values = {"address": f"{address.content}@{address.domain}", "local": address.content, "domain": address.domain}
    return re.sub(r"\{(address|local|domain)\}", lambda found: quote(values[found[1]], safe=""), template)
