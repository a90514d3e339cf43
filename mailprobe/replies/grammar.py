"""Refusals that nobody has seen, read by their words: a state (unknown, full, blocked) means what its noun makes of it.

`sender unknown` is not `user unknown`, and `disk full` no full mailbox. The words and what they mean are in grammar.toml; here
is how they find each other: a state belongs to the noun phrase before it, else to the one behind it, and a full stop parts
them. Each word is looked up once and remembered, so that reading a text costs little.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from mailprobe.replies.meaning import ReplyClass

NAME = "nouns and states"
_STOP = 20  # words that a full stop counts for: further than any two words may stand apart
_BEFORE, _BEHIND, _WIDE = 8, 3, 10  # how far a state's noun may be, in words
_PHRASE = 3  # between two nouns of one phrase: `domain of the sender`
_NOT_BEFORE, _NOT_BEHIND = 3, 2
_TEXT = 1500  # characters read: the reason comes first
_MOST = 40  # states looked at
_UNITS = re.compile(r"[^\W_]+|@")
_EAST = re.compile("[\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MARKS = str.maketrans({"。": " . ", "、": " ", "，": " ", "！": " . ", "：": " "})
_RULED = ("--", "==", "**", "__", "###")  # a line drawn through a notice


@dataclass(frozen=True, slots=True)
class State:
    """What a state means by its noun; the first noun of `means` that is there decides, None says nothing of anybody."""

    name: str
    means: Mapping[str, ReplyClass | None]
    negated: bool | None = None  # whether it must be, must not be; None: either
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """What one word can be; most words are nothing."""

    noun: str = ""
    states: tuple[State, ...] = ()
    negates: bool = False
    fills: bool = False


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words as they stand, and beginnings of words; `east` finds words where no space parts them."""

    words: Mapping[str, Word]
    stems: Mapping[str, Word]
    none: State  # a noun behind a negation: `no such user`
    east: re.Pattern[str]
    lengths: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lengths", tuple(sorted({len(stem) for stem in self.stems}, reverse=True)))

    def find(self, word: str) -> Word | None:
        """A word, whole or by its beginning; without its accents if it has any."""
        if not word.isascii() and not eastern(word):
            word = plain(word)
        if word in self.words:
            return self.words[word]
        return next((self.stems[word[:size]] for size in self.lengths if word[:size] in self.stems), None)


@dataclass(slots=True)
class _Seen:
    """Where the words stand that say something."""

    nouns: list[tuple[int, str]] = field(default_factory=list)
    states: list[tuple[int, tuple[State, ...]]] = field(default_factory=list)
    negations: list[int] = field(default_factory=list)
    fillers: set[int] = field(default_factory=set)


def eastern(word: str) -> bool:
    """Whether a word is written in characters that no spaces part."""
    return _EAST.search(word) is not None


def plain(word: str) -> str:
    """Without accents: `désactivé` is written `desactive` as often."""
    return "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char)).replace("ß", "ss")


class Grammar:
    """The reader; it remembers the words that it has met."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._units = lru_cache(maxsize=8192)(self._take)

    def read(self, line: str) -> dict[ReplyClass, str]:
        """What a text says, each meaning with the words that say so. line: lower case, addresses masked as `@`."""
        seen = self._look(line[:_TEXT])
        found: dict[ReplyClass, str] = {}
        for at, states in seen.states[:_MOST]:
            for state in states:
                if state.negated is None or state.negated is _negated(at, seen.negations):
                    _keep(found, _owned(at, state, seen.nouns))
        for at in seen.negations[:_MOST]:
            _keep(found, self._nothing(at, seen))
        return found

    def _look(self, line: str) -> _Seen:
        if not line.isascii():
            line = self._lexicon.east.sub(r" \g<0> ", unicodedata.normalize("NFKC", line).translate(_MARKS))
        seen = _Seen()
        at = 0
        for token in line.split():
            units, stops = self._units(token)
            for word in units:
                at += 1
                if word is not None:
                    _note(seen, at, word)
            at += stops
        return seen

    def _take(self, token: str) -> tuple[tuple[Word | None, ...], int]:
        """The words in what stands between two spaces, and what its end counts."""
        if token.startswith(_RULED):
            return (), _STOP
        bare = token.strip("<>()[]{}\"'`*,:;.!?#=|")
        end = token.rstrip("\"')]>")
        stops = _STOP if end[-1:] in (".", ";", "!", "?") and not end.endswith("...") and len(end) != 2 else 0
        whole = self._lexicon.find(bare) if bare.isalnum() else self._lexicon.words.get(bare)
        if whole is not None:
            return (whole,), stops
        return tuple(self._lexicon.find(one) for one in _UNITS.findall(bare) if len(one) > 1 or one in "@t不未"), stops

    def _nothing(self, at: int, seen: _Seen) -> tuple[ReplyClass, str] | None:
        """`no such user`: a negation, then nothing but fillers, then a noun."""
        behind = at + 1
        while behind in seen.fillers:
            behind += 1
        first = bisect_left(seen.nouns, (behind, ""))
        if first == len(seen.nouns) or seen.nouns[first][0] != behind:
            return None
        phrase = _run(seen.nouns[first : first + _WIDE], 1)
        if first and seen.nouns[first - 1][1] == "sender" and at - seen.nouns[first - 1][0] <= _PHRASE:
            phrase.append("sender")  # `could not verify the sender: no such user`
        return _meant(self._lexicon.none, phrase, "no")


def _note(seen: _Seen, at: int, word: Word) -> None:
    if word.noun:
        _name(seen.nouns, at, word.noun)
    if word.states:
        seen.states.append((at, word.states))
    if word.negates:
        seen.negations.append(at)
    if word.fills:
        seen.fillers.add(at)


_OURS = {
    "account": "sender",
    "mailbox": "sender",
    "domain": "sender",
    "address": "sender",
    "user": "sender",
    "host": "client",
    "server": "client",
    "client": "client",
}


def _name(nouns: list[tuple[int, str]], at: int, noun: str) -> None:
    """`your account` is the sender's, `your server` is the client."""
    if nouns and nouns[-1][1] == "your" and at - nouns[-1][0] <= _NOT_BEHIND:
        noun = _OURS.get(noun, noun)
    nouns.append((at, noun))


