"""What one word can be: a noun, a state, a negation ... Found whole, by its beginning, or as the parts of a compound."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.replies.meaning import ReplyClass

EAST = "[\u0e00-\u0e7f\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af]"  # Thai, kana, Han, Hangul
_EAST = re.compile(EAST)
_COMPOUND = range(7, 41)  # letters of a word that may be several: `recipientnotfound`
_ENDING = 3  # letters that may follow a beginning, before it is looked at as a compound
_PIECE = 3  # letters of the shortest noun or state in it; what merely joins may be shorter


class Role(StrEnum):
    """What a word does to its neighbours, if it names nothing itself."""

    NEGATION = "negation"
    FILLER = "filler"  # between `no` and its noun
    AGENT = "agent"  # `by`: who did it
    CAUSE = "cause"  # `because`: the reason follows
    SPEECH = "speech"  # `said`: as good as a colon
    CONDITION = "condition"  # `if`: what follows is not said to be so
    SOON = "soon"  # `temporarily`: it passes


class Needs(StrEnum):
    """Whether a state wants a negation beside it."""

    EITHER = ""
    NOT = "not"
    NOT_CLOSE = "not close"  # right before it: `not in`
    NO_NOT = "no not"


class Weight(StrEnum):
    """How much a state counts beside others."""

    PLAIN = "plain"
    VAGUE = "vague"  # a heading: `mailbox unavailable` (RFC 5321 section 4.2.2) stands before many a reason
    LAST = "last"  # `recipient rejected`, if no reason follows
    CODED = "coded"  # `address rejected`, if none follows and the code is one of an address (RFC 3463 section 3.2)


@dataclass(frozen=True, slots=True)
class Sense:
    """What a state means beside these nouns, all of them; None: it says nothing of anybody."""

    nouns: frozenset[str]
    cls: ReplyClass | None


@dataclass(frozen=True, slots=True)
class State:
    """What is said of a noun; the first sense whose nouns are there decides."""

    name: str
    means: tuple[Sense, ...]
    by: tuple[Sense, ...] = ()  # by who did it: `rejected by the recipient`
    soon: ReplyClass | None = None  # what it means if it passes: with a 4yz code, or `temporarily`
    needs: Needs = Needs.EITHER
    wide: bool = False  # any noun of the sentence
    reach: bool = False  # its nouns may stand well behind it: `not accepting mail from`
    ahead: bool = False  # its nouns stand right behind it: `much mail`
    weight: Weight = Weight.PLAIN
    last: bool = field(init=False)  # it counts only if nothing follows

    def __post_init__(self) -> None:
        object.__setattr__(self, "last", self.weight in (Weight.LAST, Weight.CODED))


@dataclass(frozen=True, slots=True)
class Word:
    """What one word can be; most words are nothing."""

    noun: str = ""
    states: tuple[State, ...] = ()
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words as they stand, and beginnings of words; `east` finds words where no space parts them."""

    words: Mapping[str, Word]
    stems: Mapping[str, Word]
    inside: Mapping[str, Word]  # words that mean the same within any other: `mcspamsignature`
    none: State  # a noun behind a negation: `no such user`
    east: re.Pattern[str]
    lengths: tuple[int, ...] = field(init=False)
    pieces: Mapping[str, Word] = field(init=False)

    def __post_init__(self) -> None:
        known = {**self.stems, **self.words}
        short = {"to": Word(), "is": Word()}
        pieces = {one: word for one, word in known.items() if one.isascii() and one.isalpha() and _joins(one, word)}
        object.__setattr__(self, "lengths", tuple(sorted({len(stem) for stem in self.stems}, reverse=True)))
        object.__setattr__(self, "pieces", {**pieces, **short})

    def find(self, word: str) -> tuple[Word | None, ...]:
        """A word, whole, as a compound, by its beginning or by what is inside it; without its accents if it has any."""
        if not word.isascii() and not eastern(word):
            word = plain(word)
        if word in self.words:
            return (self.words[word],)
        stem = next((word[:size] for size in self.lengths if word[:size] in self.stems), "")
        if len(word) - len(stem) > _ENDING and len(word) in _COMPOUND and (parts := self._compound(word)):
            return parts
        if stem:
            return (self.stems[stem],)
        return tuple(self.inside[one] for one in self.inside if one in word) or (None,)

    def _compound(self, word: str) -> tuple[Word, ...]:
        """What a word is made of to its last letter, the longest parts first: `recipientnotfound`."""
        ways: dict[int, tuple[Word, ...]] = {0: ()}
        for end in range(2, len(word) + 1):
            start = next((at for at in range(end - 1) if at in ways and word[at:end] in self.pieces), None)
            if start is not None:
                ways[end] = (*ways[start], self.pieces[word[start:end]])
        return ways.get(len(word)) or self._inflected(word, ways)

    def _inflected(self, word: str, ways: Mapping[int, tuple[Word, ...]]) -> tuple[Word, ...]:
        """Its last part may be longer than the beginning that is known: `mailadresse`."""
        for start, found in ways.items():
            for end in range(len(word) - 1, max(start, len(word) - _ENDING - 1), -1):
                if found and word[start:end] in self.stems and end - start >= _PIECE:
                    return (*found, self.stems[word[start:end]])
        return ()


def _joins(one: str, word: Word) -> bool:
    return len(one) >= _PIECE or (len(one) == _PIECE - 1 and Role.NEGATION in word.roles)


def eastern(word: str) -> bool:
    """Whether a word is written in characters that no spaces part."""
    return _EAST.search(word) is not None


def plain(word: str) -> str:
    """Without accents: `désactivé` is written `desactive` as often."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))
    return bare.replace("ß", "ss").replace("ı", "i").replace("ł", "l").replace("ø", "o")
