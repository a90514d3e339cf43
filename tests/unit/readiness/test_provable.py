"""The table of what can be proven agrees with the rules, and what it asks for is enough and not more than enough."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailprobe.readiness.provable import EVERYTHING, SURE, Ability, Have, one_code, provability, reached, without
from mailprobe.readiness.witness import WITNESSES, picture_of
from mailprobe.verdict import Code, Confidence
from mailprobe.verdict.judge import judge
from mailprobe.verdict.rules import RULES

CONTROLS = frozenset(
    {
        Ability.RESOLVERS,
        Ability.DOOR,
        Ability.LIVE,
        Ability.DEAD,
        Ability.TELLS_APART,
        Ability.BREADTH,
        Ability.IMAP,
        Ability.LIVE_SIGN_IN,
        Ability.SUBMISSION,
        Ability.ONE_SECRET,
    }
)
ABILITIES = st.frozensets(st.sampled_from(list(Ability)))


def sure(code: Code, have: Have) -> Confidence | None:
    return reached(code, have)[0]


@pytest.mark.parametrize("code", list(WITNESSES))
def test_each_picture_is_what_it_stands_for(code: Code) -> None:
    for witness in WITNESSES[code]:
        assert judge(picture_of(witness)).code is code
        assert without(witness, EVERYTHING) == witness


def test_every_verdict_that_has_a_rule_can_be_shown() -> None:
    with_rule = {rule.code for rule in RULES} - {Code.INCONCLUSIVE}
    assert set(WITNESSES) == with_rule
    assert {row.code for row in provability(EVERYTHING)} == set(Code) - {Code.INCONCLUSIVE}
    assert {row.code for row in provability(EVERYTHING) if not row.provable} == {Code.VANTAGES_DISAGREE}


@pytest.mark.parametrize("code", list(WITNESSES))
@given(have=ABILITIES)
def test_what_is_to_be_added_is_enough_and_all_of_it_is_needed(code: Code, have: Have) -> None:
    row = one_code(code, have)
    best = row.best
    assert best is not None
    assert sure(code, have | set(row.add)) is best
    assert all(sure(code, have | set(row.add) - {one}) is not best for one in row.add)
    assert not set(row.add) & have


@given(have=ABILITIES, more=st.sampled_from(list(Ability)))
@example(have=frozenset({Ability.DOOR, Ability.IMAP, Ability.SECRET}), more=Ability.DEAD)
def test_with_more_nothing_is_proven_less(have: Have, more: Ability) -> None:
    """A mere guess may go: that every address is accepted takes away what an acceptance seemed to say."""
    for code in WITNESSES:
        before, after = one_code(code, have), one_code(code, have | {more})
        if before.provable and before.sure is not None:
            assert after.sure is not None
            assert SURE.index(after.sure) >= SURE.index(before.sure)


EXPECTED = [
    (Code.DIRECTORY_OUT_OF_SYNC, Ability.LIVE),
    (Code.DIRECTORY_OUT_OF_SYNC, Ability.DEAD),
    (Code.DIRECTORY_OUT_OF_SYNC, Ability.TELLS_APART),
    (Code.DIRECTORY_OUT_OF_SYNC, Ability.SECRET),
    (Code.DIRECTORY_OUT_OF_SYNC, Ability.LIVE_SIGN_IN),
    (Code.UNKNOWN_TO_MX, Ability.DEAD),
    (Code.IMAP_AUTH_OUT_OF_SYNC, Ability.ONE_SECRET),
    (Code.IMAP_AUTH_OUT_OF_SYNC, Ability.SUBMISSION),
    (Code.STORE_LOST, Ability.LIVE_SIGN_IN),
    (Code.UNKNOWN_BEHIND_GATEWAY, Ability.BOUNCES),
    (Code.UNKNOWN_BEHIND_GATEWAY, Ability.SEND),
    (Code.SILENTLY_DROPPED, Ability.SEND),
    (Code.NETWORK_RESTRICTED, Ability.OUTSIDE),
    (Code.HANDSET, Ability.SEND),
]


@pytest.mark.parametrize(("code", "lost"), EXPECTED)
def test_what_each_verdict_needs(code: Code, lost: Ability) -> None:
    """Written down by hand, from the rules' own words."""
    row = one_code(code, EVERYTHING - {lost})
    assert (row.provable, row.add) == (False, (lost,))


def test_one_mx_host_makes_it_less_sure_only() -> None:
    row = one_code(Code.DIRECTORY_OUT_OF_SYNC, EVERYTHING - {Ability.BREADTH})
    assert (row.provable, row.sure, row.best, row.add) == (True, Confidence.MEDIUM, Confidence.HIGH, (Ability.BREADTH,))


def test_the_usual_set_up_without_the_customers_secret() -> None:
    rows = {row.code: row for row in provability(CONTROLS)}
    assert rows[Code.UNKNOWN_TO_MX].provable
    assert rows[Code.CLOSED_BY_CONTRACT].told == ("portal=closed",)
    assert rows[Code.DIRECTORY_OUT_OF_SYNC].add == (Ability.SECRET,)
    assert rows[Code.PASSWORD_OR_LOCK].add == (Ability.SECRET,)


def test_with_nothing_at_all_almost_nothing() -> None:
    shown = {row.code for row in provability(frozenset()) if row.provable}
    assert shown == {Code.PROBER_BLOCKED}
