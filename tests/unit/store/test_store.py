"""The store: where it lies, what it holds, what it never holds, and two programs on one file."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailprobe.evidence import Of, Replied, Stage
from mailprobe.store import Store, StoreError, open_store
from mailprobe.store.askings import Asking, masked, unmasked
from mailprobe.store.place import default_place, make_room, place_of
from mailprobe.store.sessions import Session
from mailprobe.store.sign_ins import SignIn, SignInState
from mailprobe.store.tables import VERSION

NOW = 1_800_000_000.0
HOST = "imap.d.test"


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def files(directory: Path) -> dict[str, int]:
    """Each file's mode."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}


def contents(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in directory.iterdir())


def granted(past: Sequence[object]) -> None:
    return None


async def history_of(store: Store, login: str) -> tuple[SignIn, ...]:
    seen: list[SignIn] = []

    def look(past: Sequence[SignIn]) -> str:
        seen.extend(past)
        return "only looking"

    assert await store.sign_ins.reserve(login, "", Stage.LOGIN, NOW, look) == "only looking"
    return tuple(seen)


async def test_the_file_is_for_us_alone_and_durable(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    async with open_store(url(place)):
        modes = files(tmp_path)
    assert set(modes) >= {"m.db", "m.db-wal"}
    assert set(modes.values()) == {0o600}
    with sqlite3.connect(place) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_reservation_is_kept_until_it_is_given_back() -> None:
    async with open_store("sqlite://") as store:
        login = store.sign_ins.login("tanaka", HOST)
        first = await store.sign_ins.reserve(login, "print", Stage.LOGIN, NOW, granted)
        second = await store.sign_ins.reserve(login, "print", Stage.AUTH, NOW + 1, granted)
        assert isinstance(first, int)
        assert isinstance(second, int)
        assert [one.state for one in await history_of(store, login)] == [SignInState.RESERVED] * 2
        await store.sign_ins.give_back(first, NOW + 2)
        await store.sign_ins.refused(second, NOW + 2, "NO")
        assert await history_of(store, login) == (SignIn("print", Stage.AUTH, SignInState.REFUSED, NOW + 1, "NO"),)


async def test_hashes_are_keyed_and_hosts_have_one_spelling() -> None:
    async with open_store("sqlite://") as one, open_store("sqlite://") as other:
        assert one.sign_ins.login("tanaka", "IMAP.d.test") == one.sign_ins.login("tanaka", "imap.d.test")
        assert one.sign_ins.login("tanaka", HOST) != one.sign_ins.login("Tanaka", HOST)
        assert one.sign_ins.login("tanaka", HOST) != other.sign_ins.login("tanaka", HOST)
        assert one.sign_ins.fingerprint("a", HOST, "s") != one.sign_ins.fingerprint("b", HOST, "s")


async def test_the_key_outlives_the_process(tmp_path: Path) -> None:
    async with open_store(url(tmp_path / "m.db")) as store:
        before = store.sign_ins.login("tanaka", HOST)
    async with open_store(url(tmp_path / "m.db")) as store:
        assert store.sign_ins.login("tanaka", HOST) == before


async def test_controls_keep_their_last_success() -> None:
    async with open_store("sqlite://") as store:
        login = store.sign_ins.login("live", HOST)
        assert await store.sign_ins.control_good_at(login) is None
        await store.sign_ins.control_good(login, NOW)
        await store.sign_ins.control_good(login, NOW + 5)
        assert await store.sign_ins.control_good_at(login) == NOW + 5


def reply(text: str) -> Replied:
    return Replied(at=3.0, server="mx.d.test:25", ip="192.0.2.1", stage=Stage.RCPT, code=550, enhanced="5.1.1", text=text)


async def test_the_last_answer_comes_back_as_it_was() -> None:
    async with open_store("sqlite://") as store:
        for text in ("older", "Invalid recipient: <tanaka@d.test>, tanaka is unknown"):
            await store.askings.remember("tanaka@d.test", "MX.d.test", "here", reply(text), NOW)
        known = await store.askings.remembered(Of.DEAD, "tanaka@d.test", "mx.d.test", "here")
        assert known is not None
        assert (known.of, known.at, known.cached_at, known.code) == (Of.DEAD, 0.0, NOW, 550)
        assert known.text == "Invalid recipient: <tanaka@d.test>, tanaka is unknown"
        assert (known.server, known.ip, known.stage, known.enhanced) == ("mx.d.test:25", "192.0.2.1", Stage.RCPT, "5.1.1")
        assert await store.askings.remembered(Of.DEAD, "tanaka@d.test", "mx.d.test", "there") is None
        assert await store.askings.remembered(Of.DEAD, "tanaka@d.test", "mx2.d.test", "here") is None


async def test_claims_and_questions() -> None:
    seen: list[Asking] = []
    async with open_store("sqlite://") as store:
        subject = store.askings.subject_of("tanaka@d.test")
        await store.askings.claim(subject, "mx", "", "me", NOW, seen.append)
        await store.askings.claim(subject, "mx", "", "you", NOW + 1, seen.append)
        assert await store.askings.claim(subject, "mx", "", "me", NOW + 2, lambda past: "no") == "no"
        await store.askings.asked(subject, "mx", "", NOW + 3)
        await store.askings.claim(subject, "mx", "", "me", NOW + 4, seen.append)
    assert seen == [Asking(), Asking(None, NOW, "me"), Asking(NOW + 3, NOW + 1, "")]


async def test_of_sessions_that_are_over_only_the_last_is_kept() -> None:
    seen: list[tuple[Session, ...]] = []
    async with open_store("sqlite://") as store:
        keys = [await store.sessions.enter("mx", NOW + n, lambda past: None) for n in range(4)]
        for n, key in enumerate(keys[:3]):
            assert key is not None
            store.sessions.leave_soon(key, NOW + 10 + n)
        await store.sessions.enter("mx", NOW + 20, seen.append)
    assert seen == [(Session(NOW + 2, NOW + 12), Session(NOW + 3, None))]


async def test_nothing_personal_is_in_the_file(tmp_path: Path) -> None:
    async with open_store(url(tmp_path / "m.db")) as store:
        login = store.sign_ins.login("tanaka.taro", HOST)
        secret = store.sign_ins.fingerprint("tanaka.taro", HOST, "correct-horse")
        await store.sign_ins.reserve(login, secret, Stage.LOGIN, NOW, granted)
        subject = store.askings.subject_of("tanaka.taro@d.test")
        await store.askings.asked(subject, "mx.d.test", "", NOW)
        text = "<Tanaka.Taro@d.test>: tanaka.taro@d.test unknown, no tanaka.taro here"
        await store.askings.remember("tanaka.taro@d.test", "mx.d.test", "here", reply(text), NOW)
        held = contents(tmp_path)
    held += contents(tmp_path)
    assert b"mx.d.test" in held
    assert not any(word in held.lower() for word in (b"tanaka", b"correct-horse"))


@pytest.mark.parametrize("text", ["", "no user", "<a@b.test> a a.b ab\x01\x02", "A@B.test"])
def test_masking_leaves_no_address_and_is_undone(text: str) -> None:
    hidden = masked(text, "a@b.test")
    assert "a@b.test" not in hidden.lower()
    assert unmasked(hidden, "a@b.test") == text.replace("\x01", "?").replace("\x02", "?").replace("A@B.test", "a@b.test")


RESERVE = """
import asyncio, os, sys
from mailprobe.evidence import Stage
from mailprobe.store import open_store
async def main():
    async with open_store(sys.argv[1]) as store:
        login = store.sign_ins.login("tanaka", "imap.d.test")
        for _ in range(int(sys.argv[2])):
            said = await store.sign_ins.reserve(
                login, "print", Stage.LOGIN, 1_800_000_000.0, lambda past: "spent" if len(past) >= int(sys.argv[3]) else None)
            print(said, flush=True)
        if sys.argv[4] == "die":
            os.kill(os.getpid(), 9)
asyncio.run(main())
"""


def other_program(place: Path, times: int, most: int, end: str) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-c", RESERVE, url(place), str(times), str(most), end]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_four_programs_share_one_budget_from_the_first_moment(tmp_path: Path) -> None:
    programs = [other_program(tmp_path / "m.db", 10, 7, "live") for _ in range(4)]
    said = [program.communicate(timeout=60) for program in programs]
    assert [error for _, error in said] == [""] * 4
    lines = " ".join(out for out, _ in said).split()
    assert lines.count("spent") == 33
    assert sorted(int(line) for line in lines if line != "spent") == [1, 2, 3, 4, 5, 6, 7]


async def test_a_reservation_survives_the_death_of_its_program(tmp_path: Path) -> None:
    program = other_program(tmp_path / "m.db", 1, 2, "die")
    assert program.communicate(timeout=60)[0].split() == ["1"]
    assert program.returncode == -9
    async with open_store(url(tmp_path / "m.db")) as store:
        assert [one.state for one in await history_of(store, store.sign_ins.login("tanaka", HOST))] == [SignInState.RESERVED]


async def test_a_cancelled_wait_leaves_a_whole_transaction_and_a_store_that_works() -> None:
    async with open_store("sqlite://") as store:
        login = store.sign_ins.login("tanaka", HOST)
        task = asyncio.create_task(store.sign_ins.reserve(login, "print", Stage.LOGIN, NOW, granted))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(await history_of(store, login)) <= 1
        assert isinstance(await store.sign_ins.reserve(login, "print", Stage.LOGIN, NOW, granted), int)


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "m.db"
    with sqlite3.connect(place) as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 2}")
    with pytest.raises(StoreError) as caught:
        async with open_store(url(place)):
            pass
    assert (caught.value.code, caught.value.exit_code, caught.value.where) == ("MP1022", 78, str(place))
    assert f"version {VERSION + 2}" in caught.value.what


