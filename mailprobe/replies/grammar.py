"""Refusals that nobody has seen, read by their words: a state (unknown, full, blocked) means what its noun makes of it.

`sender unknown` is not `user unknown`, and `disk full` no full mailbox. The words and what they mean are in nouns.toml,
grammar.toml and faults.toml; how they find each other, in phrases.py. Who did it (`rejected by the recipient`) and whether it
passes (`temporarily unavailable`) changes what a state means. Each word is looked up once and remembered, so that reading costs
little.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from mailprobe.replies.lexicon import Lexicon, Needs, Role, Sense, State, Weight, Word
from mailprobe.replies.meaning import ReplyClass
from mailprobe.replies.phrases import PHRASE, SERVES, STOP, Noun, Seen, head, phrases, run

NAME = "nouns and states"
_NOT_BEFORE, _NOT_BEHIND = 3, 2
_AGENT, _CAUSE = 4, 14  # words behind `by` and `because` that belong to it
_TEXT = 1500  # characters read: the reason comes first
_MOST = 40  # states looked at
_UNITS = re.compile(r"(?:[^\W_]|[\u0900-\u0eff])+|@")  # Indic and Thai vowels are marks, no letters (Unicode)
_IP = re.compile(r"\[?\d{1,3}(?:\.\d{1,3}){3}\]?|\[?(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\]?")
_LIGHT = frozenset({"the", "of", "an"})  # of no weight: `the domain of the sender`
_DASHES = ("-", "–", "—")
_AIM = re.compile(  # a clause that only says whom it is about: `the mailbox you are sending to`
    r"\byou (?:are |were |have |had )?(?:tried|trying|attempted|attempting|sending|writing|sent|wrote) to"
    r"(?: (?:send|reach|contact|write|mail|deliver|email))?(?: (?:to|mail|email|messages?))*(?= )"
)
_FAILS = re.compile(  # says `not` of a verb, but of no noun: `failed to find the user`, `delivery failed to the user`
    r"\bfail(?:ed|s) to (?=(?:find|locate|know|recogni[sz]e|identify|match|verify|open|create|write|store|append|load|allocate"
    r"|resolve|reach|connect|contact|respond|answer|authenticate)\b)"
)
_PIPES = ("|/", '"|', "'|")  # a program that mail is handed to stands where an address would: `|/usr/bin/vacation`
_SHORT = "@t不未"  # words of one character that count
_MARKS = str.maketrans({"。": " . ", "、": " ", "，": " ", "！": " . ", "：": " : "})
_RULED = ("--", "==", "**", "__", "###", "<<<", ">>>")  # a line drawn through a notice, or one of a dialogue
_NAME = re.compile(r"(?:[\w-]{1,63}\.){1,20}(?:[a-z]{2,3}|info|test)")  # of a host: `mail.b.test` is no mail
_NUMBER = Word(noun="ip")

Told = tuple[ReplyClass, str]  # a class and the words that say so


@dataclass(slots=True)
class Found:
    """What a text says, each class with the words that say so: anywhere, behind a `because`, and the vague rest."""

    said: dict[ReplyClass, str] = field(default_factory=dict)
    because: dict[ReplyClass, str] = field(default_factory=dict)
    vague: dict[ReplyClass, str] = field(default_factory=dict)
    last: dict[ReplyClass, str] = field(default_factory=dict)
    coded: dict[ReplyClass, str] = field(default_factory=dict)
    announced: ReplyClass | None = None  # whom of ours a refusal names, before it gives a reason


class Grammar:
    """The reader; it remembers the words that it has met."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._units = lru_cache(maxsize=8192)(self._take)

    def read(self, line: str, *, soon: bool = False) -> Found:
        """line: lower case, addresses masked as `@`. soon: its code says that it passes (RFC 5321 section 4.2.1)."""
        seen = self._look(line[:_TEXT])
        found = Found(announced=_announced(seen))
        for at, states in seen.states[:_MOST]:
            for state in states:
                if (not state.last or at in seen.ends) and _fits(at, state.needs, seen) and not _supposed(at, seen):
                    _keep(found, at, state, _owned(at, state, seen, soon), seen)
        for at in seen.roles[Role.NEGATION][:_MOST]:
            if not _supposed(at, seen):
                _keep(found, at, self.lexicon.none, self._nothing(at, seen), seen)
        return found

    def _look(self, line: str) -> Seen:
        if "fail" in line:
            line = _FAILS.sub("failed cannot ", line)
        if " you " in line:
            line = _AIM.sub("", line)
        if not line.isascii():
            line = self.lexicon.east.sub(r" \g<0> ", unicodedata.normalize("NFKC", line).translate(_MARKS))
        seen = Seen()
        at = 0
        for token in line.split():
            if token[0] in "([":
                seen.ends.add(at)
            units, stops, colon = self._units(token)
            for word in units:
                at += 1
                if word is not None:
                    _note(seen, at, word)
            if colon and seen.colons[-1:] != [at]:
                seen.colons.append(at)
            if stops:
                seen.ends.add(at)
            at += stops
        seen.ends.add(at)
        return seen

    def _take(self, token: str) -> tuple[tuple[Word | None, ...], int, bool]:
        """The words in what stands between two spaces, what its end counts, and whether it announces a reason."""
        if token.startswith(_RULED):
            return (), STOP, False
        if token.startswith(_PIPES):
            return (self.lexicon.words.get("pipe"),), 0, False
        bare = token.strip("<>()[]{}\"'`*,:;.!?#=|")
        end = token.rstrip("\"')]>")
        stops = STOP if end[-1:] in (".", ";", "!", "?") and not end.endswith("...") and len(end) != 2 else 0
        return self._words(bare), stops, end.endswith((":", "...", ",")) or end in _DASHES

    def _words(self, bare: str) -> tuple[Word | None, ...]:
        if bare in _LIGHT:
            return ()
        if _IP.fullmatch(bare):
            return (_NUMBER,)
        if bare in self.lexicon.words:
            return (self.lexicon.words[bare],)
        units = (self.lexicon.find(one) for one in _UNITS.findall(bare) if len(one) > 1 or one in _SHORT)
        found = tuple(word for unit in units for word in unit)
        return tuple(word and replace(word, noun="") for word in found) if _NAME.fullmatch(bare) else found

    def _nothing(self, at: int, seen: Seen) -> Told | None:
        """`no such user`: a negation, then nothing but fillers, then a noun."""
        behind = at + 1
        while seen.near(Role.FILLER, behind, behind):
            behind += 1
        first = bisect_left(seen.nouns, (behind, ""))
        if first == len(seen.nouns) or seen.nouns[first][0] != behind:
            return None
        phrase = run(seen.nouns[first : first + STOP], 1)
        phrase += [noun for place, noun in seen.nouns[first + 1 : first + 2] if noun in SERVES and place <= behind + PHRASE]
        if first and seen.nouns[first - 1][1] == "sender" and at - seen.nouns[first - 1][0] <= PHRASE:
            phrase.append("sender")  # `could not verify the sender: no such user`
        return _told(_sense(self.lexicon.none.means, phrase), "no")


