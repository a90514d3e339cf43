"""The login budget and the manners: decisions as tables with a given now, then two programs' stores on one file."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.canary import ALIVE, Record
from mailprobe.carriers import FOREIGN_LIMITS, OWN_LIMITS, Limits, Relation
from mailprobe.evidence import CanaryState, Of, Replied, Stage, Withheld
from mailprobe.limits import Courtesy, LoginBudget
from mailprobe.limits.canaries import may_send
from mailprobe.limits.manners import counts_until, may_enter, may_name
from mailprobe.limits.sign_ins import Most, may_sign_in
from mailprobe.limits.waiting import Wait
from mailprobe.probes import Denied, Granted
from mailprobe.store import Store, open_store
from tests.unit.limits.given import DAY, HOUR, NOW, Time

MINUTE = 60.0
HOST = "imap.d.test"


@dataclass(frozen=True)
class Past:
    secret: str
    stage: Stage
    state: str
    at: float
    words: str = ""


def refused(ago: float, of: str = "old", stage: Stage = Stage.LOGIN) -> Past:
    return Past(of, stage, "refused", NOW - ago, f"NO {ago:g}")


def reserved(ago: float, of: str = "old") -> Past:
    return Past(of, Stage.LOGIN, "reserved", NOW - ago)


def cut(ago: float, of: str = "old") -> Past:
    return Past(of, Stage.LOGIN, "unanswered", NOW - ago)


def spent(last_ago: float, free_in: float) -> tuple[Withheld, float, float]:
    return Withheld.BUDGET_SPENT, NOW + free_in, NOW - last_ago


def same(last_ago: float, free_in: float) -> tuple[Withheld, float, float]:
    return Withheld.SAME_SECRET_REFUSED, NOW + free_in, NOW - last_ago


OWN, FOREIGN = Relation.OWN, Relation.FOREIGN


def sent(ago: float, state: CanaryState) -> Record:
    """A test mail that was planned so many seconds ago."""
    whose = {"id": "x", "subject": "s", "account": "", "vantage": "", "sender": "", "number": "", "consent": ""}
    return Record(of=Of.TARGET, planned_at=NOW - ago, state=state, **whose)  # type: ignore[arg-type]  # strings all


WHOLE, HALF = Most(2, 2), Most(1, 2)  # live checks, the schedule
YES = None
LATER = "later"
LOGIN, AUTH = Stage.LOGIN, Stage.AUTH

SIGN_INS = [
    ("nothing before", [], "new", LOGIN, YES),
    ("one refused, another secret", [refused(MINUTE)], "new", LOGIN, YES),
    ("one refused, the same secret", [refused(MINUTE)], "old", LOGIN, same(MINUTE, 6 * HOUR - MINUTE)),
    ("the same secret by submission at once", [refused(20)], "old", AUTH, YES),
    ("the same secret by submission at sixty seconds", [refused(60)], "old", AUTH, YES),
    ("the same secret by submission too late", [refused(61)], "old", AUTH, same(61, 6 * HOUR - 61)),
    ("IMAP after submission's refusal is no chain", [refused(20, stage=AUTH)], "old", LOGIN, same(20, 6 * HOUR - 20)),
    ("submission twice is no chain", [refused(20, stage=AUTH)], "old", AUTH, same(20, 6 * HOUR - 20)),
    ("the one confirmation", [refused(6 * HOUR)], "old", LOGIN, YES),
    ("just before it", [refused(6 * HOUR - 1)], "old", LOGIN, same(6 * HOUR - 1, 1)),
    ("both legs refused", [refused(50), refused(20, stage=AUTH)], "old", LOGIN, same(50, 6 * HOUR - 20)),
    ("confirmed already", [refused(13 * HOUR), refused(7 * HOUR)], "old", LOGIN, same(7 * HOUR, 11 * HOUR)),
    ("two refused, another secret", [refused(2 * HOUR), refused(HOUR, "mid")], "new", LOGIN, spent(HOUR, 22 * HOUR)),
    ("two refused long ago", [refused(25 * HOUR), refused(24 * HOUR)], "old", LOGIN, YES),
    ("one of two is a day old", [refused(24 * HOUR), refused(HOUR, "mid")], "new", LOGIN, YES),
    ("a crash is spent", [reserved(2 * HOUR, "a"), refused(HOUR, "b")], "new", LOGIN, spent(HOUR, 22 * HOUR)),
    ("two crashes are spent", [reserved(2 * HOUR), reserved(HOUR)], "old", LOGIN, spent(HOUR, 22 * HOUR)),
    ("one crash is no refusal of the secret", [reserved(HOUR)], "old", LOGIN, YES),
    ("the same secret is under way", [reserved(2)], "old", LOGIN, LATER),
    ("another secret is under way", [reserved(2)], "new", LOGIN, YES),
    ("one refused and one under way", [refused(HOUR, "a"), reserved(2, "b")], "new", LOGIN, LATER),
    ("two spent and one under way", [refused(2 * HOUR, "a"), refused(HOUR, "b"), reserved(2)], "new", LOGIN, spent(2, 23 * HOUR)),
    ("one cut is no refusal of the secret", [cut(MINUTE)], "old", LOGIN, YES),
    ("one cut and one refused", [refused(2 * HOUR), cut(HOUR)], "new", LOGIN, spent(HOUR, 22 * HOUR)),
    ("two were cut", [cut(2 * HOUR), cut(HOUR)], "old", LOGIN, spent(HOUR, 22 * HOUR)),
    ("one was cut and one is under way", [cut(HOUR), reserved(2, "b")], "new", LOGIN, LATER),
    ("a row from a wrong clock", [refused(-400 * DAY), refused(-300 * DAY)], "old", LOGIN, YES),
    ("a clock that went back a little", [refused(-30)], "old", LOGIN, same(-30, 6 * HOUR + 30)),
]


@pytest.mark.parametrize(("past", "secret", "stage", "want"), [row[1:] for row in SIGN_INS], ids=[row[0] for row in SIGN_INS])
def test_may_sign_in(past: list[Past], secret: str, stage: Stage, want: tuple[Withheld, float, float] | str | None) -> None:
    said = may_sign_in(past, secret, stage, NOW, WHOLE)
    if want is None or want == LATER:
        assert said is None if want is None else isinstance(said, Wait)
    else:
        assert isinstance(said, Denied)
        assert (said.why, said.not_before, said.last_at) == want
        assert said.last_words == next(one.words for one in past if one.at == said.last_at)


OF_THE_SCHEDULE = [
    ("one was cut", [cut(HOUR)], YES),
    ("two were cut", [cut(2 * HOUR), cut(HOUR)], spent(HOUR, 22 * HOUR)),
    ("one refused", [refused(HOUR)], spent(HOUR, 23 * HOUR)),
    ("one crashed", [reserved(HOUR)], spent(HOUR, 23 * HOUR)),
    ("one was cut, then one refused", [cut(2 * HOUR), refused(HOUR)], spent(HOUR, 23 * HOUR)),
    ("one was cut, and one is under way", [cut(HOUR), reserved(2)], LATER),
]


@pytest.mark.parametrize(("past", "want"), [row[1:] for row in OF_THE_SCHEDULE], ids=[row[0] for row in OF_THE_SCHEDULE])
def test_a_cut_login_takes_nothing_from_the_schedules_half(
    past: list[Past], want: tuple[Withheld, float, float] | str | None
) -> None:
    said = may_sign_in(past, "new", LOGIN, NOW, HALF)
    if want is None or want == LATER:
        assert said is None if want is None else isinstance(said, Wait)
    else:
        assert isinstance(said, Denied)
        assert (said.why, said.not_before, said.last_at) == want


def test_told_is_what_the_same_server_said() -> None:
    """Both legs have one budget; what refused the secret at the submission server says nothing of IMAP's."""
    past = [refused(50), refused(20, stage=AUTH)]
    for stage, at in ((LOGIN, NOW - 50), (AUTH, NOW - 20)):
        same = may_sign_in(past, "old", stage, NOW, WHOLE)
        other = may_sign_in(past, "new", stage, NOW, WHOLE)
        assert isinstance(same, Denied)
        assert isinstance(other, Denied)
        assert same.last_at == other.last_at == at


