"""Where the words of a text stand that say something, and which nouns a state at one place belongs to.

A state belongs to the noun phrase before it, else to the one behind it, within its clause: a colon, a comma or a `because` parts
clauses, a full stop parts sentences.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailprobe.replies.lexicon import Needs, Role, State

STOP = 20  # words that a full stop counts for: further than any two words may stand apart
PHRASE = 3  # between two nouns of one phrase: `domain of the sender`
_BEFORE, _BEHIND, _WIDE, _REACH = 8, 3, 10, 7  # how far a state's noun may be, in words
SERVES = ("server", "service")
_US = frozenset({"sender", "client", "helo"})

Noun = tuple[int, str]


@dataclass(slots=True)
class Seen:
    """Where the words stand that say something."""

    nouns: list[Noun] = field(default_factory=list)
    states: list[tuple[int, tuple[State, ...]]] = field(default_factory=list)
    roles: dict[Role, list[int]] = field(default_factory=lambda: {role: [] for role in Role})
    colons: list[int] = field(default_factory=list)  # the last words before a colon or the like: what follows is the reason
    ends: set[int] = field(default_factory=set)  # the last words of what is said

    def near(self, role: Role, start: int, end: int) -> bool:
        """Whether a word of this role stands at start .. end."""
        places = self.roles[role]
        first = bisect_left(places, start)
        return first < len(places) and places[first] <= end

    def at(self, place: int) -> Sequence[str]:
        """The noun that stands there, if any."""
        first = bisect_left(self.nouns, (place, ""))
        return [noun for one, noun in self.nouns[first : first + 1] if one == place]


def phrases(at: int, state: State, seen: Seen) -> Iterator[Sequence[str]]:
    """Before the state first, unless the noun stands directly behind it: `message for an unknown user`."""
    before, behind, ours = _around(at, state, seen)
    if state.ahead:
        yield [*(run(behind, PHRASE) if behind and behind[0][0] - at == 1 else ()), *ours]
        return
    gap = at - before[0][0] if before else STOP
    if state.wide:
        if gap <= PHRASE and not (behind and behind[0][0] - at == 1):
            yield [*_phrase(before), *ours]
        yield [*(noun for place, noun in (*before, *behind) if abs(place - at) <= _WIDE), *seen.at(at), *ours]
        return
    if not state.reach and _directly(at, before, behind):
        yield [*_before_thing(run(behind, 1)), *(_subject(before, state) if gap <= PHRASE else ()), *ours]
    if gap <= _BEFORE:
        yield [*(_phrase(before) if before[0][1] != "at" else ("at", *_behind_address(at, before))), *ours]
    if state.reach:
        yield [*(noun for place, noun in behind if place - at <= _REACH), *ours]
    elif behind and behind[0][0] - at <= _BEHIND:
        yield [*_before_thing(run(behind, 1)), *ours]


def _directly(at: int, before: Sequence[Noun], behind: Sequence[Noun]) -> bool:
    """Whether the noun behind counts before any other. An address before says less than any noun."""
    if not behind:
        return False
    distance = behind[0][0] - at
    if behind[0][1] == "thing":
        return distance <= 2
    return distance == 1 and (not before or at - before[0][0] > 1 or before[0][1] == "at")


def _around(at: int, state: State, seen: Seen) -> tuple[Sequence[Noun], Sequence[Noun], Sequence[str]]:
    """The nouns before a state, the nearest first, those behind it, and whom of ours the announcement before it names.

    `recipient rejected: unknown host` speaks of a host: only a reason without any noun is about what a colon announced. But
    `sender rejected: unknown user` is about the sender.
    """
    here = bisect_left(seen.nouns, (at, ""))
    before = seen.nouns[max(0, here - _WIDE) : here][::-1]
    behind = [one for one in seen.nouns[here : here + _WIDE] if one[0] > at]
    colon = bisect_left(seen.colons, at)
    start = seen.colons[colon - 1] if colon else 0
    end = seen.colons[colon] if colon < len(seen.colons) else at + STOP
    own = [one for one in before if one[0] > start]
    rest = [one for one in behind if one[0] <= end]
    alone = not state.means or state.means[-1].nouns  # it means nothing by itself
    if alone and not (own and at - own[0][0] <= _BEFORE) and not (rest and rest[0][0] - at <= _REACH):
        return [one for one in before if one[0] > start or one[1] != "ip"], behind, ()
    return own, rest, head(start, seen) if colon else []


def _phrase(before: Sequence[Noun]) -> list[str]:
    """The nouns before a state; an address that stands before them, or what an `error:` was, is another matter."""
    return _before_thing([noun for at, noun in enumerate(run(before, PHRASE)) if not at or noun != "at"])


def _subject(before: Sequence[Noun], state: State) -> list[str]:
    """`the server does not know the user`: of the server nothing is denied."""
    phrase = _phrase(before)
    return phrase if state.needs is Needs.EITHER else [noun for noun in phrase if noun not in SERVES]


def _before_thing(found: list[str]) -> list[str]:
    """`unknown address error`: an address is not known, no error."""
    return found[: found.index("thing", 1)] if "thing" in found[1:] else found


def _behind_address(at: int, before: Sequence[Noun]) -> list[str]:
    """An address stands between a noun and its state: `the group (@) does not exist`."""
    rest = [one for one in before if one[1] != "at" and at - one[0] <= _BEFORE]
    return run(rest, 1) if rest else []


def run(nouns: Sequence[Noun], gap: int) -> list[str]:
    """Nouns that follow each other closely: one phrase."""
    last = nouns[0][0]
    phrase: list[str] = []
    for place, noun in nouns:
        if abs(place - last) > gap:
            break
        phrase.append(noun)
        last = place
    return phrase


def head(colon: int, seen: Seen) -> list[str]:
    """Whom of ours the words before a colon name, if something is said of them there."""
    stated = bisect_left(seen.states, colon - PHRASE, key=_place)
    if stated == len(seen.states) or seen.states[stated][0] > colon:
        return []
    last = bisect_left(seen.nouns, (colon + 1, ""))
    return [noun for place, noun in seen.nouns[max(0, last - PHRASE) : last] if noun in _US and colon - place <= PHRASE]


def _place(one: tuple[int, tuple[State, ...]]) -> int:
    return one[0]
