"""What the carrier's own systems hold: measured, and never enough to call a mailbox down."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailprobe.carriers import Lookup
from mailprobe.evidence import Canary, CanaryState, Contract, Evidence, Recorded
from mailprobe.verdict import Code, Confidence, Status, Verdict
from mailprobe.verdict.judge import judge
from mailprobe.verdict.observed import Observations
from mailprobe.verdict.picture import (
    Acceptance,
    Answer,
    ContractState,
    Control,
    Delivery,
    Entry,
    History,
    Known,
    PasswordChange,
    Picture,
    Portal,
    ReadBack,
    SignIn,
    Source,
    Store,
)
from mailprobe.verdict.proof import RECORD, prove
from mailprobe.verdict.rules import RULES
from mailprobe.verdict.take import take_picture
from tests.unit.verdict import facts
from tests.unit.verdict.facts import ACCOUNT, CARRIER, look, three
from tests.unit.verdict.facts import NOW as THEN
from tests.unit.verdict.mails import HERE, mail
from tests.unit.verdict.pictures import ACTIVE, CLOSED, EVERYWHERE, GONE, NO_LOGIN, NOWHERE, REFUSED, STRANGER, picture
from tests.unit.verdict.registers import any_record, behind, lookup_of, right, somebody_elses
from tests.unit.verdict.test_rules import any_picture
from tests.unit.verdict.test_safety import EXPECTED, US
from tests.unit.verdict.world import DOWN, NOW, Truth, World, account_of, carrier_of, evidence_of, told_of, worlds

DAY = 86_400.0


def seen(world: World, held: Recorded | None, told: Observations | None = None, history: History = History()) -> Picture:  # noqa: B008 - frozen
    lookup = () if held is None else (lookup_of(held),)
    return take_picture(
        (*evidence_of(world), *lookup),
        account=account_of(world),
        carrier=carrier_of(world),
        told=told or told_of(world),
        bounces=(),
        history=history,
        now=NOW,
        us=US,
        network=world.network,
    )


def verdict_of(world: World, held: Recorded | None, **more: Any) -> Verdict:
    return judge(seen(world, held, **more))


# ---- the promise -----------------------------------------------------------------------------------------------------


@st.composite
def recorded_worlds(draw: st.DrawFn, truths: frozenset[Truth]) -> tuple[World, Recorded]:
    world = draw(worlds(truths))
    return world, draw(any_record(world))


@given(recorded_worlds(frozenset(Truth) - DOWN), st.booleans())
def test_what_is_not_down_is_not_called_down_whatever_is_looked_up(given: tuple[World, Recorded], accepted_before: bool) -> None:
    world, held = given
    known = accepted_before and world.truth is not Truth.MISSPELT
    assert verdict_of(world, held, history=History(accepted_before=known)).status is not Status.DOWN


KNOWN_OR_NOT = (None, True, False)
CALM = {"all": World(Truth.HEALTHY).legs, "the doors": frozenset({"mx"})}


@pytest.mark.parametrize("truth", [one for one in Truth if one not in DOWN])
def test_nor_where_nothing_else_disturbs(truth: Truth) -> None:
    """Every list, rightly or wrongly: with and without a credential, a control, an enrolment."""
    asked = itertools.product(CALM.values(), (True, False), ("yes", "absent"), KNOWN_OR_NOT, KNOWN_OR_NOT)
    for legs, enrolled, control, listed, entered in asked:
        world = World(truth, hosts=2, legs=legs, enrolled=enrolled, live_signs_in=control)
        held = replace(right(world), in_mx_map=listed, in_imap_directory=entered, contract=None, mx_store_uid="1")
        assert verdict_of(world, held).status is not Status.DOWN, (world, held)


LISTS: dict[str, Known[Any]] = {
    "mx_map": Known(Entry.UNKNOWN),
    "imap_directory": Known(Entry.UNKNOWN),
    "stores_differ": Known(Answer.NO),
    "written_since": Known(Answer.NO),
}
AS_UNKNOWN = {Code.DIRECTORY_OUT_OF_SYNC: Code.UNKNOWN_TO_MX}  # the same fault, with the sign-in explained


@st.composite
def clear_pictures(draw: st.DrawFn) -> Picture:
    """Where the doors and the sign-in have spoken, and nothing of ours is in the way: there the lists would tip the scales."""
    one = draw(any_picture())
    clear = picture(
        acceptance=draw(st.sampled_from([Acceptance.AS_NEVER_EXISTED, Acceptance.ACCEPTED, Acceptance.ACCEPTED_UNCHECKED])),
        sign_in=draw(st.sampled_from([SignIn.REFUSED, SignIn.REFUSED_BY_MASTER, SignIn.NO_SECRET, SignIn.OPENED])),
        control_sign_in=draw(st.sampled_from([Control.GOOD, Control.ABSENT, Control.REFUSED])),
        submission=draw(st.sampled_from([SignIn.REFUSED, SignIn.NO_SECRET])),
        enrolled=draw(st.sampled_from(Answer)),
        contract=draw(st.sampled_from([ContractState.UNKNOWN, ContractState.SUSPENDED, ContractState.CLOSED])),
        password_change=one.password_change,
        store=Store.UNKNOWN,
    )
    return replace(clear, **{name: getattr(one, name) for name in (*LISTS, "delivery", "control_delivery", "portal")})


def down_codes(one: Picture) -> set[Code]:
    return {rule.code for rule in RULES if rule.status is Status.DOWN and rule.when(one)}


@settings(max_examples=400)
@given(any_picture() | clear_pictures())
def test_lists_and_stores_alone_make_nobody_down(one: Picture) -> None:
    """Whatever is called down with them is so by the servers' answers alone."""
    verdict = judge(one)
    if verdict.status is Status.DOWN:
        without = down_codes(replace(one, **LISTS))
        assert verdict.code in without or AS_UNKNOWN.get(verdict.code) in without


