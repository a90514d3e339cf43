"""What the demo's store remembers of the mailbox that swallows mail, and of no other."""

from mailprobe.bounces.token import Signer, Token, mailbox_of
from mailprobe.canary import ALIVE, Record, may_step
from mailprobe.demo.deliveries import DELIVERIES
from mailprobe.demo.history import earlier_mails
from mailprobe.demo.house import open_demo
from mailprobe.evidence import CanaryState, Of, Returned
from mailprobe.probes import Denied

NOW = 1_800_000_000.0


class Names:
    """A journal that only knows how mailboxes are called in it."""

    def subject_of(self, address: str) -> str:
        return address.encode().hex()

    async def plan(self, record: Record) -> Record | Denied:
        return record

    async def step(self, before: Record, after: Record) -> bool:
        return may_step(before.state, after.state)

    async def open_ones(self, subject: str) -> tuple[Record, ...]:
        return ()

    async def last(self, subject: str) -> Record | None:
        return None

    async def returns(self, subject: str, since: float) -> tuple[Returned, ...]:
        return ()


async def test_one_mail_is_missing_and_the_one_beside_it_is_not() -> None:
    signs, journal = Signer([b"k" * 32]), Names()
    async with open_demo(scenarios=DELIVERIES) as demo:
        found = {case.scenario.local: earlier_mails(demo, case, journal.subject_of, signs, NOW) for case in demo.cases}
    assert [local for local, records in found.items() if records] == ["swallowed"]
    mine, beside = found["swallowed"]
    assert (mine.of, mine.state, beside.of, beside.state) == (Of.TARGET, CanaryState.ACCEPTED, Of.LIVE, CanaryState.REMOVED)
    assert mine.state in ALIVE
    assert mine.sent_at == beside.sent_at == NOW - 23 * 3600
    assert mine.subject == journal.subject_of("swallowed@mobile.example")
    assert isinstance(signs.read_sender(mine.sender, NOW), Token)
    assert mailbox_of(mine.subject) != mailbox_of(beside.subject)
