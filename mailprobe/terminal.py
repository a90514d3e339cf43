"""What a person sees in a terminal: each leg as it is learnt, then the verdict, what to say, and the proof.

Every text from a server is shown escaped; colour only where there is a terminal, and never as the only sign.
"""

from __future__ import annotations

import locale
import os
import sys
import time
from collections.abc import Iterable
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from mailprobe.address import near
from mailprobe.carriers import Carrier
from mailprobe.config import Account, Config, ConfigError, Problem, forecast, format_problem
from mailprobe.config.problems import cut, visible
from mailprobe.evidence import End, Evidence, Fact
from mailprobe.held_words import held_words
from mailprobe.maintenance import Window
from mailprobe.question import Listener
from mailprobe.report import Check
from mailprobe.verdict import Code, Status, Verdict
from mailprobe.verdict.delivery import UNREAD
from mailprobe.verdict.explain import Explanation, explain
from mailprobe.verdict.labels import label, note, title
from mailprobe.verdict.legs import leg_state, leg_words
from mailprobe.verdict.picture import Picture
from mailprobe.verdict.proof import ProofRow
from mailprobe.verdict.texts import LANGUAGES
from mailprobe.verdict.wording import Spoken

WALK = ("dns", "mx", "canary", "imap", "submission")  # from the sender to the mailbox
SIGN = {"waiting": "…", "good": "✓", "bad": "✗", "unclear": "?", "not_possible": "–", "held": "‖", "our_fault": "!"}
COLOUR = {"good": "green", "bad": "red", "unclear": "yellow", "our_fault": "magenta", "held": "cyan"}
STATUS_COLOUR = {Status.OK: "green", Status.DEGRADED: "yellow", Status.DOWN: "red", Status.UNKNOWN: "cyan"}
STATUS_SIGN = {Status.OK: "✓", Status.DEGRADED: "△", Status.DOWN: "✗", Status.UNKNOWN: "?"}
WIDTH = 100
WORDS_LEAST = 12  # columns: what a leg saw is shown, however narrow the window
READ_OUT = "canary_seen=inbox:NNNN  (junk: webmail: handset: / canary_not_seen:NNNN)"
USAGE = 64  # sysexits.h
EVERY = "all"


def language_or_default(asked: str, configured: str = "") -> str:
    """ja or en: what was asked, else the configuration, else the environment. Raises ConfigError for any other wish."""
    if asked and asked not in LANGUAGES:
        problem = Problem("MP1107", "--lang", f'no texts in "{cut(asked)}"', f"known: {', '.join(LANGUAGES)}")
        raise ConfigError((problem,), USAGE)
    for wanted in (asked, configured, os.environ.get("LC_ALL", ""), os.environ.get("LANG", ""), locale.getlocale()[0] or ""):
        if wanted[:2].lower() in ("ja", "en"):
            return wanted[:2].lower()
    return "en"