@given(any_picture(), st.sampled_from([PasswordChange.REFUSED_AFTER_RECORDED, PasswordChange.UNRECORDED]))
def test_nor_does_a_change_that_only_the_record_knows_of(one: Picture, change: PasswordChange) -> None:
    assert judge(replace(one, password_change=Known(change))).code is not Code.PASSWORD_NOT_PROPAGATED


@given(worlds(), somebody_elses())
def test_in_a_world_as_well(world: World, held: Recorded) -> None:
    verdict = verdict_of(world, held)
    if verdict.status is Status.DOWN:
        without = down_codes(seen(world, None))
        assert verdict.code in without or AS_UNKNOWN.get(verdict.code) in without


def test_undisturbed_every_truth_is_found_with_the_books_beside_it() -> None:
    """An answer of the carrier's makes nothing less certain; the end of a contract is found by it alone."""
    for truth, code in EXPECTED.items():
        for held in (right, behind):
            world = World(truth, hosts=2)
            expected = Code.CLOSED_BY_CONTRACT if truth is Truth.CLOSED else code
            if truth is Truth.IMAP_FORGOT and held is right:
                assert "mx_accepts:imap_directory_lacks" in verdict_of(world, right(world)).conflicts
            assert verdict_of(world, held(world)).code is expected, (truth, held)


def test_gone_for_certain_without_anybodys_word() -> None:
    """The case that all this was built for: no credential, nothing told; the books say that the contract goes on."""
    world = World(Truth.GONE, legs=frozenset({"mx"}), enrolled=False)
    assert (verdict_of(world, None).code, verdict_of(world, None).status) == (Code.NO_SUCH_ADDRESS, Status.UNKNOWN)
    sure = verdict_of(world, right(world))
    assert (sure.code, sure.confidence, sure.conflicts) == (Code.UNKNOWN_TO_MX, Confidence.HIGH, ())
    late = verdict_of(world, behind(world))
    assert (late.code, late.confidence) == (Code.UNKNOWN_TO_MX, Confidence.MEDIUM)
    assert "mx_unknown:mx_map_lists" in late.conflicts
    signed = verdict_of(World(Truth.GONE), right(World(Truth.GONE)))
    assert (signed.code, signed.confidence, signed.conflicts) == (Code.DIRECTORY_OUT_OF_SYNC, Confidence.HIGH, ())


# ---- what is read off one record -------------------------------------------------------------------------------------


def beside(held: Recorded, *runs: Evidence, told: Observations = Observations()) -> Picture:  # noqa: B008 - frozen
    asked = facts.evidence("mx", *three(facts.OK, facts.OK, facts.NO_USER))
    return look(asked, *runs, facts.evidence("lookup", held), told=told)


def held(**fields: Any) -> Recorded:
    return Recorded(at=101.0, server="CRM", **fields)


def test_each_word_is_measured_and_dated() -> None:
    one = beside(held(contract=Contract.SUSPENDED, in_mx_map=True, in_imap_directory=False))
    assert one.contract == Known(ContractState.SUSPENDED, THEN - 9, Source.MEASURED)
    assert one.mx_map == Known(Entry.LISTED, THEN - 9)
    assert one.imap_directory == Known(Entry.ABSENT, THEN - 9)


