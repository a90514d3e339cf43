"""A secret never prints, and a reference says what is wrong with it without repeating it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import sys
import traceback
from pathlib import Path

import pytest

from mailprobe.secret import MASK, Secret, SecretError, SecretRef, parse_ref

MARKER = "m4rker-of-the-secret"


def kept(path: Path, text: str, mode: int = 0o600) -> SecretRef:
    path.write_text(text, newline="")
    path.chmod(mode)
    return parse_ref(f"file:{path}")


async def code_of(ref: SecretRef) -> str:
    with pytest.raises(SecretError) as caught:
        await ref.read()
    assert MARKER not in str(caught.value)
    assert caught.value.hint
    return caught.value.code


def test_every_way_of_printing_gives_the_mask(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(MARKER)
    logging.getLogger("t").warning("%s %r", secret, [secret])
    assert {repr(secret), str(secret), f"{secret}", "%s" % secret, format(secret, "")} == {MASK}  # noqa: UP031 - it is one of the ways
    assert f"{secret:>5}" == "  ***"
    assert MARKER not in caplog.text + repr({"a": (secret, SecretRef.of_value(secret))})


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, pickle.dumps, json.dumps, vars, hash, list])
def test_no_way_out_but_reveal(copier: object) -> None:
    with pytest.raises(TypeError):
        copier(Secret(MARKER))  # type: ignore[operator] # each of these takes one argument
    assert Secret(MARKER).reveal() == MARKER


def test_equality_is_of_the_values() -> None:
    assert Secret("päss") == Secret("päss")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("\udc82") == Secret("\udc82")


def test_a_traceback_with_locals_shows_the_mask() -> None:
    secret = Secret(MARKER)
    try:
        raise ValueError(secret)
    except ValueError:
        kind, error, trace = sys.exc_info()
        shown = traceback.TracebackException(kind or ValueError, error or ValueError(), trace, capture_locals=True)
    assert MARKER not in "".join(shown.format())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (MARKER, "MP1013"),
        (f"pass:{MARKER}", "MP1013"),
        (f"env:{MARKER}", "MP1013"),
        ("env:A\nB", "MP1013"),
        ("cred:../../etc/shadow", "MP1013"),
        ("exec:sh -c 'open", "MP1013"),
        ("", "MP1014"),
        ("changeme", "MP1014"),
        ("file:", "MP1014"),
        ("env: ", "MP1014"),
    ],
)
def test_what_is_no_reference(text: str, code: str) -> None:
    with pytest.raises(SecretError) as caught:
        parse_ref(text)
    assert caught.value.code == code
    assert MARKER not in str(caught.value) + caught.value.hint


def test_relative_files_belong_to_the_configuration(tmp_path: Path) -> None:
    assert parse_ref("file:a.key", base=tmp_path).place == str(tmp_path / "a.key")
    assert parse_ref("file:/etc/a.key", base=tmp_path).place == "/etc/a.key"


async def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILPROBE_T", MARKER)
    assert (await parse_ref("env:MAILPROBE_T").read()).reveal() == MARKER
    monkeypatch.setenv("MAILPROBE_T", "")
    assert await code_of(parse_ref("env:MAILPROBE_T")) == "MP1014"
    monkeypatch.setenv("MAILPROBE_T", "ChangeMe")
    assert await code_of(parse_ref("env:MAILPROBE_T")) == "MP1014"
    monkeypatch.setenv("MAILPROBE_T", MARKER + "\udc82")
    assert await code_of(parse_ref("env:MAILPROBE_T")) == "MP1010"
    monkeypatch.delenv("MAILPROBE_T")
    assert await code_of(parse_ref("env:MAILPROBE_T")) == "MP1015"


@pytest.mark.parametrize(("text", "value"), [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), (" a b \n", " a b ")])
async def test_exactly_one_line_end_is_left_out(tmp_path: Path, text: str, value: str) -> None:
    assert (await kept(tmp_path / "s", text).read()).reveal() == value


@pytest.mark.parametrize(("text", "code"), [("a\n\n", "MP1014"), ("a\nb\n", "MP1014"), ("\n", "MP1014"), ("a\0", "MP1014")])
async def test_files_that_hold_no_secret(tmp_path: Path, text: str, code: str) -> None:
    assert await code_of(kept(tmp_path / "s", text)) == code


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o610])
async def test_a_file_that_others_may_read(tmp_path: Path, mode: int) -> None:
    assert await code_of(kept(tmp_path / "s", MARKER, mode)) == "MP1012"


async def test_files_that_are_not_there_or_not_files(tmp_path: Path) -> None:
    assert await code_of(parse_ref(f"file:{tmp_path}/absent")) == "MP1011"
    assert await code_of(parse_ref(f"file:{tmp_path}")) == "MP1011"
    assert await code_of(parse_ref("file:/dev/zero")) == "MP1011"


async def test_files_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(b"\x82\xa0")
    path.chmod(0o600)
    assert await code_of(parse_ref(f"file:{path}")) == "MP1010"
    assert await code_of(kept(path, "a" * 70_000)) == "MP1014"


async def test_credentials_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path / "imap", MARKER, 0o400)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert await code_of(parse_ref("cred:imap")) == "MP1015"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert (await parse_ref("cred:imap").read()).reveal() == MARKER


async def test_commands_run_without_a_shell() -> None:
    assert (await parse_ref("exec:printf '%s\n' '$HOME `id`'".replace("\n", "\\n")).read()).reveal() == "$HOME `id`"
    assert await code_of(parse_ref("exec:false")) == "MP1011"
    assert await code_of(parse_ref("exec:/absent/program")) == "MP1011"
    assert await code_of(parse_ref("exec:true")) == "MP1014"


async def test_a_command_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailprobe.secret.EXEC_SECONDS", 0.05)
    assert await code_of(parse_ref("exec:sleep 60")) == "MP1011"


async def test_a_typed_secret_is_held_in_memory_only() -> None:
    ref = SecretRef.of_value(Secret(MARKER))
    assert (await ref.read()).reveal() == MARKER
    assert ref.scheme == "prompt"
    assert MARKER not in f"{ref} {ref!r}"
    assert await code_of(parse_ref("prompt:")) == "MP1015"


async def test_a_key_of_many_lines_is_taken_where_it_is_one(tmp_path: Path) -> None:
    ref = kept(tmp_path / "key.pem", f"-----BEGIN KEY-----\n{MARKER}\n-----END KEY-----\n")
    assert await code_of(ref) == "MP1014"
    assert (await ref.read(lines=True)).reveal() == f"-----BEGIN KEY-----\n{MARKER}\n-----END KEY-----"
    assert MARKER not in repr(await ref.read(lines=True))
