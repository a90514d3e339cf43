"""What a call is called: an id that nobody guesses, and a number that is not misheard for another one."""

from __future__ import annotations

from itertools import product

from mailprobe.console.calls.numbers import DIGITS, check_digit, is_number, new_id, new_number
from mailprobe.console.calls.sealing import Sealer, derived


def test_ids_have_128_bits_and_are_each_another() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(bytes.fromhex(one)) == 16 for one in made)


def test_a_number_is_five_digits_and_not_one_that_is_taken() -> None:
    taken: set[str] = set()
    for _ in range(500):
        number = new_number(taken)
        assert number is not None
        assert is_number(number)
        taken.add(number)
    assert len(taken) == 500


def test_where_every_number_is_taken_there_is_none() -> None:
    every = {"".join(digits) for digits in product("0123456789", repeat=DIGITS)}
    assert new_number({one + check_digit(one) for one in every}) is None


def test_one_wrong_digit_or_two_swapped_neighbours_are_no_number() -> None:
    for said in ("0000", "4821", "9075", "1223"):
        number = said + check_digit(said)
        for place, digit in product(range(DIGITS + 1), "0123456789"):
            other = number[:place] + digit + number[place + 1 :]
            assert is_number(other) == (other == number)
        for place in range(DIGITS):
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            assert is_number(swapped) == (swapped == number)
    for wrong in ("", "1234", "123456", "１２３４５", "12 45"):
        assert not is_number(wrong)


def test_what_is_sealed_opens_with_any_of_the_keys_and_for_its_own_call_only() -> None:
    old, new = derived(b"k" * 32), derived(b"n" * 32)
    sealed = Sealer((old,)).seal(b"taro@mail.test", "c1")
    assert b"taro" not in sealed
    assert Sealer((new, old)).open(sealed, "c1") == b"taro@mail.test"
    assert Sealer((new, old)).open(sealed, "c2") is None
    assert Sealer((new,)).open(sealed, "c1") is None
    assert Sealer((old,)).open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "c1") is None
    assert Sealer().seal(b"taro@mail.test", "c1") == b""
    assert Sealer((old,)).open(b"", "c1") is None
    assert "k" * 4 not in repr(Sealer((old,)))