def test_the_words_of_the_last_refusal_come_with_the_denial() -> None:
    said = may_sign_in([refused(MINUTE)], "old", LOGIN, NOW, WHOLE)
    assert isinstance(said, Denied)
    assert said.last_words == "NO 60"


ENDS = ["opened", "refused", "unanswered"]
Step = st.tuples(
    st.floats(0, 30 * HOUR),
    st.sampled_from("ab"),
    st.sampled_from([LOGIN, AUTH]),
    st.sampled_from(ENDS),
    st.sampled_from([WHOLE, HALF]),
)


@given(st.lists(Step, max_size=30))
def test_no_order_of_events_spends_more_than_the_budget(steps: list[tuple[float, str, Stage, str, Most]]) -> None:
    now, past = NOW, list[Past]()
    for wait, secret, stage, end, most in steps:
        now += wait
        if may_sign_in(past, secret, stage, now, most) is not None:
            continue
        if end == "opened":  # the secret is good: those that were cut with it were no failures
            past = [one for one in past if (one.state, one.secret) != ("unanswered", secret)]
        else:
            past.append(Past(secret, stage, end, now))
    for one in past:
        day = [other for other in past if one.at <= other.at < one.at + DAY]
        assert len(day) <= 2
        again = [other for other in day if other.secret == one.secret and 60 < other.at - one.at < 6 * HOUR]
        assert one.state != "refused" or not again


