"""The words of the console: the same in both languages, all of them used, and none that only an engineer knows."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from mailprobe.console.statics import statics
from mailprobe.console.texts import texts
from mailprobe.verdict.texts import LANGUAGES, PLACEHOLDER, flat, read

TEMPLATES = files("mailprobe") / "console" / "templates"
MADE = ("all_", "theme_", "sure_", "of_", "mark.", "problem.", "station.")  # the rest of the key is put together by a script
CHECKS = re.compile(r"\bMP25[0-9]{2}\b")
JARGON = re.compile(
    r"\b(IMAP|SMTP|MX|RCPT|DSN|DNS|TLS|SPF|DKIM|bounce|envelope|DKIM|5\d\d|SSE|API)\b|エンベロープ|バウンス|サーバ[^ー]", re.I
)


def words(language: str) -> dict[str, str]:
    return dict(flat(read(f"{language}.console")))


def test_both_languages_say_the_same_things() -> None:
    ja, en = (words(language) for language in LANGUAGES)
    assert list(ja) == list(en)
    for key, text in ja.items():
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(en[key])), key


def test_every_word_of_a_template_is_there_and_every_one_is_used() -> None:
    used: set[str] = set()
    for one in TEMPLATES.iterdir():
        used |= set(re.findall(r"t[\[(][\"']((?:page)\.[a-z_0-9]+)[\"']\s*[\])]", one.read_text()))
    built = ("page.reason_", "page.hours_", "page.key_", "page.mine_")  # 'page.reason_' ~ value
    known = {key for key in words("en") if key.startswith("page.")}
    assert used <= set(texts("en"))
    assert {key for key in known - used if not key.startswith(built)} == set()


def test_every_word_of_a_script_is_there_and_every_one_is_used() -> None:
    scripts = "".join(one.plain.decode() for name, one in statics().items() if name.endswith(".js"))
    said = set(re.findall(r"(?:\bsay|\btold)\(\"([a-z_0-9.]+)\"", scripts)) | set(
        re.findall(r"\"((?:col|of|fragment|ago)_[a-z_]+)\"", scripts)
    )
    known = {key.removeprefix("script.") for key in words("en") if key.startswith("script.")}
    assert said <= known
    assert {key for key in known - said if not key.startswith(MADE) and f'"{key}"' not in scripts} == set()


def test_what_a_check_is_refused_for_is_said_in_both_languages() -> None:
    """Else the page shows the words for whoever uses the API, which are English."""
    rooms = [files("mailprobe") / "console" / room for room in ("calls", "api")]
    codes = {
        code for room in rooms for one in room.iterdir() if one.name.endswith(".py") for code in CHECKS.findall(one.read_text())
    }
    assert len(codes) > 10
    assert {code for code in codes if f"script.problem.{code}" not in words("ja")} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_level_knows_no_jargon(language: str) -> None:
    for key, text in words(language).items():
        if not key.startswith("card.pc"):
            assert not JARGON.search(text), (key, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_promises_nothing_and_sends_nobody_away(language: str) -> None:
    for key, text in words(language).items():
        if key.startswith("card.") and key.endswith(".say"):
            assert len(re.findall(r"[。.]", text)) <= 2, key
            for never in (
                "部署はない",
                "部署はございません",
                "正式見解",
                "no such department",
                "official view",
                "必ず補償",
                "guarantee",
            ):
                assert never not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_an_incident_claims_no_work_that_nobody_told_of(language: str) -> None:
    """One that a failing control confirms is known before anybody works on it; whoever does writes his own text."""
    said = texts(language)
    for state in ("suspected", "confirmed", "resolved", "dismissed"):
        assert not re.search(
            r"対応して|対応中|復旧作業|worked on|being (?:fixed|repaired|restored)", said[f"incident.say.{state}"]
        ), state
    assert re.search(r"初期化はなさらず|do not reset", said["incident.say.confirmed"])


def test_a_script_makes_no_markup_and_a_page_holds_no_script() -> None:
    """What a server said goes in as text: nothing in our scripts reads a text as markup or as code."""
    for name, one in statics().items():
        text = one.plain.decode()
        for way in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            'setAttribute("on',
            "srcdoc",
        ):
            assert way not in text, (name, way)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), name
    for page in TEMPLATES.iterdir():
        text = page.read_text()
        assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", text), page.name
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:|\|\s*safe", text), page.name
