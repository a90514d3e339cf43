"""What the daemon hands the console: its rooms, and what it knows at work."""

from __future__ import annotations

from mailprobe.console.instruments import Instruments, OurCheck
from mailprobe.console.rooms import Rooms
from mailprobe.serve.watching import Watching


def rooms_of(watching: Watching) -> Rooms:
    """Asked anew at each question, so that a reload shows."""
    return Rooms(
        house=lambda: watching.shift.house,
        unfit=lambda: tuple(sorted({one.check.value for one in watching.fitness.health.bad})),
        now=watching.wall,
        instruments=instruments_of(watching),
    )


def instruments_of(watching: Watching) -> Instruments:
    fitness, metrics = watching.fitness, watching.metrics
    return Instruments(
        rows=lambda: watching.rows,
        control=lambda carrier: fitness.control_seen.get(carrier),
        announced=watching.shift.announced,
        schedule=watching.repairs,
        checks=lambda: checks_of(watching),
        held=metrics.held_so_far,
        slots=metrics.slots_so_far,
        summary=watching.summary,
        mailboxes=watching.mailboxes,
        lifted=watching.lifted,
    )


def checks_of(watching: Watching) -> tuple[OurCheck, ...]:
    """The newest finding of each check of ourselves, by its name."""
    found = watching.fitness.health.findings.values()
    shown = (OurCheck(one.check.value, one.state.value, one.subject, one.what.value, one.since, one.words) for one in found)
    return tuple(sorted(shown, key=lambda one: (one.check, one.subject)))
