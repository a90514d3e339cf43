"""The program as a process of its own: its pipes, its signals, and what hostile servers say on its way to the screen."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailprobe.demo import hostile
from mailprobe.demo.faults import Hear, Place, Script, Send, listening, scripted

SOON = 60.0  # seconds in which any of these is over, on a busy machine


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


async def mailprobe(*words: str, stdout: int = asyncio.subprocess.PIPE, **env: str) -> Outcome:
    return await ended(await started(*words, stdout=stdout, **env))


async def started(*words: str, stdout: int = asyncio.subprocess.PIPE, **env: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "mailprobe",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **env},
    )


async def ended(process: asyncio.subprocess.Process) -> Outcome:
    async with asyncio.timeout(SOON):
        out, err = await process.communicate()
    assert b"Traceback" not in err, err
    return Outcome(process.returncode or 0, (out or b"").decode(), err.decode())


def lab(folder: Path, port: int) -> str:
    path = folder / "mailprobe.toml"
    path.write_text(f"""
[prober]
name = "probe.example.net"
mail_from = "probe@probe.example.net"
allow_networks = ["127.0.0.0/8"]
language = "en"
[store]
url = "sqlite:///{folder}/mailprobe.db"
[carriers.lab]
relation = "own"
domains = ["mail.test"]
mx = ["127.0.0.1:{port}"]
dead_control = "nobody@mail.test"
live_controls = [{{ address = "u000001@mail.test" }}]
limits = {{ rcpt_gap = "0s", sessions = 5, canary_gap = "0s" }}
[[accounts]]
id = "tanaka"
address = "u000002@mail.test"
probes = ["mx"]
""")
    return str(path)


async def test_a_reader_that_went_away_ends_it_quietly() -> None:
    for words in (("explain", "all"), ("explain", "healthy"), ("--help",), ("--version",)):
        reading, writing = os.pipe()
        os.close(reading)
        outcome = await mailprobe(*words, stdout=writing)
        os.close(writing)
        assert (outcome.code, outcome.err) == (141, ""), words


CLOSED = (
    ("explain all", ">&-", 0),
    ("--version", ">&- 2>&-", 0),
    ("explain nosuch", ">&-", 64),
    ("status nobody --config nosuch.toml", ">&-", 3),
    ("explain nosuch --json", "2>&-", 64),
    ("bounce -", "<&-", 65),
    ("check a@b.jp --ask-secret", "<&-", 64),
    ("init", "<&- >&- 2>&-", 64),
)


@pytest.mark.parametrize(("words", "closed", "code"), CLOSED)
async def test_a_closed_stream_changes_no_exit_code(words: str, closed: str, code: int) -> None:
    command = f'exec "$0" -m mailprobe {words} {closed}'
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("sh", "-c", command, sys.executable, stdout=pipe, stderr=pipe)
    outcome = await ended(process)
    assert outcome.code == code
    if "2>&-" in closed:
        assert "error" not in outcome.out.partition("{")[0]  # it does not go where answers are read


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
async def test_a_full_disk_is_said() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    outcome = await mailprobe("explain", "all", stdout=full)
    os.close(full)
    assert (outcome.code, outcome.err[:13]) == (74, "error[MP1109]")


async def test_a_terminal_of_another_encoding_gets_escapes() -> None:
    outcome = await mailprobe("explain", "healthy", "--lang", "ja", PYTHONIOENCODING="ascii")
    assert outcome.code == 0
    assert "\\u" in outcome.out


WILD = b"\x00\x1b[2J\x1b]0;owned\x07\x9b31m\xe2\x80\xae\xff\x83\x65 \x7f"
SAYS: dict[str, Script] = {
    "greeting": (Send(b"554 5.7.1 " + WILD + b"\r\n"), Hear(), Send(b"221 bye\r\n")),
    "ehlo": (Send(hostile.SMTP_HELLO), Hear(), Send(b"250-" + WILD + b"\r\n250 X" + WILD + b"\r\n")),
    "rcpt": hostile.at_rcpt(Send(b"550 5.1.1 " + WILD + b"\r\n")),
    "garbage": (Send(b"hello " + WILD + b"\r\n"),),
}


@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("where", SAYS)
async def test_no_byte_of_a_server_works_on_the_terminal(where: str, form: tuple[str, ...], tmp_path: Path) -> None:
    async with listening(scripted(SAYS[where])) as place:
        outcome = await mailprobe("check", "tanaka", "--config", lab(tmp_path, place.port), "--within", "1", *form)
    assert outcome.code in (0, 1, 2, 3)
    if where == "rcpt" or form == ("--json",):
        assert "[2J" in outcome.out  # it was said, and it is shown
    wild = {char for char in outcome.out + outcome.err if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co") and char != "\n"}
    assert wild == set()
    if form == ("--json",):
        assert json.loads(outcome.out)["verdict"]["status"] == "unknown"


async def test_ctrl_c_still_tells_what_is_known(tmp_path: Path) -> None:
    async with listening(scripted(hostile.SMTP["hang_at_rcpt"]), remember=True) as place:
        process = await started("check", "tanaka", "--config", lab(tmp_path, place.port), "--json", "--within", "60")
        async with asyncio.timeout(SOON):
            await heard(place, b"RCPT")
        process.send_signal(signal.SIGINT)
        outcome = await ended(process)
    answer = json.loads(outcome.out)
    assert (outcome.code, answer["verdict"]["status"]) == (3, "unknown")
    assert [one["ending"] for one in answer["probes"]] == ["out_of_time"]
    last = answer["probes"][0]["facts"][-1]
    assert (last["fact"], last["stage"]) == ("broken", "rcpt")


async def heard(place: Place, word: bytes) -> None:
    while word not in place.heard:  # noqa: ASYNC110 - the fault servers have no event for that, and need none
        await asyncio.sleep(0.02)
