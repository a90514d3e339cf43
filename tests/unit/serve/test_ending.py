"""How the daemon ends by an error: in its words where it was foreseen, else by its type and place."""

from __future__ import annotations

import asyncio

import pytest

from mailprobe.config import ConfigError, Problem
from mailprobe.serve import ended_by, unwrapped
from mailprobe.store import StoreError

FORESEEN = (ConfigError((Problem("MP1019", "http.listen", "cannot listen", ""),)), StoreError("MP1020", "m.db", "is broken"))


@pytest.mark.parametrize("error", FORESEEN)
async def test_an_error_that_was_foreseen_comes_out_as_itself(error: Exception) -> None:
    with pytest.raises(type(error)), unwrapped():
        async with asyncio.TaskGroup(), asyncio.TaskGroup():
            raise error


async def test_one_that_was_not_is_not_hidden_by_another() -> None:
    group = ExceptionGroup("", [FORESEEN[0], ExceptionGroup("", [KeyError("taro@mail.test")])])
    with pytest.raises(ExceptionGroup), unwrapped():
        raise group


def test_a_fault_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyError) as caught:
        raise KeyError("taro@mail.test")
    assert ended_by(ExceptionGroup("", [caught.value])) == 70
    (told,) = caplog.messages
    assert told.startswith("daemon_fault error=KeyError place=test_ending.py:")
    assert "taro" not in caplog.text.replace("test_ending", "")
