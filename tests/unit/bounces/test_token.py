"""Signed senders and stamps: read back by their own keys only, in either case, for eight days, and never by chance."""

import base64
import os
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.bounces.token import DAY, LIVES, PREFIX, Signer, Token, Unfit, key_id, unwritten, written

NOW = 1_800_000_000.0
KEY, OTHER, THIRD = b"k" * 32, b"o" * 32, b"t" * 40
SUBJECT = "0123456789abcdef" * 2
SIGNER = Signer([KEY])
FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
subjects = st.binary(min_size=16, max_size=16).map(bytes.hex)
ids = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=40)
times = st.floats(0, 4e9)


@given(subjects, times)
def test_a_sender_is_read_back_in_any_case(subject: str, now: float) -> None:
    local = SIGNER.sender(subject, now)
    token = Token(subject[:16], int(now // DAY) % 65536)
    assert [SIGNER.read_sender(one, now) for one in (local, local.upper(), local.title())] == [token] * 3
    assert len(local) == 36
    assert set(local) <= set(string.ascii_lowercase + string.digits + "-")


def test_a_mailbox_has_one_sender_a_day() -> None:
    midnight = NOW // DAY * DAY
    assert SIGNER.sender(SUBJECT, midnight) == SIGNER.sender(SUBJECT, midnight + DAY - 1)
    assert SIGNER.sender(SUBJECT, midnight) != SIGNER.sender(SUBJECT, midnight + DAY)
    assert SIGNER.sender(SUBJECT, midnight) != SIGNER.sender("ff" + SUBJECT[2:], midnight)


@pytest.mark.parametrize("days", range(-3, LIVES + 4))
@pytest.mark.parametrize("epoch", [NOW, 65536.0 * DAY, 0.0])  # sixteen bits of days overflow in 2149
def test_a_sender_lives_eight_days(days: int, epoch: float) -> None:
    said = SIGNER.read_sender(SIGNER.sender(SUBJECT, epoch), epoch + days * DAY)
    assert isinstance(said, Token) == (-1 <= days <= LIVES)
    assert isinstance(said, Token) or said is Unfit.EXPIRED


@given(ids)
def test_a_stamp_is_read_back_in_any_case(canary: str) -> None:
    stamp = SIGNER.stamp(canary)
    assert [SIGNER.read_stamp(one) for one in (stamp, stamp.upper(), f" {stamp}\t")] == [canary] * 3


@pytest.mark.parametrize("canary", ["", "Abc", "a.b", "a-b", "é", "a b", "²"])
def test_an_id_that_could_not_be_read_back_is_not_signed(canary: str) -> None:
    with pytest.raises(ValueError, match="lower-case letters and digits"):
        SIGNER.stamp(canary)


def test_a_subject_that_could_not_be_read_back_is_not_signed() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        SIGNER.sender("00" * 7, NOW)


def test_keys_rotate_the_first_signs_and_all_verify() -> None:
    before, after = Signer([OTHER]), Signer([KEY, OTHER])
    assert after.sender(SUBJECT, NOW) == SIGNER.sender(SUBJECT, NOW)
    assert isinstance(after.read_sender(before.sender(SUBJECT, NOW), NOW), Token)
    assert after.read_stamp(before.stamp("c1")) == "c1"
    assert before.read_sender(after.sender(SUBJECT, NOW), NOW) is Unfit.FORGED
    assert before.read_stamp(after.stamp("c1")) is None


@pytest.mark.parametrize("keys", [[], [b"k" * 31], [KEY, b""], [KEY, KEY]])
def test_keys_that_are_none(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="key"):
        Signer(keys)


def test_a_key_with_the_same_id_but_other_octets_forges_nothing() -> None:
    twin = next(key for n in range(100_000) if key_id(key := n.to_bytes(32, "big")) == key_id(KEY) and key != KEY)
    assert SIGNER.read_sender(Signer([twin]).sender(SUBJECT, NOW), NOW) is Unfit.FORGED
    assert SIGNER.read_stamp(Signer([twin]).stamp("c1")) is None


def test_a_sender_is_no_stamp_and_a_stamp_no_sender() -> None:
    """One key signs both: what it said of the one must not count for the other."""
    raw = unwritten(SIGNER.sender(SUBJECT, NOW)[len(PREFIX) :])
    assert raw is not None
    body, mac = raw[:-10], raw[-10:]
    for canary in (body.hex(), body[1:].hex(), SUBJECT[:16]):
        assert SIGNER.read_stamp(f"{canary}.{written(body[:1] + mac)}") is None


@given(subjects, st.integers(0, 21 * 8 - 1))
def test_one_flipped_bit_is_forged(subject: str, bit: int) -> None:
    raw = bytearray(unwritten(SIGNER.sender(subject, NOW)[len(PREFIX) :]) or b"")
    raw[bit // 8] ^= 1 << bit % 8
    assert SIGNER.read_sender(PREFIX + written(bytes(raw)), NOW) is Unfit.FORGED


@given(ids, st.data())
def test_one_other_character_is_no_stamp(canary: str, data: st.DataObject) -> None:
    stamp = SIGNER.stamp(canary)
    at = data.draw(st.integers(0, len(stamp) - 1))
    other = data.draw(st.sampled_from([one for one in string.ascii_lowercase + string.digits + "." if one != stamp[at]]))
    assert SIGNER.read_stamp(stamp[:at] + other + stamp[at + 1 :]) is None


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    assert SIGNER.read_sender(text, NOW) is Unfit.MALFORMED
    assert SIGNER.read_sender(PREFIX + text, NOW) in (Unfit.MALFORMED, Unfit.FORGED)
    assert SIGNER.read_stamp(text) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda local: local + "=",
        lambda local: local + "a",
        lambda local: local[:-1],
        lambda local: local[:-1] + chr(ord(local[-1]) + 1),  # the two spare bits of the last character
        lambda local: " " + local,
        lambda local: local[2:],
        lambda local: local.replace("b-", "b--"),
        lambda local: local + "\n",
        lambda local: local.replace("k", "\u212a").replace("s", "\u017f"),  # letters that only lower or upper case makes ours
    ],
)
def test_one_way_of_writing_each_value(change: object) -> None:
    assert callable(change)
    local = SIGNER.sender(SUBJECT, NOW)
    assert "k" in local or "s" in local
    assert SIGNER.read_sender(change(local), NOW) in (Unfit.MALFORMED, Unfit.FORGED)


@given(st.binary(max_size=40))
def test_writing_is_undone(raw: bytes) -> None:
    assert unwritten(written(raw)) == raw
    padded = base64.b32encode(raw).decode()
    assert unwritten(padded) == (None if padded.endswith("=") else raw)


def test_none_of_many_random_or_flipped_tokens_is_taken() -> None:
    """A million in the full run: random octets of the right length and key id, and true tokens with one to four bits flipped."""
    chance = random.Random(os.environ.get("SEED", "tokens"))  # noqa: S311  the attacker's chance, to be had again by its seed
    true = unwritten(SIGNER.sender(SUBJECT, NOW)[len(PREFIX) :]) or b""
    whole = int.from_bytes(true, "big")
    taken = 0
    for n in range(1_000_000 if FULL else 20_000):
        if n % 2:
            raw = key_id(KEY) + chance.randbytes(20)
        else:
            bits = chance.sample(range(168), chance.randint(1, 4))
            raw = (whole ^ sum(1 << bit for bit in bits)).to_bytes(21, "big")
        taken += isinstance(SIGNER.read_sender(PREFIX + written(raw), NOW), Token)
    assert isinstance(SIGNER.read_sender(PREFIX + written(true), NOW), Token)
    assert taken == 0