def directory(tmp_path: Path) -> Path:
    return tmp_path


def without_directory(tmp_path: Path) -> Path:
    return tmp_path / "none" / "m.db"


def below_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").touch()
    return tmp_path / "file" / "m.db"


def no_database(tmp_path: Path) -> Path:
    (tmp_path / "text").write_text("this is not a database, and it is long enough to be seen as none" * 20)
    return tmp_path / "text"


@pytest.mark.parametrize(
    ("make", "exit_code", "word"),
    [
        (directory, 73, "is a directory"),
        (without_directory, 73, "does not exist"),
        (below_a_file, 73, "does not exist"),
        (no_database, 74, "not a database"),
    ],
)
async def test_a_store_that_cannot_be_is_a_clear_error(tmp_path: Path, make: object, exit_code: int, word: str) -> None:
    assert callable(make)
    with pytest.raises(StoreError) as caught:
        async with open_store(url(make(tmp_path))):
            pass
    assert (caught.value.code, caught.value.exit_code) == ("MP1020", exit_code)
    assert word in caught.value.what
    assert caught.value.hint


def test_a_place_that_may_not_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")  # as for anybody but root, whom the kernel refuses nothing

    monkeypatch.setattr("mailprobe.store.place.os.open", refuse)
    with pytest.raises(StoreError) as caught:
        make_room(str(tmp_path / "m.db"), with_directory=False)
    assert caught.value.exit_code == 77


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("sqlite:///m.db", "m.db"),
        ("sqlite:////var/m.db", "/var/m.db"),
        ("sqlite://", ":memory:"),
        ("sqlite:///:memory:", ":memory:"),
        ("", "/state/one/mailprobe.db"),
    ],
)
def test_urls(given: str, place: str) -> None:
    assert place_of(given, {"STATE_DIRECTORY": "/state/one:/state/two"}) == place


@pytest.mark.parametrize("given", ["postgresql://x/y", "sqlite://m.db", "sqlite:///", "m.db"])
def test_urls_that_are_none(given: str) -> None:
    with pytest.raises(StoreError) as caught:
        place_of(given)
    assert (caught.value.code, caught.value.exit_code) == ("MP1020", 78)


def test_the_users_own_place() -> None:
    assert default_place({"HOME": "/home/a"}) == Path("/home/a/.local/state/mailprobe/mailprobe.db")
    assert default_place({"HOME": "/home/a", "XDG_STATE_HOME": "/s"}) == Path("/s/mailprobe/mailprobe.db")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `docker run --user 54321` has one."""

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert default_place({"STATE_DIRECTORY": "/state"}) == Path("/state/mailprobe.db")
    with pytest.raises(StoreError, match="no home") as caught:
        default_place({})
    assert (caught.value.exit_code, "[store] url" in caught.value.hint) == (78, True)


async def test_the_default_place_is_made_for_us_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    async with open_store():
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
        assert (tmp_path / "state" / "mailprobe.db").exists()
