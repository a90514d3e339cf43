"""What is said of a carrier as a whole, and how old it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.console.api.services import router
from mailprobe.console.door import Role
from mailprobe.console.instruments import Instruments, OurCheck
from mailprobe.console.saying import ago, clock, service_line, service_passages
from mailprobe.console.services import Known, Service, ServiceState, judged, service_of, services
from mailprobe.console.texts import texts
from mailprobe.console.watched import Watched
from mailprobe.incident import ControlSeen, Incident, Passage, State, Text, Why
from mailprobe.maintenance import Window
from mailprobe.verdict import Code, Status
from tests.unit.console.standing import NOW, standing

GOOD = ControlSeen(True, NOW - 60, NOW - 600, 9)
FAILS = ControlSeen(False, NOW - 20, NOW - 300, 2)
WELL = Watched(10, ok=9, down=1, told_at=NOW - 30, ok_at=NOW - 90)
PLAIN = Known("lab", None, None, (), GOOD, WELL)
CONFIRMED = Incident(
    "lab", State.CONFIRMED, Why.BY_HAND, NOW - 600, NOW - 500, "chief", NOW - 500, 4, text=Text(en="We are on it.")
)
SUSPECTED = replace(CONFIRMED, state=State.SUSPECTED, text=Text())
WORK = Window("lab", "", NOW - 60, NOW + 3600, "CHG-17")


@pytest.mark.parametrize(
    ("known", "state", "key", "age"),
    [
        (PLAIN, ServiceState.NORMAL, "normal", 60.0),
        (replace(PLAIN, control=None), ServiceState.NORMAL, "normal", 90.0),
        (replace(PLAIN, incident=CONFIRMED), ServiceState.INCIDENT, "incident.open", 500.0),
        (
            replace(PLAIN, incident=replace(CONFIRMED, expected_at=NOW + 9), window=WORK),
            ServiceState.INCIDENT,
            "incident.expected",
            500.0,
        ),
        (replace(PLAIN, incident=CONFIRMED, unfit=("port_25",)), ServiceState.INCIDENT, "incident.open", 500.0),
        (replace(PLAIN, window=WORK, unfit=("port_25",)), ServiceState.MAINTENANCE, "maintenance", 0.0),
        (replace(PLAIN, unfit=("port_25",), control=FAILS), ServiceState.UNKNOWN, "unknown.ourselves", None),
        (replace(PLAIN, control=FAILS), ServiceState.TROUBLE, "trouble.control", 20.0),
        (replace(PLAIN, control=replace(FAILS, looks=1)), ServiceState.UNKNOWN, "unknown.looking_again", 20.0),
        (
            replace(PLAIN, watched=replace(WELL, ok=7, down=3, ill=2)),
            ServiceState.TROUBLE,
            "trouble.watched",
            30.0,
        ),
        (replace(PLAIN, watched=replace(WELL, ill=1, ok=1, down=1)), ServiceState.NORMAL, "normal", 60.0),
        (replace(PLAIN, incident=SUSPECTED), ServiceState.TROUBLE, "trouble.suspected", 500.0),
        (replace(PLAIN, control=replace(FAILS, at=NOW - 5000)), ServiceState.NORMAL, "normal", 90.0),
        (Known("lab", None, None, (), None, Watched(1, down=1, told_at=NOW - 5)), ServiceState.UNKNOWN, "unknown.single", 5.0),
        (Known("lab", None, None, (), None, Watched(3)), ServiceState.UNKNOWN, "unknown.stale", None),
        (Known("lab", None, None, (), None, Watched()), ServiceState.UNKNOWN, "unknown.unwatched", None),
    ],
)
def test_the_first_that_is_true_is_said(known: Known, state: ServiceState, key: str, age: float | None) -> None:
    said = judged(known, NOW)
    assert (said.state, said.text_key, said.age_s) == (state, key, age)
    for language in ("ja", "en"):
        words = line(said, language)
        assert words
        assert not {"{", "}", "IMAP", "SMTP", "MX"} & set(words.replace("}", "} ").split())
        assert "{" not in words


def test_the_sentence_is_one_that_can_be_read_out() -> None:
    said = judged(PLAIN, NOW)
    assert line(said, "en") == "Service as a whole: normal, 1 min ago"
    assert line(said, "ja") == "サービス全体：正常（1分前に確認）"
    incident = judged(replace(PLAIN, incident=replace(CONFIRMED, expected_at=NOW + 7200)), NOW)
    assert line(incident, "en") == ("Service as a whole: incident since 16:50 JST, expected until 19:00 JST. We are on it.")


@pytest.mark.parametrize("state", [State.CONFIRMED, State.SUSPECTED])
def test_what_people_say_in_the_other_language_only_is_a_passage_of_its_own(state: State) -> None:
    english, both = Text(en="We are on it."), Text("対応中です。", "We are on it.")

    def said(told: Text, language: str) -> list[Passage]:
        known = replace(PLAIN, incident=replace(CONFIRMED, state=state, text=told))
        return list(service_line(judged(known, NOW), language, NOW, "Asia/Tokyo"))

    apart = said(english, "ja")
    assert Passage("We are on it.", "en") in apart
    assert [one.language for one in apart] == (["ja", "ja", "ja", "en"] if state is State.CONFIRMED else ["ja", "en", "ja"])
    assert {one.language for one in said(english, "en")} == {"en"}
    assert {one.language for one in said(Text(), "ja")} == {"ja"}
    for language, words in (("ja", both.ja), ("en", both.en)):
        assert words in "".join(one.text for one in said(both, language))
        assert {one.language for one in said(both, language)} == {language}


def test_a_time_is_a_passage_of_its_own_so_that_a_page_can_say_it_in_its_reader_s_zone() -> None:
    incident = judged(replace(PLAIN, incident=replace(CONFIRMED, expected_at=NOW + 7200)), NOW)
    said = service_passages(incident, "en", NOW, "Asia/Tokyo")
    assert [(one.text, one.at) for one in said] == [
        ("incident since ", None),
        ("16:50 JST", CONFIRMED.opened_at),
        (", expected until ", None),
        ("19:00 JST", NOW + 7200),
        (". We are on it.", None),
    ]
    work, until, end = service_passages(judged(replace(PLAIN, window=replace(WORK, note="")), NOW), "ja", NOW, "Asia/Tokyo")
    assert (work.text, until.at, end.text) == ("予定された作業中です（", WORK.ends, "まで）。")
    (nothing_left_over,) = service_passages(judged(replace(PLAIN, incident=replace(SUSPECTED, text=Text())), NOW), "en", NOW)
    assert nothing_left_over.text == "several callers report the same; it is being looked into."


def line(said: Service, language: str) -> str:
    return "".join(one.text for one in service_line(said, language, NOW, "Asia/Tokyo"))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "just now"), (5, "5 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (172_800, "2 days ago")],
)
def test_ages(seconds: float, said: str) -> None:
    assert ago(seconds, "en") == said


def test_another_day_has_its_date_and_a_zone_that_nobody_knows_is_utc() -> None:
    assert clock(NOW - 86_400, "en", NOW, "Asia/Tokyo") == "14 Jan 17:00 JST"
    assert clock(NOW - 86_400 * 300, "ja", NOW, "Asia/Tokyo") == "2026年3月21日 17:00（JST）"
    assert clock(NOW, "ja", NOW, "Mars/Olympus") == "08:00（UTC）"
    assert clock(NOW, "en", NOW, "../etc/passwd") == "08:00 UTC"


def test_both_languages_have_the_same_texts() -> None:
    ja, en = texts("ja"), texts("en")
    assert ja.keys() == en.keys()
    dates = {"clock.date", "clock.year"}  # one names the month, the other counts it
    assert all(set(holes(ja[key])) == set(holes(en[key])) for key in ja.keys() - dates)


def holes(text: str) -> list[str]:
    return [one.partition("}")[0] for one in text.split("{")[1:]]


async def test_the_state_comes_from_the_watched_accounts_of_the_store() -> None:
    async with standing() as stand:
        assert (await service_of(stand.rooms, "lab", NOW)).text_key == "unknown.stale"
        assert (await service_of(stand.rooms, "other", NOW)).text_key == "unknown.unwatched"
        await stand.is_so("lab-0", Status.OK, Code.HEALTHY)
        stand.now += 3
        said = await service_of(stand.rooms, "lab", stand.now)
        assert (said.state, said.age_s) == (ServiceState.NORMAL, 63.0)
        for n in (1, 2):
            await stand.is_so(f"lab-{n}", Status.DOWN, Code.IMAP_OUTAGE)
        stand.now += 3
        said = await service_of(stand.rooms, "lab", stand.now)
        assert (said.text_key, dict(said.args)) == ("trouble.watched", {"ill": "2", "of": "3"})


async def test_silence_is_not_known_and_a_customers_trouble_is_no_trouble_of_the_whole() -> None:
    async with standing() as stand:
        for n in range(4):
            await stand.is_so(f"lab-{n}", Status.DEGRADED, Code.MAILBOX_FULL)
        await stand.is_so("lab-4", Status.OK, Code.HEALTHY)
        assert (await service_of(stand.rooms, "lab", NOW)).state is ServiceState.NORMAL
        later = NOW + 901  # three intervals of 300 s
        assert (await service_of(stand.rooms, "lab", later)).text_key == "unknown.stale"


@pytest.mark.parametrize(
    ("check", "subject", "at_lab", "at_other"),
    [
        ("turned_away", "lab", True, False),
        ("clock", "", True, True),
        ("block_list", "zen.test", False, False),
        ("name", "", False, False),
    ],
)
async def test_what_ails_us_voids_only_what_it_touches(check: str, subject: str, at_lab: bool, at_other: bool) -> None:
    async with standing() as stand:
        stand.unfit = (check,)
        stand.instruments = Instruments(control=lambda carrier: GOOD, checks=lambda: (OurCheck(check, "bad", subject, "", NOW),))
        both = await services(stand.rooms, NOW)
        assert [one.text_key == "unknown.ourselves" for one in both] == [at_lab, at_other]


async def test_work_on_a_group_is_no_work_on_the_whole() -> None:
    async with standing() as stand:
        await stand.store.maintenance.add(Window("lab", "shard-1", NOW - 5, NOW + 60), "chief", NOW)
        assert (await service_of(stand.rooms, "lab", NOW)).state is ServiceState.UNKNOWN
        await stand.store.maintenance.add(Window("lab", "", NOW - 5, NOW + 60, "CHG-17"), "chief", NOW)
        both = await services(stand.rooms, NOW)
        assert [one.state for one in both] == [ServiceState.MAINTENANCE, ServiceState.UNKNOWN]


async def test_the_api_says_it_in_the_readers_language() -> None:
    async with standing() as stand:
        await stand.is_so("lab-0", Status.OK, Code.HEALTHY)
        stand.instruments = Instruments(control=lambda carrier: GOOD if carrier == "other" else None)
        async with stand.asking(router, role=Role.VIEWER) as client:
            answer = await client.get("/api/v1/services?lang=ja")
            assert answer.status_code == 200
            lab, other = answer.json()
        assert lab == {
            "carrier": "lab",
            "title": "Lab",
            "state": "normal",
            "text": "正常",
            "age_s": 60.0,
            "since": None,
            "passages": [{"text": "正常", "lang": "ja", "at": None}],
        }
        assert (other["state"], other["since"]) == ("normal", "2027-01-15T07:50:00.000Z")
        async with stand.asking(router, role=None) as client:
            assert (await client.get("/api/v1/services")).status_code == 401
        async with stand.asking(router, role=Role.AUDITOR) as client:
            assert (await client.get("/api/v1/services")).status_code == 403
