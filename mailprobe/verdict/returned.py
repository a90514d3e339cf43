"""What came back for a test mail, and what refused it: the reply that is quoted, read with T's carrier and T's address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailprobe.carriers import Carrier
from mailprobe.config import Account
from mailprobe.evidence import Replied, Returned, ReturnKind, Stage
from mailprobe.replies import Meaning, ReplyClass, SpeaksOf, Us, read
from mailprobe.verdict.doors import host_of
from mailprobe.verdict.picture import Delivery

BY_CLASS = {
    ReplyClass.UNKNOWN_USER: Delivery.UNKNOWN_USER,
    ReplyClass.RECIPIENT_FILTER: Delivery.FILTERED,
    ReplyClass.MAILBOX_FULL: Delivery.FULL,
    ReplyClass.MAILBOX_DISABLED: Delivery.DISABLED,
    ReplyClass.MAILBOX_MOVED: Delivery.MOVED,
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what servers said of T's test mail."""

    account: Account
    carrier: Carrier
    us: Us

    def reply(self, said: Replied) -> Meaning:
        return self.read(said.stage, said.code, said.enhanced, said.text, host_of(said.server))

    def back(self, said: Returned) -> Meaning:
        return self.read(said.stage, said.code, said.enhanced, said.text, said.remote.lower())

    def read(self, stage: Stage, code: int, enhanced: str, text: str, host: str) -> Meaning:
        address = self.account.address
        return read(
            stage=stage,
            code=code,
            enhanced=enhanced,
            text=text,
            host=host,
            domain=address.domain,
            address=str(address),
            us=self.us,
            carrier=self.carrier,
        )


def is_failure(returned: Returned) -> bool:
    """What failed at another address than the one that was written to counts as passed on, and has failed all the same."""
    passed_on = returned.kind is ReturnKind.FORWARDED and (returned.code >= 500 or returned.enhanced.startswith("5."))
    return returned.kind is ReturnKind.FAILED or passed_on


def failure(returned: Returned, reader: Reader) -> Delivery:
    """A returned mail, by the meaning of the reply that it quotes. Only a lasting "unknown" means that T is unknown."""
    if not names_target(returned, reader.account):
        alias = local_of(returned.recipient) == reader.account.address.local.casefold()
        return Delivery.RETURNED if alias else Delivery.RETURNED_ELSEWHERE
    meaning = reader.back(returned)
    if meaning.cls is ReplyClass.UNKNOWN_USER and filters_so(returned, reader):
        return Delivery.FILTERED
    if meaning.cls is ReplyClass.UNKNOWN_USER and not meaning.hard:
        return Delivery.RETURNED
    return by_meaning(meaning, Delivery.RETURNED)


def filters_so(returned: Returned, reader: Reader) -> bool:
    """A carrier whose filter says "unknown" at the end of data says so afterwards too: what was accepted was known at RCPT."""
    if returned.stage is not Stage.AFTER_ACCEPTANCE:
        return False
    return reader.back(replace(returned, stage=Stage.END_OF_DATA)).cls is ReplyClass.RECIPIENT_FILTER


def by_meaning(meaning: Meaning, otherwise: Delivery) -> Delivery:
    """Words about us or about what we wrote are never evidence against the mailbox."""
    if meaning.speaks_of in (SpeaksOf.US, SpeaksOf.MESSAGE):
        return Delivery.OURS
    return BY_CLASS.get(meaning.cls, otherwise)


def agreed(kinds: Sequence[Delivery]) -> Delivery:
    """Several things came back for one mail: what they agree on, if they do."""
    telling = set(kinds) - {Delivery.RETURNED, Delivery.RETURNED_ELSEWHERE} or set(kinds)
    return telling.pop() if len(telling) == 1 else Delivery.RETURNED


def names_target(returned: Returned, account: Account) -> bool:
    """It names T, nobody, or T's name at another host of the same domain: a gateway rewrites it so."""
    named = returned.recipient.strip("<> ").casefold()
    if not named:
        return True
    address = account.address
    home, domain = address.domain, named.rpartition("@")[2]
    kin = domain == home or domain.endswith("." + home) or home.endswith("." + domain)
    return named == str(address).casefold() or (kin and local_of(named) == address.local.casefold())


def local_of(recipient: str) -> str:
    return recipient.strip("<> ").rpartition("@")[0].casefold()