def _keep(found: dict[ReplyClass, str], one: tuple[ReplyClass, str] | None) -> None:
    if one is not None:
        found.setdefault(*one)


def _negated(at: int, negations: Sequence[int]) -> bool:
    first = bisect_left(negations, at - _NOT_BEFORE)
    return first < len(negations) and negations[first] <= at + _NOT_BEHIND


def _owned(at: int, state: State, nouns: Sequence[tuple[int, str]]) -> tuple[ReplyClass, str] | None:
    """A state with the noun phrase that it belongs to: the first that makes it mean something."""
    for phrase in _phrases(at, state, nouns):
        if any(noun in state.means for noun in phrase):
            return _meant(state, phrase, state.name)
    only = state.means.get("")
    return (only, state.name) if only is not None else None


def _meant(state: State, phrase: Sequence[str], said: str) -> tuple[ReplyClass, str] | None:
    for noun, cls in state.means.items():
        if noun in phrase:
            return (cls, f"{noun} {said}") if cls is not None else None
    return None


def _phrases(at: int, state: State, nouns: Sequence[tuple[int, str]]) -> Iterator[Sequence[str]]:
    """Before the state first, unless the noun stands directly behind it: `message for an unknown user`."""
    here = bisect_left(nouns, (at, ""))
    if state.wide:
        near = nouns[max(0, here - _WIDE) : here + _WIDE]
        yield [noun for place, noun in near if abs(place - at) <= _WIDE]
        return
    before = nouns[max(0, here - _WIDE) : here][::-1]
    behind = [one for one in nouns[here : here + _WIDE] if one[0] > at]
    gap = at - before[0][0] if before else _STOP
    if behind and (behind[0][0] - at == 1 < gap or (behind[0][1] == "thing" and behind[0][0] - at <= 2)):
        yield [*_run(behind, 1), *(_phrase(before) if gap <= _PHRASE else ())]
    if gap <= _BEFORE:
        yield _phrase(before) if before[0][1] != "at" else ["at", *_behind_address(at, before)]
    if behind and behind[0][0] - at <= _BEHIND:
        yield _run(behind, 1)


def _phrase(before: Sequence[tuple[int, str]]) -> list[str]:
    """The nouns before a state; what an `error:` in front of them was, is another matter."""
    found = _run(before, _PHRASE)
    return found[: found.index("thing", 1)] if "thing" in found[1:] else found


def _behind_address(at: int, before: Sequence[tuple[int, str]]) -> list[str]:
    """An address stands between a noun and its state: `the group (@) does not exist`."""
    rest = [one for one in before if one[1] != "at" and at - one[0] <= _BEFORE]
    return _run(rest, 1) if rest else []


def _run(nouns: Sequence[tuple[int, str]], gap: int) -> list[str]:
    """Nouns that follow each other closely: one phrase."""
    last = nouns[0][0]
    phrase: list[str] = []
    for place, noun in nouns:
        if abs(place - last) > gap:
            break
        phrase.append(noun)
        last = place
    return phrase
