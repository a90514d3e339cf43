"""A server that is left alone is not connected to by any probe; each says why, and what is known."""

from __future__ import annotations

import pytest

from mailprobe.carriers import Channel, Endpoint
from mailprobe.evidence import Connected, NotAsked, NotConnected, Of, Replied, Stage, Withheld
from mailprobe.probes import Denied, Probe, imap, mx, submission
from tests.unit.probes.world import MX, SUBMISSION, Away, Politeness, World, carrier, target

TROUBLED = Denied(Withheld.SERVER_TROUBLED, 1_000_060.0, 999_990.0, "greeting closed")
IMAP = Endpoint("192.0.2.4", 993, Channel.IMPLICIT)
PROBES: list[tuple[Probe, Endpoint]] = [(mx.probe, MX), (imap.probe, IMAP), (submission.probe, SUBMISSION)]


@pytest.mark.parametrize(("probe", "server"), PROBES)
async def test_no_probe_visits_it(probe: Probe, server: Endpoint) -> None:
    made = World(away=Away({server.label: TROUBLED}))
    await made.run(probe, target(carrier(imap=IMAP)))
    assert not made.all(Connected)
    assert not made.all(NotConnected)
    told = [fact for fact in made.all(NotAsked) if fact.why is Withheld.SERVER_TROUBLED]
    assert [(one.of, one.server, one.not_before, one.last_at, one.last_words) for one in told] == [
        (Of.TARGET, server.label, 1_000_060.0, 999_990.0, "greeting closed")
    ]
    assert made.purse.steps == []
    assert made.manners.inside == 0


async def test_a_held_question_tells_the_last_answer_however_old() -> None:
    last = Replied(at=0.0, stage=Stage.RCPT, code=550, enhanced="5.1.1", text="unknown", cached_at=900_000.0)
    crowded = Denied(Withheld.NOT_POLITE_YET, 1_000_030.0)
    made = World(manners=Politeness(no_session=crowded, known={Of.TARGET: last}))
    await made.run(mx.probe, target(carrier()))
    held = [fact for fact in made.all(NotAsked) if fact.why is Withheld.NOT_POLITE_YET]
    assert [(one.stage, one.not_before, one.last_at, one.last_words) for one in held] == [
        (Stage.CONNECT, 1_000_030.0, 900_000.0, "550 5.1.1 unknown")
    ]
