"""What the last look at a server in trouble says for those who were kept from it."""

from __future__ import annotations

import pytest

from mailprobe.evidence import Connected, Evidence, NotConnected, Withheld
from mailprobe.serve.looks import LASTS, Looks
from tests.unit.serve.given import BEGAN, NOW, SERVER, closed, held, hung_up, named, opened, run, shut


def test_whoever_is_held_back_has_the_look_of_another() -> None:
    looks = Looks()
    assert looks.learn("lab", shut(NOW, "tanaka"))
    look = looks.instead_of("lab", held(NOW + 30), NOW + 30)
    assert look is not None
    assert (look.account, look.slot, look.started) == ("suzuki", None, NOW)  # his, and dated when it was made
    assert [type(fact) for fact in look.facts] == [NotConnected]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: held(NOW, why=Withheld.BUDGET_SPENT), id="held for another reason"),
        pytest.param(lambda: opened(NOW), id="not held"),
    ],
)
def test_nobody_else_has_it(other: object) -> None:
    looks = Looks()
    looks.learn("lab", shut(NOW))
    assert callable(other)
    assert looks.instead_of("lab", other(), NOW) is None


@pytest.mark.parametrize(("carrier", "probe"), [("other", "imap"), ("lab", "submission")])
def test_it_is_of_one_carrier_and_probe(carrier: str, probe: str) -> None:
    looks = Looks()
    looks.learn("lab", shut(NOW))
    asked = held(NOW)
    assert looks.instead_of(carrier, run(NOW, *asked.facts, probe=probe, ending=asked.ending), NOW) is None


def test_a_good_look_ends_it() -> None:
    looks = Looks()
    looks.learn("lab", shut(NOW))
    assert not looks.learn("lab", opened(NOW + 60))
    assert looks.instead_of("lab", held(NOW + 61), NOW + 61) is None


def test_a_look_that_is_too_old_says_nothing() -> None:
    looks = Looks()
    looks.learn("lab", shut(NOW))
    assert looks.instead_of("lab", held(NOW + LASTS), NOW + LASTS) is not None
    assert looks.instead_of("lab", held(NOW + LASTS + 1), NOW + LASTS + 1) is None


def test_what_was_said_of_one_mailbox_stays_with_it() -> None:
    """Of two MX hosts one is in trouble; the other has spoken of the account that was asked about."""
    ill, well = "mx1.mail.test:25", "mx2.mail.test:25"
    up = Connected(at=BEGAN, server=well, ip="192.0.2.2", took=0.01)
    looks = Looks()
    looks.learn("lab", run(NOW, closed(ill), up, named(well, 550), named(ill, 550), probe="mx"))
    look = looks.of("lab", "mx", "suzuki", {ill, well}, NOW)
    assert look is not None
    assert look.facts == (closed(ill),)


def test_a_newer_look_at_the_same_server() -> None:
    looks = Looks()
    first, second = shut(NOW), hung_up(NOW + 60)
    looks.learn("lab", first)
    assert looks.again("lab", first, NOW) is None
    looks.learn("lab", second)
    found = looks.again("lab", first, NOW + 60)
    assert isinstance(found, Evidence)
    assert found.started == NOW + 60
    assert looks.again("lab", opened(NOW), NOW + 60) is None  # he saw no trouble


def test_a_server_has_one_name_however_it_is_written() -> None:
    looks = Looks()
    looks.learn("lab", hung_up(NOW, SERVER.upper()))
    assert looks.instead_of("lab", held(NOW), NOW) is not None