@dataclass(frozen=True)
class Asked:
    asked_at: float | None = None
    claimed_at: float | None = None
    claimed_by: str = ""
    deferrals: int = 0
    deferred_at: float | None = None


NAMES = [
    ("never asked", Asked(), 60, YES),
    ("asked just now", Asked(NOW - 20), 60, (NOW + 40, NOW - 20)),
    ("asked a gap ago", Asked(NOW - 60), 60, YES),
    ("foreign", Asked(NOW - HOUR), 6 * HOUR, (NOW + 5 * HOUR, NOW - HOUR)),
    ("no gap in a lab", Asked(NOW), 0, YES),
    ("another is about to ask", Asked(None, NOW - 5, "you"), 60, (NOW + 10, None)),
    ("another wanted to and did not", Asked(None, NOW - 15, "you"), 60, YES),
    ("we said so ourselves", Asked(None, NOW - 5, "me"), 60, YES),
    ("another is about to ask, in a lab", Asked(None, NOW, "you"), 0, YES),
    ("another asked and the gap passed", Asked(NOW - 60, NOW - 61, ""), 60, YES),
    ("a row from a wrong clock", Asked(NOW + 400 * DAY), 60, YES),
]


@pytest.mark.parametrize(("past", "gap", "want"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES])
def test_may_name(past: Asked, gap: float, want: tuple[float, float | None] | None) -> None:
    said = may_name(past, gap, "me", NOW)
    assert said == (None if want is None else Denied(Withheld.NOT_POLITE_YET, *want))


@dataclass(frozen=True)
class Visit:
    began_at: float
    left_at: float | None = None


OPEN, DONE = Visit(NOW - 5), Visit(NOW - 12, NOW - 10)
VISITS = [
    ("nobody", [], 1, 30, YES),
    ("one under way", [OPEN], 1, 30, NOW + 30),
    ("one under way, no gap", [OPEN] * 5, 5, 0, NOW + 0.2),
    ("a place is left", [OPEN] * 4, 5, 0, YES),
    ("over ten seconds ago", [DONE], 1, 30, NOW + 20),
    ("over, no gap", [DONE], 5, 0, YES),
    ("over a gap ago", [Visit(NOW - 40, NOW - 30)], 1, 30, YES),
    ("its process died", [Visit(NOW - 121)], 1, 30, YES),
    ("its process died, the gap is long", [Visit(NOW - 121)], 1, 300, NOW + 179),
    ("a row from a wrong clock", [Visit(NOW + 400 * DAY)], 1, 30, YES),
]