class Output(Console):
    """A reader that goes away (`| head`) is told to the caller; rich itself would end the program with status 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(most: int = WIDTH) -> Console:
    """Standard output, at most 100 columns wide, so that a sentence can be read aloud without losing the line."""
    made = Output(highlight=False)
    made.width = min(made.width, most) if made.is_terminal else most
    return made


class Progress:
    """The legs of a check under way: a live table on a terminal, one line per leg elsewhere."""

    def __init__(self, account: Account, legs: Iterable[str], language: str) -> None:
        self.account = account
        self.language = language
        self.legs = [leg for leg in WALK if leg in set(legs)]
        self.stage: dict[str, str] = {}
        self.ended: dict[str, tuple[str, str, float]] = {}
        self.headline: Verdict | None = None
        self.began = time.monotonic()
        self.console = console()
        self.live = Live(console=self.console, refresh_per_second=8, transient=True, get_renderable=self.table)

    def __enter__(self) -> Progress:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.console.is_terminal:
            self.live.stop()

    def listener(self) -> Listener:
        return Listener(self.learnt, self.leg_ended, self.settled)

    def learnt(self, leg: str, fact: Fact) -> None:
        first = leg not in self.stage
        self.stage[leg] = fact.server
        if first and self.console.is_terminal:
            self.live.refresh()

    def leg_ended(self, evidence: Evidence, picture: Picture) -> None:
        state, words = leg_state(evidence, picture), leg_words(evidence, picture, self.language)
        self.ended[evidence.probe] = (state, words, evidence.took)
        if self.console.is_terminal:
            self.live.refresh()
        else:
            self.console.print(leg_line(evidence.probe, state, words, self.language))
            sys.stdout.flush()

    def settled(self, verdict: Verdict) -> None:
        self.headline = verdict
        if self.console.is_terminal:
            self.live.refresh()

    def table(self) -> RenderableType:
        rows = Table.grid(padding=(0, 2))
        for leg in self.legs:
            state, words, _ = self.ended.get(leg, ("waiting", self.waiting_words(leg), 0.0))
            rows.add_row(sign_of(state), label("leg", leg, self.language), Text(words, style="dim" if state == "waiting" else ""))
        return Group(self.top(), Padding(rows, (0, 0, 0, 1)))

    def top(self) -> RenderableType:
        """ "checking" until nothing can overturn what would be said."""
        address = self.account.address.display
        if self.headline is not None:
            return Text.assemble((address, "bold"), "  ", verdict_text(self.headline, self.language))
        seconds = time.monotonic() - self.began
        return Spinner("dots", Text(f"{address}  {label('leg_state', 'waiting', self.language)} {seconds:.0f} s", style="bold"))

    def waiting_words(self, leg: str) -> str:
        server = self.stage.get(leg, "")
        return f"{label('leg_state', 'waiting', self.language)} {visible(server)}".rstrip()


def print_check(check: Check, spoken: Spoken, carrier: Carrier, language: str, out: Console | None = None) -> None:
    """The whole answer: the verdict, the words, the legs, the proof. out: standard output, if left out."""
    out = out or console()
    out.print()
    under = f"   {check.account} · {carrier.title} · {check.took:.1f} s"
    out.print(Text.assemble((visible(check.address), "bold"), (under, "dim")))
    out.print(Padding(verdict_text(check.verdict, language), (1, 0, 0, 1)))
    out.print(Padding(words_table(check, spoken, language), (1, 0, 0, 1)))
    out.print(Padding(legs_table(check, language), (1, 0, 0, 1)))
    if check.proof:
        out.print(Padding(proof_table(check.proof, language), (1, 0, 1, 1)))


def verdict_text(verdict: Verdict, language: str) -> Text:
    """Sign, status and title: the one line that counts."""
    colour = STATUS_COLOUR[verdict.status]
    status = f"{STATUS_SIGN[verdict.status]} {label('status', verdict.status.value, language)}"
    return Text.assemble((status, f"bold {colour}"), "  ", (title(verdict.code, language), "bold"))


def words_table(check: Check, spoken: Spoken, language: str) -> Table:
    """What to say, what not to say, what to do, who."""
    verdict = check.verdict
    rows = Table.grid(padding=(0, 2), expand=False)
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")

    def row(name: str, text: RenderableType | str) -> None:
        rows.add_row(label("heading", name, language), text)

    row("say", Text(spoken.say, style="bold"))
    row("known", spoken.known)
    row("do_not_say", " / ".join(spoken.do_not_say))
    row("next", spoken.next)
    row("who", f"{spoken.who} ({verdict.code.value} · {label('confidence', verdict.confidence.value, language)})")
    row("handset", spoken.why_no_handset)
    if check.picture.delivery.among(*UNREAD):
        row("read_out", f"mailprobe check {visible(check.address)} --observed {READ_OUT}")
    for one in verdict.notes:
        row("note", note(one, language))
    return rows


def legs_table(check: Check, language: str) -> Table:
    rows = Table.grid(padding=(0, 2))
    for fixed, least in ((True, None), (False, None), (False, WORDS_LEAST), (True, None)):
        rows.add_column(no_wrap=fixed, overflow="fold", min_width=least)
    found = {one.probe: one for one in check.evidence}
    for leg in WALK:
        if leg in found:
            state, words = leg_state(found[leg], check.picture), leg_words(found[leg], check.picture, language)
            words = "\n".join((words, *held_words(found[leg], language, check.started + check.took)))
            rows.add_row(sign_of(state), label("leg", leg, language), Text(words), Text(took(found[leg], language), style="dim"))
    return rows


def took(evidence: Evidence, language: str) -> str:
    """How long, and what cut it short; of a fault of ours its name, for whoever looks after this tool."""
    ending = evidence.ending
    why = label("out_of_time", ending.reason, language) if ending.kind is End.OUT_OF_TIME else ""
    return f"{evidence.took:.2f} s {ending.reason if ending.kind is End.OUR_FAULT else why}".rstrip()


def proof_table(proof: tuple[ProofRow, ...], language: str) -> Table:
    """The servers' own words, the target beside the controls."""
    rows = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim", pad_edge=False)
    for name in ("server", "asked_for", "answer"):
        rows.add_column(label("heading", name, language), overflow="fold", no_wrap=name == "asked_for")
    last = ""
    for one in proof:
        server = f"{one.server} {one.ip}" if one.ip and one.ip not in one.server else one.server
        same = f"  = {label('heading', 'same_words', language)}" if one.alike else ""
        answer = Text(visible(f"{one.answer} {one.text}"))
        rows.add_row("" if server == last else server, label("of", one.of.value, language), answer.append(same, "bold yellow"))
        last = server
    return rows


