"""Scores the reading of labelled bounces, in five folds by provider: `python -m tests.unit.replies.scoring [FOLDER]`.

The folder is that of tests/labelled.py. Each fold is scored as it is read, and twice with less than is known:

  own rows    without the rows that no sample outside the fold bears out: every sentence, phrase and provider's code that this
              corpus shows nowhere else, though most come from RFCs, documents and other people's collections. The grammar stays:
              its nouns, states and their order are the language's, and no line of it is a sample's sentence.
  own words   without those rows, and without the nouns and states of the grammar that no sample outside the fold uses. That is
              harder than fair: it forgets `overloaded` or `postfach` because four folds of five happen not to say it, which an
              author with a dictionary would not. It is a floor: who knew nothing but the other four folds would do no worse.

No figure stands for rules that were written before the fold was seen, for its mails were at hand all the while. What to expect
of mails that nobody has seen lies between `own rows` and `as it is read`, as far as they resemble these.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mailprobe.carriers import Carrier, ReplyRule
from mailprobe.carriers.load import presets
from mailprobe.replies import Meaning, ReplyClass, SpeaksOf, lexicon, reading
from mailprobe.replies.grammar import Grammar
from mailprobe.replies.lexicon import Word
from mailprobe.replies.tables import GRAMMAR, SMTP, Group, Shelf, SmtpTables
from mailprobe.understood import meaning_of
from mailprobe.wire.dsn import Failure
from mailprobe.wire.returned import read_returned
from tests.labelled import folder

FOLDS = 5
NO_BOUNCE = (ReplyClass.NOT_A_BOUNCE, ReplyClass.AUTO_REPLY)
OTHERS = (SpeaksOf.US, SpeaksOf.SERVER, SpeaksOf.MESSAGE)


@dataclass(frozen=True, slots=True)
class Label:
    """What a sample says of one recipient; '' where it names none."""

    recipient: str
    cls: ReplyClass
    speaks_of: SpeaksOf


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    provider: str
    japanese: bool
    disputed: bool
    labels: tuple[Label, ...]
    failures: tuple[Failure, ...]


def samples(where: Path) -> tuple[Sample, ...]:
    return tuple(_sample(where, json.loads(line)) for line in (where / "labels.jsonl").read_text("utf-8").splitlines())


def _sample(where: Path, row: dict[str, object]) -> Sample:
    name = str(row["file"])
    expected = row["expected"]
    assert isinstance(expected, list)
    return Sample(
        name=name,
        provider=re.sub(r"-\d+.*", "", name),
        japanese=bool(row["japanese"]),
        disputed=bool(row["disputed"]),
        labels=tuple(Label(one["recipient"] or "", ReplyClass(one["class"]), SpeaksOf(one["speaks_of"])) for one in expected),
        failures=read_returned((where / "mail" / name).read_bytes()).failures,
    )


def folds(found: Sequence[Sample]) -> dict[str, int]:
    """Providers dealt out to five folds, the biggest first to the smallest fold, so that the folds are of a size."""
    sizes = Counter(one.provider for one in found)
    filled = [0] * FOLDS
    dealt: dict[str, int] = {}
    for provider, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        dealt[provider] = filled.index(min(filled))
        filled[dealt[provider]] += size
    return dealt


def score(found: Sequence[Sample]) -> Counter[str]:
    seen: Counter[str] = Counter()
    for one in found:
        if one.labels[0].cls in NO_BOUNCE:
            seen["no bounces"] += 1
            seen["no bounces taken for hard"] += any(meaning_of(failure).hard for failure in one.failures)
        else:
            for at, label in enumerate(one.labels):
                _count(one, label, _of(one.failures, label.recipient, at), seen)
    return seen


def _of(failures: tuple[Failure, ...], recipient: str, at: int) -> Failure | None:
    same = [one for one in failures if recipient and one.recipient.lower() == recipient.lower()]
    return (same or [failures[min(at, len(failures) - 1)]])[0] if failures else None


def _count(sample: Sample, label: Label, failure: Failure | None, seen: Counter[str]) -> None:
    if label.recipient:
        seen["named"] += 1
        seen["named right"] += failure is not None and failure.recipient.lower() == label.recipient.lower()
    if sample.disputed:
        return
    meaning = meaning_of(failure) if failure else Meaning(ReplyClass.UNCLASSIFIED, SpeaksOf.NONE, False)
    blames = meaning.speaks_of is SpeaksOf.RECIPIENT
    seen["rows"] += 1
    seen["right"] += meaning.cls is label.cls
    seen["abstained"] += meaning.cls is ReplyClass.UNCLASSIFIED
    seen["of recipient"] += label.speaks_of is SpeaksOf.RECIPIENT
    seen["of recipient found"] += label.speaks_of is SpeaksOf.RECIPIENT and blames
    seen["of others"] += label.speaks_of in OTHERS
    seen["of others blamed"] += label.speaks_of in OTHERS and blames


class Less(StrEnum):
    """What is left away in reading a fold; the docstring above says what each figure means."""

    OWN_ROWS = "own rows"
    OWN_WORDS = "own words"


Row = tuple[str, str]  # a group's name and its words: what a rule is known by


def borne_out(found: Sequence[Sample]) -> frozenset[Row]:
    """The rules that decide at least one of these samples."""
    told = (meaning_of(failure).rule.partition(": ") for one in found for failure in one.failures)
    return frozenset((group, words) for group, _, words in told)


@contextmanager
def only(kept: frozenset[Row], language: Grammar = GRAMMAR) -> Iterator[None]:
    """Read without the words that are not in `kept`, with another grammar if one is given. Codes stay: they are the RFCs'."""
    room = vars(reading)
    tables, shipped = SMTP, presets()
    poorer = MappingProxyType({name: _poorer(one, kept) for name, one in shipped.items()})
    room["SMTP"] = SmtpTables(**{each.name: _poorer_shelf(getattr(tables, each.name), kept) for each in fields(SmtpTables)})
    room["presets"], room["GRAMMAR"] = lambda: poorer, language
    room["_shipped"].cache_clear()
    try:
        yield
    finally:
        room["SMTP"], room["presets"], room["GRAMMAR"] = tables, presets, GRAMMAR
        room["_shipped"].cache_clear()


