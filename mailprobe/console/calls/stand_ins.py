"""Other names in the place of everybody's: the same for the same, so that what is read of them is read as before.

The domain of the carrier stays, for its replies are read by it. An address of elsewhere keeps nothing but whether its local part
is the customer's: a mail that was passed on is told by that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailprobe.console.calls.call import Call
from mailprobe.console.calls.proofs import DEAD, LIVE, TARGET, Names, names_in
from mailprobe.verdict.proof import ANY_ADDRESS

LOCALS = {TARGET: "u000002", LIVE: "u000001", DEAD: "nobody-0000"}
OURS, ELSEWHERE = "our-sender", "elsewhere.invalid"
MARK = re.compile(r"\x01([TLDS])([aw])\x02")  # an address, or a word; no `@`, which would make an address of it
SENDER = "S"


@dataclass(slots=True)
class StandIns:
    """domain: of the account. sender: the address that our own checks are sent from. seen: whom a number was given."""

    names: Names
    domain: str
    local: str
    sender: str
    seen: dict[str, str] = field(default_factory=dict)

    def address(self, role: str) -> str:
        if role == SENDER:
            return f"{OURS}@{self.sender.rpartition('@')[2]}"
        return f"{LOCALS[role]}@{self.domain}"

    def text(self, said: str) -> str:
        """Marks first: what stands in for one name must not be taken for another."""
        if self.sender:
            said = re.sub(re.escape(self.sender), f"\x01{SENDER}a\x02", said, flags=re.IGNORECASE)
        said = self.names.pattern.sub(self.mark, said)
        said = ANY_ADDRESS.sub(lambda found: self.other(found[0]), said)
        return MARK.sub(lambda found: self.address(found[1]) if found[2] == "a" else LOCALS[found[1]], said)

    def mark(self, found: re.Match[str]) -> str:
        return f"\x01{self.names.roles[found[0].casefold()]}{'a' if '@' in found[0] else 'w'}\x02"

    def other(self, address: str) -> str:
        """Somebody who has no part in the check."""
        local, _, domain = address.rpartition("@")
        home, kin = self.domain, domain.rstrip(".").casefold()
        keeps = kin == home or kin.endswith("." + home) or home.endswith("." + kin)
        number = self.seen.setdefault(address.casefold(), f"other{len(self.seen) + 1}")
        return f"{LOCALS[TARGET] if local.casefold() == self.local else number}@{kin if keeps else ELSEWHERE}"


def stand_ins(call: Call, sender: str) -> StandIns:
    address = call.account.address
    return StandIns(names_in(call), address.domain, address.local.casefold(), sender)