def leg_line(leg: str, state: str, words: str, language: str) -> Text:
    return Text.assemble(sign_of(state), " ", label("leg", leg, language), ": ", words)


def sign_of(state: str) -> Text:
    return Text(SIGN[state], style=f"bold {COLOUR.get(state, 'dim')}")


def print_explanation(code: str, language: str) -> None:
    """One verdict's code explained, or with `all` a line for each. Raises ConfigError for a code that there is not."""
    out = console()
    if code == EVERY:
        rows = Table.grid(padding=(0, 2))
        for one in Code:
            rows.add_row(Text(one.value, style="bold"), title(one, language))
        out.print(rows)
        return
    if code not in list(Code):
        meant = near(code, [one.value for one in Code])
        hint = f"did you mean {meant}?" if meant else "mailprobe explain all lists them"
        raise ConfigError((Problem("MP1108", "explain", f'no verdict "{cut(code)}"', hint),), USAGE)
    out.print(Text.assemble((code, "bold"), "  ", (title(Code(code), language), "bold")))
    out.print(Padding(explanation_table(explain(Code(code), language), language), (1, 0, 0, 1)))


def explanation_table(found: Explanation, language: str) -> Table:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    lines = {
        "means": found.meaning,
        "needed": "\n".join(f"· {one}" for one in found.needed),
        "whose": found.whose,
        "next": found.do,
        "do_not_say": " / ".join(found.do_not),
        "handset": found.handset,
    }
    for name, text in lines.items():
        rows.add_row(label("heading", name, language), Text(text))
    return rows


def print_config(config: Config) -> None:
    """What may be lived with, what the schedule asks of each carrier's servers, and the last word."""
    for warning in config.warnings:
        print(format_problem(warning, "note"))
    for one in forecast(config):
        print(visible(str(one)))
    for window in config.maintenance:
        print(visible(announced(window, time.time())))
    print(f"ok: {len(config.accounts)} accounts, {len(config.carriers)} carriers")


def announced(window: Window, now: float) -> str:
    """A window of the file, in UTC: a wrong month or zone is seen here, and not in the night of the work."""
    whose = ", ".join(f"{kind} {name}" for kind, name in (("carrier", window.carrier), ("group", window.group)) if name)
    begins, ends = (time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(at)) for at in (window.begins, window.ends))
    when = "is over" if window.ends <= now else "to come" if now < window.begins else "under way"
    return f"maintenance of {whose}: {begins} to {ends}, {when}"
