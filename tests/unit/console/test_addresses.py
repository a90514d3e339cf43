"""What the field makes of what callers spell out: a proposal, or plain words for why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.address import parse
from mailprobe.carriers import Relation
from mailprobe.config import Config, Console
from mailprobe.console.api.addresses import reading
from mailprobe.console.texts import texts
from mailprobe.verdict.texts import LANGUAGES
from tests.unit.given import account, prober
from tests.unit.verdict.world import Truth, World, carrier_of

CARRIER = carrier_of(World(Truth.HEALTHY))
HOME = CARRIER.domains[0]
CONFIG = Config(prober=prober(), carriers={CARRIER.name: CARRIER})


@pytest.mark.parametrize("typed", ["090-1234-5678", "０９０−１２３４−５６７８", "03(1234)5678", "+81 90 1234 5678"])
def test_a_telephone_number_is_called_one(typed: str) -> None:
    read = reading(typed, CONFIG, "ja")
    assert (read.proposal, read.problem and read.problem.code) == (None, "MP2511")


def test_another_company_s_address_is_no_misspelling() -> None:
    read = reading("tanaka@gmail.com", CONFIG, "en")
    assert (read.elsewhere, read.suggestions, read.carrier) == ("Gmail", (), None)
    assert read.problem is not None
    assert "did you mean" not in read.problem.hint
    assert reading("tanaka@gmial.com", CONFIG, "en").elsewhere is None


def test_a_name_is_proposed_as_its_owner_may_have_it() -> None:
    assert reading(f"tanaka+shop@{HOME}", CONFIG, "en").suggestions == (f"tanaka@{HOME}",)
    assert reading(f"Tanaka@{HOME}", CONFIG, "en").suggestions == (f"tanaka@{HOME}",)
    assert reading(f"tanaka@{HOME}", CONFIG, "en").suggestions == ()
    assert reading(f'"A b"@{HOME}', CONFIG, "en").suggestions == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "typed",
    [
        *("tanaka", f"tanaka@@{HOME}", "tanaka@", f"@{HOME}", f"a@{HOME},b@{HOME}", "tanaka@mail", f"tanaka@.{HOME}"),
        *(f"tanaka.@{HOME}", "tanaka@nowhere.example"),
    ],
)
def test_what_callers_spell_out_wrongly_has_words_of_its_own(typed: str, language: str) -> None:
    read = reading(typed, CONFIG, language)
    assert read.problem is not None
    assert f"script.problem.{read.problem.code}" in texts(language)


@pytest.mark.parametrize(
    ("asks", "relation", "wanted"),
    [
        ("nobody", Relation.FOREIGN, False),
        ("foreign", Relation.FOREIGN, True),
        ("foreign", Relation.OWN, False),
        ("everybody", Relation.OWN, True),
    ],
)
def test_whose_consent_is_asked_for_first(asks: str, relation: Relation, wanted: bool) -> None:
    carriers = {CARRIER.name: replace(CARRIER, relation=relation)}
    config = Config(prober=prober(), carriers=carriers, console=Console(consent=asks))
    assert reading(f"tanaka@{HOME}", config, "en").consent is wanted
    enrolled = replace(config, accounts=(account(id="tanaka", address=parse(f"tanaka@{HOME}"), carrier=CARRIER.name),))
    assert not reading(f"tanaka@{HOME}", enrolled, "en").consent
