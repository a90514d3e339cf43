"""Strangers' mails without end: `python -m tests.fuzz [SECONDS]`, 600 if left out. Any exception ends it with the mail in hex.

Guided by coverage (atheris) where that is installed, else by plain mutation; from the notices in golden/ as seeds, and from
labelled mails where there are any.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.labelled import folder

GOLDEN = Path(__file__).parent / "golden" / "notices.txt"
SECONDS = 600
MOST = 16_384  # bytes of one mail: what hurts by size alone is tried in tests/unit/wire/hostile.py
SLOW = 5  # seconds of one mail, instrumented
WORDS = (
    b"From ",
    b"From: MAILER-DAEMON@x\n",
    b"Content-Type: multipart/report; boundary=q\n\n",
    b"\n--q\n",
    b"\n--q--\n",
    b"Content-Type: message/delivery-status\n\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Final-Recipient: rfc822; a@b.test\n",
    b"Original-Recipient: utf-8; \\x{5BDB}@b.test\n",
    b"Diagnostic-Code: smtp; 550 5.1.1 no\n",
    b"Action: failed\n",
    b"=?iso-2022-jp?B?GyRC?=",
    b"\x1b$B",
    b"<<< 550 no\n",
    b">>> DATA\n",
    b"<a@b.test>:\n",
    b"> ",
    b"\r",
)


def read(raw: bytes) -> None:
    """What is fuzzed: a mail read, and each of its failures understood."""
    from mailprobe.bounce_report import Explained, bounce_json
    from mailprobe.understood import understand
    from mailprobe.wire.returned import Kind, read_returned

    mail = read_returned(raw)
    bounce_json(Explained("-", mail.kind, understand(mail.failures)))
    assert mail.kind is not Kind.UNPARSED


def seeds() -> list[bytes]:
    found = [block.split("\n", 1)[1].encode() for block in GOLDEN.read_text("utf-8").split("\n=== ")[1:]]
    where = folder()
    return found + ([path.read_bytes()[:MOST] for path in sorted((where / "mail").glob("*.eml"))] if where else [])


def guided(seconds: int) -> None:
    """Coverage-guided; ends the process, as libFuzzer does."""
    atheris = importlib.import_module("atheris")  # it ships no types, and is not for every platform
    with atheris.instrument_imports(include=["mailprobe"]):
        import mailprobe.bounce_report
        import mailprobe.wire.returned  # noqa: F401 - imported to be instrumented
    with TemporaryDirectory(prefix="mailprobe-fuzz-") as place:
        corpus, words = Path(place) / "corpus", Path(place) / "words"
        corpus.mkdir()
        for number, seed in enumerate(seeds()):
            (corpus / f"{number:04}").write_bytes(seed)
        words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in WORDS))
        flags = (f"-max_total_time={seconds}", f"-max_len={MOST}", f"-timeout={SLOW}", f"-dict={words}", "-print_final_stats=1")
        atheris.Setup([sys.argv[0], *flags, str(corpus)], read)
        atheris.Fuzz()


def mutated(seeds: Sequence[bytes], dice: random.Random) -> bytes:
    """Two mails spliced, a few words put in, a few bytes changed."""
    one, other = dice.choice(seeds), dice.choice(seeds)
    raw = bytearray(one[: dice.randrange(len(one) + 1)] + other[dice.randrange(len(other) + 1) :])
    for _ in range(dice.randrange(6)):
        at = dice.randrange(len(raw) + 1)
        raw[at : at + dice.randrange(8)] = dice.choice(
            (dice.choice(WORDS), dice.randbytes(3), bytes(raw[at // 2 : at // 2 + 40]))
        )
    return bytes(raw[:MOST])


def unguided(seconds: int) -> None:
    known, dice, count = seeds(), random.Random(), 0  # noqa: S311 - nothing secret comes of it
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        raw = mutated(known, dice)
        try:
            read(raw)
        except Exception:
            print(f"FAIL after {count} mails: {raw.hex()}")
            raise
        count += 1
    print(f"{count} mails, none harmed the reader (without atheris: not guided by coverage)")


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    if importlib.util.find_spec("atheris") is None:
        unguided(seconds)
    else:
        guided(seconds)


if __name__ == "__main__":
    main()
