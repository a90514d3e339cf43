"""Everything a page shows of a call, in one language: the documented form of the API. Times are RFC 3339 in UTC, with ms."""

from __future__ import annotations

from dataclasses import dataclass

Object = dict[str, object]  # as `report.py` makes it: verdict_json, row_json


@dataclass(frozen=True, slots=True)
class Marked:
    """One character of an address. kind: letter | digit | sign; say: how it is read out, '' where nobody mistakes it."""

    char: str
    kind: str
    say: str


@dataclass(frozen=True, slots=True)
class CarrierView:
    """relation: own | foreign."""

    name: str
    title: str
    relation: str


@dataclass(frozen=True, slots=True)
class PassageView:
    """lang: ja | en. at: of a piece that is a time, to be shown in the reader's zone; text says it in this machine's."""

    text: str
    lang: str
    at: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceView:
    """state: normal | trouble | unknown | maintenance | incident. passages: the text in pieces, each of one language or
    a time."""

    state: str
    text: str
    age_s: float | None
    passages: tuple[PassageView, ...]


@dataclass(frozen=True, slots=True)
class StoredView:
    """What was said of the account before this call."""

    title: str
    say: str
    status: str
    age_s: float


@dataclass(frozen=True, slots=True)
class TopView:
    """state: checking | interim | settled. status: ok | degraded | down | unknown, None as long as nothing is settled."""

    state: str
    status: str | None
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class LastView:
    text: str
    age_s: float


@dataclass(frozen=True, slots=True)
class ProofView:
    """One answer of a server. of: target | live | dead."""

    of: str
    server: str
    text: str
    took_ms: float | None


@dataclass(frozen=True, slots=True)
class StationView:
    """id: domain mx delivery sign_in mailbox submission handset. state: waiting running not_possible held our_fault green amber
    red off. word: the state in one or two words. seconds: upper bound of a run under way, until: its end at the latest, or when
    what is held back may be asked. enable: who can make it possible."""

    id: str
    title: str
    state: str
    word: str
    text: str
    seconds: float | None
    until: str | None
    last: LastView | None
    enable: str | None
    proof: tuple[ProofView, ...]


@dataclass(frozen=True, slots=True)
class CallBackView:
    owner: str
    time: str | None
    text: str


@dataclass(frozen=True, slots=True)
class HandsetView:
    """steps: none | harmless | reinstall_mail_profile. text: why not, or which."""

    allowed: bool
    steps: str
    text: str


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """value: as it is sent in `observed`; one that ends in `=` or `:` is followed by what is typed."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    """wants: '' | time | address | number: what is typed behind the choice. told: the word as the agent sent it; measured: as
    the carrier's own systems say it, which counts before his."""

    key: str
    text: str
    choices: tuple[ChoiceView, ...]
    wants: str
    told: str | None
    measured: str | None


@dataclass(frozen=True, slots=True)
class CanaryView:
    """state: sending, then as `evidence.CanaryState`."""

    number: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class ReturnedView:
    """What a mail that came back says, whether or not the verdict rests on it. heard: read out over the phone. side: whose words
    put it at; quote: the words themselves, every name masked."""

    heard: bool
    title: str
    side: str
    quote: str


@dataclass(frozen=True, slots=True)
class SentenceView:
    title: str
    say: str


@dataclass(frozen=True, slots=True)
class RevisedView:
    at: str
    old: SentenceView
    new: SentenceView
    why: str


@dataclass(frozen=True, slots=True)
class BeforeView:
    """before, after: states of a station; after None: not asked yet."""

    station: str
    title: str
    before: str
    after: str | None


@dataclass(frozen=True, slots=True)
class RepairView:
    of: str
    rows: tuple[BeforeView, ...]


@dataclass(frozen=True, slots=True)
class WatchView:
    until: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProblemView:
    code: str
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class LineView:
    """who: S server, C client, * an event. Secrets and addresses are masked."""

    at_ms: float
    who: str
    server: str
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """at: when the run began."""

    probe: str
    at: str
    lines: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class ProofsView:
    rows: tuple[Object, ...]
    transcript: tuple[TranscriptView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One check. version: grows with every change. read_back: the address as it is read out, '' where it is not shown whole.
    verdict: as in `mailprobe check --json`, with `title` and `who`. notes: sentences beside it; returned: each mail that came
    back, in the order in which they were shown."""

    id: str
    number: str
    version: int
    address: str
    masked: str | None  # why the address is not shown whole
    marked: tuple[Marked, ...]
    read_back: str
    account: str | None
    enrolled: bool
    carrier: CarrierView
    by: str
    reason: str
    ticket: str
    started: str
    ended: str | None
    state: str
    service: ServiceView
    stored: StoredView | None
    top: TopView
    stations: tuple[StationView, ...]
    verdict: Object | None
    notes: tuple[str, ...]
    returned: tuple[ReturnedView, ...]
    call_back: CallBackView | None
    handset: HandsetView
    questions: tuple[QuestionView, ...]
    canary: CanaryView | None
    revised: tuple[RevisedView, ...]
    before_repair: RepairView | None
    last_good: str | None
    first_bad: str | None
    watch: WatchView | None
    kept: str | None
    kept_at: str | None
    wrong: str | None
    problem: ProblemView | None
    proof: ProofsView


@dataclass(frozen=True, slots=True)
class Row:
    """One line of "My checks". old, new: the sentences of the last revision."""

    id: str
    number: str
    address: str
    carrier: str
    started: str
    state: str
    title: str
    status: str | None
    pending: bool
    revised: bool
    old: str | None
    new: str | None
