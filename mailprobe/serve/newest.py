"""What each probe of an account saw last, small: a hundred thousand accounts are held in memory, and looked at seldom.

A slot as a rule asks all probes of an account again, so what lies here is written every time and read only where a slot or a
job asked some of them. Runs of one carrier's probe say nearly the same, so each is packed as its difference to a sample of them:
1,500 octets of facts become a hundred. Transcripts stay in the store.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from struct import Struct

from mailprobe.evidence import Ending, Evidence
from mailprobe.store import facts
from mailprobe.store.facts import Octets

RAW = -15  # a window of 32 KB, without header and checksum
MOST_SAMPLES = 1000
HEAD = Struct("<Hddd")  # octets of packed text, then started, began, took


@dataclass(frozen=True, slots=True)
class Alike:
    """What very many runs have in common, one object for all of them. sample: what they are packed with."""

    probe: str
    vantage: str
    ending: Ending
    sample: bytes


@dataclass(frozen=True, slots=True)
class Packed:
    """One run without its transcript and its slot."""

    account: str
    alike: Alike
    octets: bytes

    @property
    def probe(self) -> str:
        return self.alike.probe


_samples: dict[tuple[str, str, int], bytes] = {}
_alike: dict[Alike, Alike] = {}


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


def pack(evidence: Evidence) -> Packed:
    told = facts.written(evidence.facts)
    sample = sample_of(evidence, told.text)
    press = zlib.compressobj(1, zlib.DEFLATED, RAW, 8, zlib.Z_DEFAULT_STRATEGY, sample)
    text = press.compress(told.text) + press.flush()
    head = HEAD.pack(len(text), evidence.started, evidence.began, evidence.took)
    return Packed(evidence.account, alike(evidence, sample), head + text + told.times)


def unpack(one: Packed) -> Evidence:
    same, (size, started, began, took) = one.alike, HEAD.unpack_from(one.octets)
    end = HEAD.size + size
    text = zlib.decompressobj(RAW, same.sample).decompress(one.octets[HEAD.size : end])
    seen = facts.read(Octets(text, one.octets[end:]))
    return Evidence(one.account, same.probe, same.vantage, None, started, began, took, seen, (), same.ending)


class Newest(MutableMapping[str, Evidence]):
    """By probe. What is read is equal to what was put, but for the transcript, which is empty, and the slot. Until `settle` the
    original itself is given out: who judges a run reads it at once."""

    __slots__ = ("_fresh", "_packed")

    def __init__(self) -> None:
        self._packed: tuple[Packed, ...] = ()
        self._fresh: tuple[Evidence, ...] = ()

    def __getitem__(self, probe: str) -> Evidence:
        for evidence in self._fresh:
            if evidence.probe == probe:
                return evidence
        for one in self._packed:
            if one.probe == probe:
                return unpack(one)
        raise KeyError(probe)

    def __setitem__(self, probe: str, evidence: Evidence) -> None:
        self._packed = tuple(one for one in self._packed if one.probe != probe)
        self._fresh = (*(one for one in self._fresh if one.probe != probe), evidence)

    def __delitem__(self, probe: str) -> None:
        if probe not in tuple(self):
            raise KeyError(probe)
        self._packed = tuple(one for one in self._packed if one.probe != probe)
        self._fresh = tuple(one for one in self._fresh if one.probe != probe)

    def __iter__(self) -> Iterator[str]:
        return iter([*(one.probe for one in self._packed), *(one.probe for one in self._fresh)])

    def __len__(self) -> int:
        return len(self._packed) + len(self._fresh)

    def settle(self) -> None:
        """Make small what was put: to be called once it has been judged."""
        self._packed += tuple(pack(one) for one in self._fresh)
        self._fresh = ()