def spoken(found: Sequence[Sample]) -> Grammar:
    """The grammar with those nouns and states alone that these samples use. What joins words (`not`, `by`) stays."""
    text = " ".join(failure.text.lower() for one in found for failure in one.failures)
    said = {plain for token in re.findall(r"[^\W_]+", text) for plain in (token, lexicon.plain(token))}
    known = GRAMMAR.lexicon
    east = {word for word in known.words if lexicon.eastern(word) and word in text}
    poorer = replace(
        known,
        words=_spoken(known.words, lambda word: word in said or word in east),
        stems=_spoken(known.stems, lambda stem: any(word.startswith(stem) for word in said)),
    )
    return Grammar(poorer)


def _spoken(words: Mapping[str, Word], used: Callable[[str], bool]) -> dict[str, Word]:
    return {word: kind if used(word) else Word(roles=kind.roles) for word, kind in words.items() if used(word) or kind.roles}


def _poorer_shelf(rules: Shelf | tuple[Group, ...], kept: frozenset[Row]) -> Any:  # of the type that it got
    return Shelf(_left(rules.groups, kept)) if isinstance(rules, Shelf) else _left(rules, kept)


def _left(groups: tuple[Group, ...], kept: frozenset[Row]) -> tuple[Group, ...]:
    return tuple(replace(group, rules=_kept(group.name, group.rules, kept)) for group in groups)


def _poorer(carrier: Carrier, kept: frozenset[Row]) -> Carrier:
    return replace(carrier, replies=_kept(carrier.name, carrier.replies, kept))


def _kept(name: str, rules: tuple[ReplyRule, ...], kept: frozenset[Row]) -> tuple[ReplyRule, ...]:
    return tuple(rule for rule in rules if not rule.contains or (name, rule.contains.strip()) in kept)


def held_out(found: Sequence[Sample], fold: int, less: Less = Less.OWN_ROWS) -> Counter[str]:
    """One fold, read with what the other four bear out."""
    dealt = folds(found)
    others = [one for one in found if dealt[one.provider] != fold]
    with only(borne_out(others), spoken(others) if less is Less.OWN_WORDS else GRAMMAR):
        return score([one for one in found if dealt[one.provider] == fold])


def share(part: int, whole: int) -> str:
    return f"{part:3}/{whole:<3} {100 * part / whole:5.1f} %" if whole else f"{'-':>15}"


def line(title: str, seen: Counter[str]) -> str:
    cells = (
        (seen["of others blamed"], seen["of others"]),
        (seen["of recipient found"], seen["of recipient"]),
        (seen["right"], seen["rows"]),
        (seen["named right"], seen["named"]),
        (seen["no bounces taken for hard"], seen["no bounces"]),
        (seen["abstained"], seen["rows"]),
    )
    return f"{title:30}" + "  ".join(share(*cell) for cell in cells)


def main() -> int:
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else folder()
    if where is None:
        print("no labelled bounces at hand: name a folder, or set MAILPROBE_BOUNCES")
        return 0
    found = samples(where)
    dealt = folds(found)
    heads = ("false recipient", "recipient found", "class right", "address right", "no bounce, hard", "abstained")
    print(f"{'':30}" + "  ".join(f"{head:15}" for head in heads))
    for fold in range(FOLDS):
        print(line(f"fold {fold + 1}", score([one for one in found if dealt[one.provider] == fold])))
        for less in Less:
            print(line(f"  without its {less.value}", held_out(found, fold, less)))
    print(line("all", score(found)))
    for less in Less:
        print(line(f"  without its {less.value}", sum((held_out(found, fold, less) for fold in range(FOLDS)), Counter[str]())))
    print(line("the Japanese", score([one for one in found if one.japanese])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