@pytest.mark.parametrize(("past", "places", "gap", "until"), [row[1:] for row in VISITS], ids=[row[0] for row in VISITS])
def test_may_enter(past: list[Visit], places: int, gap: float, until: float | None) -> None:
    assert may_enter(past, places, gap, NOW) == (None if until is None else Wait(until))


@pytest.mark.parametrize(
    ("of", "limits", "age"),
    [
        (Of.DEAD, OWN_LIMITS, DAY),
        (Of.LIVE, FOREIGN_LIMITS, 600),
        (Of.TARGET, OWN_LIMITS, 60),
        (Of.TARGET, FOREIGN_LIMITS, 6 * HOUR),
    ],
)
def test_how_long_an_answer_counts(of: Of, limits: Limits, age: float) -> None:
    assert counts_until(of, NOW, limits) == NOW + age


def budgets(stores: tuple[Store, Store], time: Time) -> tuple[LoginBudget, LoginBudget]:
    one, other = (LoginBudget(store, time.wall, sleep=time.sleep) for store in stores)
    return one, other


async def spend(budget: LoginBudget, secret: str, words: str = "NO") -> None:
    grant = await budget.reserve("tanaka", HOST, secret)
    assert isinstance(grant, Granted)
    await budget.refused(grant, words)


async def why(budget: LoginBudget, secret: str, stage: Stage = LOGIN) -> Withheld | None:
    """What stands against a login; a granted one is given back."""
    said = await budget.reserve("tanaka", HOST, secret, stage)
    if isinstance(said, Denied):
        return said.why
    await budget.give_back(said)
    return None


async def test_two_programs_share_one_budget(stores: tuple[Store, Store], time: Time) -> None:
    one, other = budgets(stores, time)
    await spend(one, "first", "[AUTHENTICATIONFAILED] no tanaka here")
    said = await other.reserve("tanaka", HOST, "first")
    assert said == Denied(Withheld.SAME_SECRET_REFUSED, NOW + 6 * HOUR, NOW, "[AUTHENTICATIONFAILED] no *** here")
    await spend(other, "second")
    assert await why(one, "third") is Withheld.BUDGET_SPENT
    assert isinstance(await one.reserve("suzuki", HOST, "third"), Granted)
    time.now += DAY
    assert await why(one, "first") is None


async def test_success_costs_nothing(stores: tuple[Store, Store], time: Time) -> None:
    one, other = budgets(stores, time)
    for _ in range(10):
        assert await why(one, "good") is None
        assert await why(other, "good") is None


async def test_a_login_that_opens_says_that_those_cut_before_it_were_no_failures(stores: tuple[Store, Store], time: Time) -> None:
    """Of the same secret, and only those that were cut."""
    one, other = budgets(stores, time)
    first = await one.reserve("tanaka", HOST, "good")
    assert isinstance(first, Granted)
    await one.unanswered(first)
    again = await other.reserve("tanaka", HOST, "good")
    assert isinstance(again, Granted)
    await other.opened(again)
    await spend(one, "first")
    assert await why(one, "second") is None


@pytest.mark.parametrize("end", ["refused", "unanswered"])
async def test_but_not_those_of_another_secret_and_not_the_refused(stores: tuple[Store, Store], time: Time, end: str) -> None:
    one, other = budgets(stores, time)
    first = await one.reserve("tanaka", HOST, "bad")
    assert isinstance(first, Granted)
    await (one.refused(first, "NO") if end == "refused" else one.unanswered(first))
    again = await other.reserve("tanaka", HOST, "good")
    assert isinstance(again, Granted)
    await other.opened(again)
    last = await one.reserve("tanaka", HOST, "third")
    assert isinstance(last, Granted)
    await one.unanswered(last)
    assert await why(one, "fourth") is Withheld.BUDGET_SPENT