def _note(seen: Seen, at: int, word: Word) -> None:
    if word.noun:
        _name(seen.nouns, at, word.noun)
    if word.states:
        seen.states.append((at, word.states))
    for role in word.roles:
        seen.roles[role].append(at)
    if Role.SPEECH in word.roles or Role.CAUSE in word.roles:
        seen.colons.append(at)


_OURS = {
    "account": "sender",
    "mailbox": "sender",
    "domain": "sender",
    "address": "sender",
    "user": "sender",
    "quota": "sender",
    "limit": "sender",
    "host": "client",
    "server": "client",
    "service": "client",
    "client": "client",
    "connection": "client",
}


def _name(nouns: list[Noun], at: int, noun: str) -> None:
    """`your account` is the sender's, `your server` is the client, `mail from` the sender."""
    if noun == "from":
        if not nouns or nouns[-1] not in ((at - 1, "message"), (at - 1, "email")):
            return
        noun = "sender"
    if any(one == "your" and at - place <= PHRASE for place, one in nouns[-2:]):
        noun = _OURS.get(noun, noun)
    nouns.append((at, noun))


def _keep(found: Found, at: int, state: State, told: Told | None, seen: Seen) -> None:
    if told is None:
        return
    if state.last:
        (found.last if state.weight is Weight.LAST else found.coded).setdefault(*told)
        return
    if state.weight is Weight.VAGUE and told[0] is not state.soon:
        found.vague.setdefault(*told)
        return
    found.said.setdefault(*told)
    if seen.near(Role.CAUSE, at - _CAUSE, at):
        found.because.setdefault(*told)


