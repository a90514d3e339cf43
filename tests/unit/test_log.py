"""The daemon's log: one event one line of JSON, and nothing in it but what was meant to be in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.log import HIDDEN, NUMBERS, SHAPES, Event, Fields, cleaned, listen, place_of, tell

MARK = "taro..hunter2@mail.test"


class Sink(io.StringIO):
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def sink() -> Iterator[Sink]:
    stream, ours, root = Sink(), logging.getLogger("mailprobe"), logging.getLogger()
    levels = ours.level, root.level
    handler = listen(stream)
    yield stream
    root.removeHandler(handler)
    ours.setLevel(levels[0])
    root.setLevel(levels[1])


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_an_event_is_a_line(sink: Sink) -> None:
    tell(Event.MAIL_CAME_BACK, kind="failed", outcome="bounced")
    tell(Event.SERVING, listening="smtp://[::1]:25")
    tell(Event.PROBE_FAILED, probe="mx")  # of no interest day by day
    one, two = sink.lines()
    assert one.pop("at").endswith("Z")
    assert one == {"event": "mail_came_back", "level": "info", "kind": "failed", "outcome": "bounced"}
    assert two["listening"] == "smtp://[::1]:25"


def test_an_error_is_its_type_and_place(sink: Sink) -> None:
    tell(Event.BOUNCES_NOT_TAKEN_IN, error=raised(ValueError(MARK)))
    (one,) = sink.lines()
    assert one["error"] == "ValueError"
    assert one["place"].startswith("test_log.py:")
    assert "taro" not in sink.getvalue()
    assert place_of(ValueError(MARK)) == "an unknown place"


def test_a_library_tells_no_words(sink: Sink) -> None:
    other = logging.getLogger("some.library")
    other.warning("%s could not be delivered", MARK)
    other.info("not even seen")
    try:
        raise OSError(MARK)
    except OSError:
        other.exception("with a trace of %s", MARK)
    other.warning("two\nlines", stack_info=True)
    said = sink.lines()
    assert [one["event"] for one in said] == ["library"] * 3
    assert {one["library"] for one in said} == {"some.library"}
    assert [one.get("error") for one in said] == [None, "OSError", None]
    assert all(one["place"].startswith("test_log.py:") for one in said)
    assert "taro" not in sink.getvalue()


@pytest.mark.parametrize("key", sorted(set(SHAPES) | NUMBERS))
def test_no_field_takes_an_address(key: str, sink: Sink) -> None:
    fields: Any = {key: MARK, "unheard_of": MARK}
    tell(Event.SERVING, **fields)
    (one,) = sink.lines()
    assert one[key] == HIDDEN
    assert "unheard_of" not in one
    assert "taro" not in sink.getvalue()


def test_every_field_has_its_shape() -> None:
    assert set(Fields.__annotations__) | {"place", "library"} == set(SHAPES) | NUMBERS


def test_every_event_has_a_name_of_its_own() -> None:
    names = [event.value[0] for event in Event]
    assert len(set(names)) == len(names)


@given(st.sampled_from(sorted(SHAPES)), st.text())
def test_whatever_is_said_is_one_short_line_without_an_address(key: str, text: str) -> None:
    said = cleaned({key: text})[key]
    assert isinstance(said, str)
    assert "@" not in said
    assert said.isprintable()
    assert len(said) < 3000