async def test_the_second_leg_of_the_chain_may_resend_once(stores: tuple[Store, Store], time: Time) -> None:
    one, _ = budgets(stores, time)
    await spend(one, "bad")
    time.now += 5
    assert await why(one, "bad") is Withheld.SAME_SECRET_REFUSED
    grant = await one.reserve("tanaka", HOST, "bad", AUTH)
    assert isinstance(grant, Granted)
    await one.refused(grant, "535")
    assert await why(one, "bad", AUTH) is Withheld.SAME_SECRET_REFUSED
    assert await why(one, "new", AUTH) is Withheld.BUDGET_SPENT


async def test_a_crash_keeps_its_reservation(tmp_path: Path, time: Time) -> None:
    url = f"sqlite:///{tmp_path / 'm.db'}"
    for secret in ("a", "b"):
        async with open_store(url) as store:
            assert isinstance(await LoginBudget(store, time.wall).reserve("tanaka", HOST, secret), Granted)
    async with open_store(url) as store:
        time.now += MINUTE
        assert await why(LoginBudget(store, time.wall, sleep=time.sleep), "c") is Withheld.BUDGET_SPENT


async def test_a_login_under_way_is_waited_for(stores: tuple[Store, Store], time: Time) -> None:
    one, other = budgets(stores, time)
    for end, want in (("refused", Withheld.SAME_SECRET_REFUSED), ("good", None)):
        secret = f"secret that is {end}"
        grant = await one.reserve("tanaka", HOST, secret)
        assert isinstance(grant, Granted)
        time.meanwhile = (lambda g=grant: one.refused(g, "NO")) if end == "refused" else (lambda g=grant: one.give_back(g))
        assert await why(other, secret) is want


async def test_but_not_for_ever(stores: tuple[Store, Store], time: Time) -> None:
    one, other = budgets(stores, time)
    await one.reserve("tanaka", HOST, "slow")
    said = await other.reserve("tanaka", HOST, "slow")
    assert isinstance(said, Denied)
    assert said.why is Withheld.NOT_POLITE_YET
    assert 9.5 <= time.now - NOW <= 10.5


async def test_eight_at_once_never_overspend(stores: tuple[Store, Store], time: Time) -> None:
    said = await asyncio.gather(*(budget.reserve("tanaka", HOST, f"{n}") for n in range(4) for budget in budgets(stores, time)))
    assert sum(isinstance(one, Granted) for one in said) == 2


async def test_a_good_control_counts_for_ten_minutes(stores: tuple[Store, Store], time: Time) -> None:
    one, other = budgets(stores, time)
    assert await one.control_good_at("live", HOST) is None
    await one.control_good("live", HOST)
    time.now += 600
    assert await other.control_good_at("live", HOST) == NOW
    time.now += 1
    assert await other.control_good_at("live", HOST) is None


def courtesies(stores: tuple[Store, Store], time: Time, limits: Limits = OWN_LIMITS) -> tuple[Courtesy, Courtesy]:
    one, other = (Courtesy(store, limits, "here", time.wall, time.sleep) for store in stores)
    return one, other


def answer(text: str = "<a@d.test> unknown") -> Replied:
    return Replied(at=5.0, server="mx:25", ip="192.0.2.1", stage=Stage.RCPT, code=550, enhanced="5.1.1", text=text)


@pytest.mark.parametrize(("limits", "gap"), [(OWN_LIMITS, 60.0), (FOREIGN_LIMITS, 6 * HOUR)])
@pytest.mark.parametrize("of", [Of.TARGET, Of.LIVE])
async def test_an_address_is_named_once_per_gap(
    stores: tuple[Store, Store], time: Time, of: Of, limits: Limits, gap: float
) -> None:
    one, other = courtesies(stores, time, limits)
    assert await one.may_ask(of, "a@d.test", "mx") is None
    await one.asked(of, "a@d.test", "mx")
    time.now += gap - 1
    assert await other.may_ask(of, "a@d.test", "mx") == Denied(Withheld.NOT_POLITE_YET, NOW + gap, NOW)
    assert await other.may_ask(of, "b@d.test", "mx") is None
    assert await other.may_ask(of, "a@d.test", "mx2") is None
    time.now += 1
    assert await other.may_ask(of, "a@d.test", "mx") is None