def test_what_is_not_said_is_not_known() -> None:
    one, nobody = beside(held()), look(facts.evidence("mx", *three(facts.OK, facts.OK, facts.NO_USER)))
    for name in (
        "mx_map",
        "imap_directory",
        "stores_differ",
        "written_since",
        "contract",
        "password_change",
        "contract_disputed",
    ):
        assert getattr(one, name).value is getattr(nobody, name).value


@pytest.mark.parametrize(
    ("mx", "imap", "differ"), [("1", "2", Answer.YES), ("1", "1", Answer.NO), ("1", "", Answer.NO), ("", "2", Answer.NO)]
)
def test_two_stores_are_two_only_where_both_are_named(mx: str, imap: str, differ: Answer) -> None:
    assert beside(held(mx_store_uid=mx, store_uid=imap)).stores_differ.value is differ


@pytest.mark.parametrize(("later", "expected"), [(500.0, Entry.ABSENT), (700.0, Entry.UNKNOWN)])
def test_a_list_counts_beside_answers_of_its_time(later: float, expected: Entry) -> None:
    """A repair changes both: looked at again after it, the old list contradicts nobody. The contract stands."""
    again = replace(facts.evidence("mx", *three(facts.OK, facts.OK, facts.NO_USER)), started=THEN - 9 + later)
    one = beside(held(in_mx_map=False, contract=Contract.ACTIVE), again)
    assert one.mx_map.value is expected
    assert one.contract.value is ContractState.ACTIVE


@pytest.mark.parametrize("counts_for", [None, 1800.0, 6 * 3600.0])
def test_a_contract_counts_as_long_as_its_carrier_lets_it(counts_for: float | None) -> None:
    """Then it may have ended: what is told or configured has its say again, and contradicts nobody. A change of password that
    was read stays one."""
    carrier = CARRIER if counts_for is None else replace(CARRIER, lookup=Lookup(counts_for=counts_for))
    record = facts.evidence("lookup", held(contract=Contract.CLOSED, password_changed_at=THEN - 50))
    told = Observations(contract=ContractState.ACTIVE)
    read_at = record.started + record.facts[0].at - record.began
    for beyond, expected in ((-1.0, Known(ContractState.CLOSED, read_at, Source.MEASURED)), (1.0, told)):
        later = read_at + (3600.0 if counts_for is None else counts_for) + beyond
        again = replace(facts.evidence("mx", *three(facts.OK, facts.OK, facts.NO_USER)), started=later)
        one = look(again, record, told=told, carrier=carrier)
        assert one.contract == (expected if isinstance(expected, Known) else Known(told.contract, None, Source.TOLD))
        assert one.contract_disputed.value is (Answer.YES if isinstance(expected, Known) else Answer.NO)
        assert one.password_change.at == THEN - 50


def test_the_newest_record_counts_whole() -> None:
    older = replace(facts.evidence("lookup", held(in_mx_map=False, store_uid="1")), started=THEN - 300)
    one = beside(held(in_imap_directory=True), older)
    assert (one.mx_map.value, one.imap_directory.value) == (Entry.UNKNOWN, Entry.LISTED)


def test_a_write_counts_from_the_test_mail_on() -> None:
    sent = Canary(at=101.0, canary="c", number="4821", state=CanaryState.ACCEPTED, sent_at=THEN - 4000, age=4000.0, watched=True)
    for at, expected in ((THEN - 4030, Answer.NO), (THEN - 3990, Answer.NO), (THEN - 3000, Answer.YES)):
        assert beside(held(last_write=at), facts.evidence("canary", sent)).written_since.value is expected
    assert beside(held(last_write=THEN)).written_since.value is Answer.NO


@pytest.mark.parametrize(
    ("told", "read", "value", "source", "disputed"),
    [
        (ContractState.UNKNOWN, Contract.ACTIVE, ContractState.ACTIVE, Source.MEASURED, Answer.NO),
        (ContractState.ACTIVE, Contract.ACTIVE, ContractState.ACTIVE, Source.MEASURED, Answer.NO),
        (ContractState.CLOSED, Contract.ACTIVE, ContractState.ACTIVE, Source.MEASURED, Answer.YES),
        (ContractState.CLOSED, None, ContractState.CLOSED, Source.TOLD, Answer.NO),
    ],
)
def test_what_was_read_counts_before_what_is_told(
    told: ContractState, read: Contract | None, value: ContractState, source: Source, disputed: Answer
) -> None:
    one = beside(held(contract=read), told=Observations(contract=told))
    assert (one.contract.value, one.contract.source, one.contract_disputed.value) == (value, source, disputed)


REFUSED_AT = THEN - 8