def _announced(seen: Seen) -> ReplyClass | None:
    """`sender address rejected: ...`, `HELO command rejected: ...`: whatever the reason says, it is about us."""
    ours = [noun for colon in seen.colons for noun in head(colon, seen)]
    if not ours:
        return None
    return ReplyClass.SENDER_REJECTED if ours[0] == "sender" else ReplyClass.BLOCKED_SENDER_REPUTATION


def _fits(at: int, needs: Needs, seen: Seen) -> bool:
    """A negation counts within its clause: `not reached, existing user`."""
    if needs is Needs.EITHER:
        return True
    before, behind = (2, 0) if needs is Needs.NOT_CLOSE else (_NOT_BEFORE, _NOT_BEHIND)
    denied = seen.near(Role.NEGATION, at - before, at + behind)
    if denied and (start := _clause(at, seen)) >= at - before:
        denied = seen.near(Role.NEGATION, start + 1, at + behind)
    return denied is not (needs is Needs.NO_NOT)


def _clause(at: int, seen: Seen) -> int:
    """The last word before the clause of a word."""
    colon = bisect_left(seen.colons, at)
    return seen.colons[colon - 1] if colon else 0


def _supposed(at: int, seen: Seen) -> bool:
    """`if this is no spam, tell us`: within the clause of an `if`."""
    start = _clause(at, seen)
    return seen.near(Role.CONDITION, max(start, at - _CAUSE), at)


def _owned(at: int, state: State, seen: Seen, soon: bool) -> Told | None:
    """A state with its noun phrase; if it passes, that counts more than what it belongs to."""
    told = _told(_done(at, state, seen) or _first(state.means, phrases(at, state, seen)), state.name)
    if told and state.soon and (soon or seen.near(Role.SOON, at - PHRASE, at + 1)):
        return state.soon, told[1]
    return told


def _done(at: int, state: State, seen: Seen) -> Sense | None:
    """`rejected by the recipient`."""
    if not state.by or not seen.near(Role.AGENT, at + 1, at + 2):
        return None
    behind = [noun for place, noun in seen.nouns if at < place <= at + 2 + _AGENT]
    return _first(state.by, (behind,))


def _first(senses: Sequence[Sense], choice: Iterable[Sequence[str]]) -> Sense | None:
    """What the first noun phrase that counts makes of it; else what it means of anybody."""
    return next((sense for phrase in (*choice, ()) if (sense := _sense(senses, phrase))), None)


def _sense(senses: Sequence[Sense], phrase: Sequence[str]) -> Sense | None:
    return next((sense for sense in senses if sense.nouns.issubset(phrase) and (sense.nouns or not phrase)), None)


def _told(sense: Sense | None, said: str) -> Told | None:
    if sense is None or sense.cls is None:
        return None
    return sense.cls, " ".join((*sorted(sense.nouns), said))