async def test_two_programs_do_not_ask_at_the_same_moment(stores: tuple[Store, Store], time: Time) -> None:
    one, other = courtesies(stores, time)
    assert await one.may_ask(Of.TARGET, "a@d.test", "mx") is None
    assert await one.may_ask(Of.TARGET, "a@d.test", "mx") is None
    assert await other.may_ask(Of.TARGET, "a@d.test", "mx") == Denied(Withheld.NOT_POLITE_YET, NOW + 15)


async def test_dead_controls_are_rationed_per_host_and_vantage(stores: tuple[Store, Store], time: Time) -> None:
    one, _ = courtesies(stores, time)
    there = Courtesy(stores[1], OWN_LIMITS, "there", time.wall)
    await one.asked(Of.DEAD, "d1@d.test", "mx")
    assert await one.may_ask(Of.DEAD, "d2@d.test", "mx") == Denied(Withheld.NOT_POLITE_YET, NOW + HOUR, NOW)
    assert await there.may_ask(Of.DEAD, "d1@d.test", "mx") is None
    assert await one.may_ask(Of.DEAD, "d1@d.test", "mx2") is None


async def test_the_last_answer_is_served_while_it_counts(stores: tuple[Store, Store], time: Time) -> None:
    one, other = courtesies(stores, time)
    for of, age in ((Of.TARGET, 60), (Of.LIVE, 600), (Of.DEAD, DAY)):
        time.now = NOW
        await one.remember(of, f"{of}@d.test", "mx", answer())
        time.now = NOW + age - 1
        known = await other.remembered(of, f"{of}@d.test", "mx")
        assert known is not None
        assert (known.of, known.cached_at, known.text) == (of, NOW, "<a@d.test> unknown")
        time.now = NOW + age
        assert await other.remembered(of, f"{of}@d.test", "mx") is None


async def test_places_at_an_own_host(stores: tuple[Store, Store], time: Time) -> None:
    one, other = courtesies(stores, time)
    assert [await one.session("mx") for _ in range(5)] == [None] * 5
    held = await other.session("mx")
    assert isinstance(held, Denied)
    assert held.why is Withheld.NOT_POLITE_YET
    assert 4.5 <= time.now - NOW <= 5.5
    one.leave("mx")
    await one.session("elsewhere")  # written in turn by the same thread: by now the leaving is in the file too
    assert await other.session("mx") is None
    assert await other.session("mx2") is None


async def test_a_place_that_becomes_free_is_taken(stores: tuple[Store, Store], time: Time) -> None:
    one, other = courtesies(stores, time)
    for _ in range(5):
        await one.session("mx")

    async def leave() -> None:
        one.leave("mx")
        await one.session("elsewhere")  # written in turn by the same thread: by now the leaving is in the file too

    time.meanwhile = leave
    assert await other.session("mx") is None


async def test_a_foreign_host_is_visited_one_at_a_time_and_half_a_minute_apart(stores: tuple[Store, Store], time: Time) -> None:
    one, other = courtesies(stores, time, FOREIGN_LIMITS)
    assert await one.session("mx") is None
    assert await other.session("mx") == Denied(Withheld.NOT_POLITE_YET, NOW + 30)
    time.now += 10
    one.leave("mx")
    one.leave("mx")  # a second leave is nobody's
    time.now += 20
    assert await one.session("mx") == Denied(Withheld.NOT_POLITE_YET, NOW + 40)
    time.now += 6
    assert await other.session("mx") is None
    assert time.now == NOW + 40


async def test_a_lab_without_gaps_is_asked_at_any_time(stores: tuple[Store, Store], time: Time) -> None:
    lab = Limits(rcpt_gap=0.0, sessions=5, session_gap=0.0, canary_gap=0.0, dead_gap=0.0)
    one, other = courtesies(stores, time, lab)
    for courtesy in (one, other, one):
        for of in Of:
            assert await courtesy.may_ask(of, "a@d.test", "mx") is None
            await courtesy.asked(of, "a@d.test", "mx")