@pytest.mark.parametrize(
    ("said", "read", "expected"),
    [
        (None, REFUSED_AT + 1, PasswordChange.REFUSED_EARLIER),
        (None, REFUSED_AT - 600, PasswordChange.REFUSED_TOO_SOON),
        (None, REFUSED_AT - 90 * DAY, PasswordChange.REFUSED_AFTER_RECORDED),
        (REFUSED_AT - 7200, None, PasswordChange.REFUSED_LATER),
        (REFUSED_AT - 7200, REFUSED_AT - 7000, PasswordChange.REFUSED_LATER),
        (REFUSED_AT - 7200, REFUSED_AT - 600, PasswordChange.REFUSED_TOO_SOON),
        (REFUSED_AT - 9 * DAY, REFUSED_AT - 7200, PasswordChange.REFUSED_AFTER_RECORDED),
        (REFUSED_AT - 7200, REFUSED_AT - 90 * DAY, PasswordChange.UNRECORDED),
        (REFUSED_AT - 600, REFUSED_AT - 90 * DAY, PasswordChange.REFUSED_TOO_SOON),
    ],
)
def test_a_change_of_the_password(said: float | None, read: float | None, expected: PasswordChange) -> None:
    refused = facts.evidence("imap", facts.live("OK"), facts.login(*facts.REFUSED))
    one = beside(held(password_changed_at=read), refused, told=Observations(mail_password_changed_at=said))
    assert one.sign_in.value is SignIn.REFUSED
    assert one.password_change.value is expected


# ---- named -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "more", "conflict"),
    [
        ([GONE, NO_LOGIN, EVERYWHERE], {}, "mx_unknown:mx_map_lists"),
        ([GONE, NO_LOGIN, EVERYWHERE], {}, "mx_unknown:imap_directory_lists"),
        ([NOWHERE], {}, "mx_accepts:mx_map_lacks"),
        ([REFUSED, NOWHERE], {}, "mx_accepts:imap_directory_lacks"),
        ([NOWHERE], {}, "signs_in:imap_directory_lacks"),
        ([NO_LOGIN, EVERYWHERE], {"sign_in": SignIn.REFUSED_BY_MASTER}, "imap_unknown:imap_directory_lists"),
        ([], {"mx_map": Entry.LISTED, "imap_directory": Entry.ABSENT}, "mx_map_lists:imap_directory_lacks"),
        ([], {"mx_map": Entry.ABSENT, "imap_directory": Entry.LISTED}, "mx_map_lacks:imap_directory_lists"),
        ([HERE], {"stores_differ": Answer.YES}, "mx_map_store:imap_directory_store"),
        ([mail(Delivery.OVERDUE)], {"written_since": Answer.YES}, "canary_not_found:store_written"),
        ([GONE, REFUSED], {"contract": ACTIVE, "contract_disputed": Answer.YES}, "contract_told:contract_recorded"),
        ([], {"contract": ACTIVE, "portal": Portal.CLOSED}, "portal_closed:contract_recorded_active"),
        ([], {"contract": ContractState.SUSPENDED}, "contract_suspended:signs_in"),
        ([NO_LOGIN], {"contract": ContractState.SUSPENDED}, "contract_suspended:mx_accepts"),
        ([], {"contract": CLOSED}, "contract_closed:mx_accepts"),
        ([mail(Delivery.ARRIVED)], {"read_back": ReadBack.JUNK}, "canary_found:canary_in_junk"),
        ([REFUSED], {"password_change": PasswordChange.UNRECORDED}, "password_told:password_recorded"),
    ],
)
def test_what_contradicts_is_named(changes: list[dict[str, Any]], more: dict[str, Any], conflict: str) -> None:
    assert conflict in judge(picture(*changes, **more)).conflicts


def test_what_agrees_is_no_conflict() -> None:
    assert judge(picture(EVERYWHERE)).conflicts == ()
    assert judge(picture(GONE, REFUSED, NOWHERE, contract=ACTIVE)).conflicts == ()
    assert judge(picture(GONE, NO_LOGIN, NOWHERE, STRANGER)).conflicts == ()


def test_the_proof_names_the_carriers_own_systems() -> None:
    fields = {
        "contract": Contract.CLOSED,
        "contract_at": 0.0,
        "in_mx_map": False,
        "in_imap_directory": True,
        "store_uid": "a@b.test",
    }
    older = replace(facts.evidence("lookup", held(in_mx_map=True)), started=THEN - 300)
    rows = prove([older, facts.evidence("lookup", held(**fields))], account=ACCOUNT, carrier=CARRIER)
    assert {(row.kind, row.server, row.at) for row in rows} == {(RECORD, "CRM", THEN - 9)}
    assert [row.answer for row in rows] == [
        "contract=closed@1970-01-01T00:00:00Z",
        "in_mx_map=no",
        "in_imap_directory=yes",
        "store_uid=address",
    ]
