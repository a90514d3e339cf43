"""What each probe of an account saw last, small: a hundred thousand accounts are held in memory, and looked at seldom.

A slot as a rule asks all probes of an account again, so what lies here is written every time and read only where a slot or a
job asked some of them. Runs of one carrier's probe say nearly the same, so each is packed as its difference to a sample of them:
1,500 octets of facts become a hundred, and those of all probes of an account lie behind one another. Transcripts stay in the
store.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from struct import Struct

from mailprobe.evidence import Ending, Evidence
from mailprobe.store import facts
from mailprobe.store.facts import Octets

RAW = -15  # a window of 32 KB, without header and checksum
MOST_SAMPLES = 1000
HEAD = Struct("<IIddd")  # octets of packed text and of times, which follow; started, began, took


@dataclass(frozen=True, slots=True)
class Alike:
    """What very many runs have in common, one object for all of them. sample: what they are packed with."""

    probe: str
    vantage: str
    ending: Ending
    sample: bytes


Packed = tuple[Alike, bytes]  # one run without its account, its transcript and its slot

_samples: dict[tuple[str, str, int], bytes] = {}
_alike: dict[Alike, Alike] = {}
_together: dict[tuple[Alike, ...], tuple[Alike, ...]] = {}


def sample_of(evidence: Evidence, text: bytes) -> bytes:
    """The first run that was seen of its kind: the same probe, about as many facts, the same server."""
    first = evidence.facts[0].server if evidence.facts else ""
    kind = (evidence.probe, first, len(evidence.facts))
    known = _samples.get(kind)
    if known is None:
        if len(_samples) >= MOST_SAMPLES:
            _samples.clear()  # whoever was packed with one keeps it
        known = _samples[kind] = text
    return known


def alike(evidence: Evidence, sample: bytes) -> Alike:
    if len(_alike) >= MOST_SAMPLES:
        _alike.clear()
    new = Alike(evidence.probe, evidence.vantage, evidence.ending, sample)
    return _alike.setdefault(new, new)


def together(probes: tuple[Alike, ...]) -> tuple[Alike, ...]:
    """One object for all accounts whose probes ended alike."""
    if len(_together) >= MOST_SAMPLES:
        _together.clear()
    return _together.setdefault(probes, probes)


def pack(evidence: Evidence) -> Packed:
    told = facts.written(evidence.facts)
    sample = sample_of(evidence, told.text)
    press = zlib.compressobj(1, zlib.DEFLATED, RAW, 8, zlib.Z_DEFAULT_STRATEGY, sample)
    text = press.compress(told.text) + press.flush()
    head = HEAD.pack(len(text), len(told.times), evidence.started, evidence.began, evidence.took)
    return alike(evidence, sample), head + text + told.times


def unpack(account: str, one: Packed) -> Evidence:
    same, octets = one
    size, _, started, began, took = HEAD.unpack_from(octets)
    end = HEAD.size + size
    text = zlib.decompressobj(RAW, same.sample).decompress(octets[HEAD.size : end])
    seen = facts.read(Octets(text, octets[end:]))
    return Evidence(account, same.probe, same.vantage, None, started, began, took, seen, (), same.ending)


class Newest(MutableMapping[str, Evidence]):
    """By probe, of one account. What is read is equal to what was put, but for the transcript, which is empty, and the slot.
    Until `settle` the original itself is given out: who judges a run reads it at once."""

    __slots__ = ("_account", "_alike", "_fresh", "_octets")

    def __init__(self, account: str) -> None:
        self._account = account
        self._alike: tuple[Alike, ...] = ()
        self._octets = b""
        self._fresh: tuple[Evidence, ...] = ()

    def __getitem__(self, probe: str) -> Evidence:
        for evidence in self._fresh:
            if evidence.probe == probe:
                return evidence
        for one in self._packed():
            if one[0].probe == probe:
                return unpack(self._account, one)
        raise KeyError(probe)

    def __setitem__(self, probe: str, evidence: Evidence) -> None:
        self._leave_out(probe)
        self._fresh += (evidence,)

    def __delitem__(self, probe: str) -> None:
        if probe not in tuple(self):
            raise KeyError(probe)
        self._leave_out(probe)

    def __iter__(self) -> Iterator[str]:
        return iter([*(one.probe for one in self._alike), *(one.probe for one in self._fresh)])

    def __len__(self) -> int:
        return len(self._alike) + len(self._fresh)

    def settle(self) -> None:
        """Make small what was put: to be called once it has been judged."""
        self._keep([*self._packed(), *map(pack, self._fresh)])
        self._fresh = ()

    def _packed(self) -> Iterator[Packed]:
        at = 0
        for one in self._alike:
            text, times, *_ = HEAD.unpack_from(self._octets, at)
            end = at + HEAD.size + text + times
            yield one, self._octets[at:end]
            at = end

    def _keep(self, runs: Iterable[Packed]) -> None:
        kept = tuple(runs)
        self._alike = together(tuple(one for one, _ in kept))
        self._octets = b"".join(octets for _, octets in kept)

    def _leave_out(self, probe: str) -> None:
        self._keep(one for one in self._packed() if one[0].probe != probe)
        self._fresh = tuple(one for one in self._fresh if one.probe != probe)