TEST_MAILS = [
    ("none before", [], OWN, None),
    ("one on its way", [(HOUR, CanaryState.ACCEPTED)], OWN, (Withheld.ONE_ALIVE, NOW - HOUR + DAY)),
    ("one put off", [(HOUR, CanaryState.PLANNED)], OWN, (Withheld.ONE_ALIVE, NOW - HOUR + DAY)),
    ("one that may have been taken", [(HOUR, CanaryState.UNCERTAIN)], OWN, (Withheld.ONE_ALIVE, NOW - HOUR + DAY)),
    ("one that never came", [(DAY, CanaryState.ACCEPTED)], OWN, None),
    ("one seen, too soon", [(MINUTE, CanaryState.REMOVED)], OWN, (Withheld.NOT_POLITE_YET, NOW + 4 * MINUTE)),
    ("one seen, the gap has passed", [(5 * MINUTE, CanaryState.REMOVED)], OWN, None),
    ("a refused one counts as well", [(MINUTE, CanaryState.REFUSED)], OWN, (Withheld.NOT_POLITE_YET, NOW + 4 * MINUTE)),
    ("own mailboxes have no daily number", [(HOUR * n, CanaryState.REMOVED) for n in (9, 8, 7, 6, 5, 4, 3, 2, 1)], OWN, None),
    ("foreign, the gap", [(5 * HOUR, CanaryState.REMOVED)], FOREIGN, (Withheld.NOT_POLITE_YET, NOW + HOUR)),
    ("foreign, three today", [(HOUR * n, CanaryState.REMOVED) for n in (23, 16, 7)], FOREIGN, None),
    ("written under a wrong clock", [(-2 * DAY, CanaryState.ACCEPTED)], OWN, None),
    (
        "written under a clock that is a little ahead",
        [(-HOUR, CanaryState.REMOVED)],
        OWN,
        (Withheld.NOT_POLITE_YET, NOW + HOUR + 300),
    ),
]


@pytest.mark.parametrize(
    ("past", "relation", "expected"), [case[1:] for case in TEST_MAILS], ids=[case[0] for case in TEST_MAILS]
)
def test_one_more_test_mail(
    past: list[tuple[float, CanaryState]], relation: Relation, expected: tuple[Withheld, float] | None
) -> None:
    limits = OWN_LIMITS if relation is OWN else FOREIGN_LIMITS
    said = may_send([sent(*one) for one in past], limits, relation, NOW)
    assert (None if said is None else (said.why, said.not_before)) == expected


def test_four_a_day_to_a_foreign_mailbox_whatever_the_gap() -> None:
    limits = replace(FOREIGN_LIMITS, canary_gap=0.0)
    four = [sent(HOUR * n, CanaryState.REMOVED) for n in (20, 3, 2, 1)]
    said = may_send(four, limits, FOREIGN, NOW)
    assert said == Denied(Withheld.NOT_POLITE_YET, NOW + 4 * HOUR, NOW - HOUR, "")
    assert may_send(four[1:], limits, FOREIGN, NOW) is None
    assert may_send([sent(25 * HOUR, CanaryState.REMOVED), *four[1:]], limits, FOREIGN, NOW) is None


@given(st.lists(st.tuples(st.floats(0, 3 * DAY), st.sampled_from(CanaryState)), max_size=8), st.sampled_from(Relation))
def test_never_a_second_one_alive_and_never_within_the_gap(past: list[tuple[float, CanaryState]], relation: Relation) -> None:
    limits = OWN_LIMITS if relation is OWN else FOREIGN_LIMITS
    records = sorted((sent(*one) for one in past), key=lambda one: one.planned_at)
    if may_send(records, limits, relation, NOW) is None:
        assert not any(one.state in ALIVE and NOW - one.planned_at < DAY for one in records)
        assert not any(NOW - one.planned_at < limits.canary_gap for one in records)
