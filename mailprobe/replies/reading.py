"""One SMTP reply read. The order of decision guards against the false claim that a mailbox does not exist.

carrier's and provider's own texts -> our own name or address in the text -> texts that mean one thing only -> the reason that
the text itself names -> words that speak of us -> exact enhanced code -> words that speak of the recipient -> vague words and
codes -> basic code. Whatever is found, nothing said before RCPT can speak of a recipient (RFC 5321 section 4.1.4: no recipient
is known by then), nor can a reason that was announced as ours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mailprobe.carriers import Carrier, ReplyRule
from mailprobe.carriers.load import carrier_of, presets
from mailprobe.evidence import Stage
from mailprobe.replies import grammar, words
from mailprobe.replies.meaning import LASTING, SPEAKS, Meaning, ReplyClass, SpeaksOf, Us
from mailprobe.replies.tables import GRAMMAR, SMTP, Group, Row

_RECIPIENT_KNOWN = frozenset({Stage.RCPT, Stage.DATA, Stage.END_OF_DATA, Stage.AFTER_ACCEPTANCE})
_CONTENT_UNKNOWN = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.MAIL, Stage.RCPT})
_ONLY_US = frozenset({Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.MAIL})
_NOBODY = Us()
EARLY = (
    ReplyClass.MAILBOX_MOVED,
    ReplyClass.RECIPIENT_RATE,
    ReplyClass.MAILBOX_FULL,
    ReplyClass.MAILBOX_DISABLED,
    ReplyClass.MESSAGE_TOO_BIG,
    ReplyClass.RELAY_DENIED,
)
OF_US = (
    ReplyClass.AUTH_POLICY,
    ReplyClass.GREYLISTED,
    ReplyClass.TLS_REQUIRED,
    ReplyClass.RATE_LIMITED,
    ReplyClass.SENDER_REJECTED,
    ReplyClass.BLOCKED_SENDER_REPUTATION,
    ReplyClass.CONTENT_REJECTED,
)
OF_RECIPIENT = (
    ReplyClass.MAILBOX_MOVED,
    ReplyClass.RECIPIENT_FILTER,
    ReplyClass.DOMAIN_REFUSES_MAIL,
    ReplyClass.DOMAIN_NOT_FOUND,
    ReplyClass.UNKNOWN_USER,
)
LATER = (ReplyClass.TEMPORARILY_UNAVAILABLE,)
REST = (
    ReplyClass.UNREACHABLE,
    ReplyClass.SERVER_ERROR,
    ReplyClass.PROTOCOL_ERROR,
    ReplyClass.TEMPORARILY_UNAVAILABLE,
    ReplyClass.POLICY_REJECTED,
)
PASSES = frozenset({ReplyClass.GREYLISTED, ReplyClass.RATE_LIMITED})
BECAUSE = (*OF_US, ReplyClass.POLICY_REJECTED)  # what a refusal itself gives as its reason
VAGUE = (
    ReplyClass.UNKNOWN_USER,
    ReplyClass.UNREACHABLE,
    ReplyClass.SERVER_ERROR,
    ReplyClass.TEMPORARILY_UNAVAILABLE,
    ReplyClass.POLICY_REJECTED,
)
LAST = (ReplyClass.UNKNOWN_USER, ReplyClass.POLICY_REJECTED)


def read(
    *,
    stage: Stage,
    code: int,
    enhanced: str = "",
    text: str = "",
    host: str = "",
    domain: str = "",
    address: str = "",
    us: Us = _NOBODY,
    carrier: Carrier | None = None,
) -> Meaning:
    """What one reply means. Never fails.

    code: 0 where a bounce quotes none; enhanced: '' or x.y.z, else found in the text; host: the MX asked; domain: the
    recipient's; address: the recipient, so that a local part quoted alone is masked; us: our own words.
    """
    exact = enhanced or words.enhanced_in(text)
    if _success(code, exact):
        return _accepted(stage)
    said = words.prepare(text, address)
    reply = f"{code or ''} {exact}".strip()
    one = _Reply(stage, reply, exact, said, GRAMMAR.read(said.line, soon=reply.startswith("4")))
    for candidate in _candidates(one, text, host.lower().rstrip("."), domain.lower(), us, carrier):
        cls, rule = _before_anybody(_announced(candidate, one), stage)
        if _possible(cls, stage):
            return Meaning(cls, SPEAKS[cls], _lasting(cls, code, exact), rule)
    return Meaning(ReplyClass.UNCLASSIFIED, SpeaksOf.NONE, False)


def _success(code: int, exact: str) -> bool:
    return 200 <= code < 400 or (code == 0 and exact.startswith("2."))


def _accepted(stage: Stage) -> Meaning:
    """2xx and 3xx. Only an accepted RCPT (and what follows it) is a word about the recipient; 252 as well."""
    if stage is Stage.AFTER_ACCEPTANCE:
        return Meaning(ReplyClass.DELIVERED, SPEAKS[ReplyClass.DELIVERED], False, "success")
    speaks = SPEAKS[ReplyClass.ACCEPTED] if stage in _RECIPIENT_KNOWN else SpeaksOf.NONE
    return Meaning(ReplyClass.ACCEPTED, speaks, False, "success")


def _possible(cls: ReplyClass, stage: Stage) -> bool:
    """The phase veto. A filter of the recipient is a word about the recipient too, and so is his domain: what is not found
    before RCPT is ours."""
    about_recipient = SPEAKS[cls] is SpeaksOf.RECIPIENT or cls in (ReplyClass.RECIPIENT_FILTER, ReplyClass.DOMAIN_NOT_FOUND)
    return stage in _RECIPIENT_KNOWN or not about_recipient


def _lasting(cls: ReplyClass, code: int, exact: str) -> bool:
    """Where the codes contradict each other (`550 4.2.2`), the harmless reading counts: temporary."""
    return cls in LASTING and not 400 <= code < 500 and not exact.startswith("4.")


Candidate = tuple[ReplyClass, str]  # a class, and the row or the words that say so


@dataclass(frozen=True, slots=True)
class _Reply:
    """A reply taken apart. codes: `550 5.1.1`; exact: its enhanced code alone."""

    stage: Stage
    codes: str
    exact: str
    said: words.Words
    found: grammar.Found


def _candidates(one: _Reply, text: str, host: str, domain: str, us: Us, carrier: Carrier | None) -> Iterator[Candidate]:
    """Every reading in the order of decision, with the row that says so."""
    own = (*((Group(carrier.name, carrier.replies),) if carrier else ()), *_shipped(host, domain))
    home, line = _at_home(host, domain), one.said.line
    provider = tuple(group for group in SMTP.providers if group.name in home or any(sign in line for sign in group.signs))
    yield from _matching(_rows((*own, *provider)), one)
    if named := words.name_us(text, us.words, domain):
        yield from _for_now(one)
        yield _about(named, one.stage), f"us: {named}"
    yield from (_unless_accepted(candidate, one) for candidate in _general(one))


def _general(one: _Reply) -> Iterator[Candidate]:
    """What any server's text means. Nearer and exacter words first, and ours before the recipient's."""
    said, found, passing = one.said, one.found, one.codes.startswith("4")
    yield from _matching(SMTP.sharp.rows(said), one)
    yield from _of(found.because, BECAUSE)
    yield from _of(found.said, EARLY)
    yield from _matching(SMTP.us.rows(said), one)
    yield from _of(_by_then(found.said, one.stage), OF_US)
    yield from _matching(SMTP.strong.rows(said), one)
    if passing:  # who says `later` does not say `never`
        yield from _of(found.said, LATER)
    yield from _of(found.said, OF_RECIPIENT)
    yield from _matching(SMTP.recipient.rows(said), one)
    yield from _of(found.said, REST)
    yield from _matching(SMTP.weak.rows(said), one)
    yield from _of(found.vague, VAGUE)
    yield from _seen(one)
    yield from _matching(SMTP.vague.rows(said), one)
    if not passing:
        yield from _of(found.last, LAST)
        yield from _of(found.coded, LAST if one.exact.startswith("5.1.") else ())
    yield from _matching(SMTP.basic.rows(said), one)


def _for_now(one: _Reply) -> Iterator[Candidate]:
    """Greylisting and limits name whom they put off (`192.0.2.7 is not yet authorized`), and pass by themselves."""
    if one.codes.startswith("4"):
        first = next(_matching(SMTP.us.rows(one.said), one), None) or next(_of(one.found.said, OF_US), None)
        if first and first[0] in PASSES:
            yield first


def _announced(candidate: Candidate, one: _Reply) -> Candidate:
    """No word about a mailbox where a refusal named us before it gave its reason: `sender rejected: user unknown`."""
    if one.found.announced and SPEAKS[candidate[0]] is SpeaksOf.RECIPIENT:
        return one.found.announced, f"{grammar.NAME}: announced"
    return candidate


def _before_anybody(candidate: Candidate, stage: Stage) -> Candidate:
    """A policy that refuses before a recipient is named can mean nobody but us: `550 5.7.1 Access denied` to MAIL."""
    if candidate[0] is ReplyClass.POLICY_REJECTED and stage in _ONLY_US:
        return ReplyClass.BLOCKED_SENDER_REPUTATION, candidate[1]
    return candidate


def _unless_accepted(candidate: Candidate, one: _Reply) -> Candidate:
    """A server that accepted the recipient and calls him unknown after DATA contradicts itself: carriers that are known say so
    of a customer's own filter."""
    if candidate[0] is ReplyClass.UNKNOWN_USER and one.stage is Stage.END_OF_DATA and not one.exact.startswith(("5.1.", "4.1.")):
        return ReplyClass.RECIPIENT_FILTER, candidate[1]
    return candidate


def _seen(one: _Reply) -> Iterator[Candidate]:
    """`message rejected`, once it was seen, is about what is in it, unless its code tells of a policy (RFC 3463 section 3.8)."""
    told = one.found.last.get(ReplyClass.POLICY_REJECTED)
    if told and one.stage is Stage.END_OF_DATA and not one.exact.startswith("5.7."):
        yield ReplyClass.CONTENT_REJECTED, f"{grammar.NAME}: {told}"


def _by_then(found: Mapping[ReplyClass, str], stage: Stage) -> Mapping[ReplyClass, str]:
    """Before DATA nobody has seen the content: who speaks of spam there means who we are."""
    spam = found.get(ReplyClass.CONTENT_REJECTED) if stage in _CONTENT_UNKNOWN else None
    return {ReplyClass.BLOCKED_SENDER_REPUTATION: spam, **found} if spam else found


def _of(found: Mapping[ReplyClass, str], classes: tuple[ReplyClass, ...]) -> Iterator[Candidate]:
    return ((cls, f"{grammar.NAME}: {found[cls]}") for cls in classes if cls in found)


def _rows(groups: Iterable[Group]) -> Iterator[Row]:
    return ((0, "", group.name, rule) for group in groups for rule in group.rules)


def _matching(rows: Iterable[Row], one: _Reply) -> Iterator[Candidate]:
    for _, _, name, rule in rows:
        if _applies(rule, one.stage, one.codes, one.exact) and one.said.hold(rule.contains):
            told = rule.contains.strip() or " ".join((*rule.codes, *rule.phases))
            yield ReplyClass(rule.means), f"{name}: {told}"


def _applies(rule: ReplyRule, stage: Stage, reply: str, exact: str) -> bool:
    """A code of a row is a prefix of `550 5.1.1` or of `5.1.1`; one that ends in a space must end there: `5.7.1 `."""
    if rule.phases and stage.value not in rule.phases:
        return False
    return not rule.codes or f"{reply} ".startswith(rule.codes) or f"{exact} ".startswith(rule.codes)


@lru_cache(maxsize=512)
def _shipped(host: str, domain: str) -> tuple[Group, ...]:
    """The texts of the shipped carrier that runs the MX asked, else of the one that owns the domain."""
    shipped = presets().values()
    by_host = tuple(one for one in shipped if any(_under(host, suffix) for suffix in one.mx_suffixes))
    owner = carrier_of(domain, shipped)
    return tuple(Group(one.name, one.replies) for one in by_host or ((owner,) if owner else ()))


def _under(host: str, suffix: str) -> bool:
    return host == suffix or host.endswith("." + suffix)


@lru_cache(maxsize=512)
def _at_home(host: str, domain: str) -> frozenset[str]:
    """The providers that run this MX or own this domain."""
    return frozenset(
        group.name for group in SMTP.providers if domain in group.domains or any(_under(host, suffix) for suffix in group.hosts)
    )


def _about(named: str, stage: Stage) -> ReplyClass:
    """A reply that quotes our IP address refuses our reputation; one that quotes our name, us as a sender."""
    try:
        ipaddress.ip_address(named)
    except ValueError:
        return ReplyClass.PROTOCOL_ERROR if stage is Stage.EHLO else ReplyClass.SENDER_REJECTED
    return ReplyClass.BLOCKED_SENDER_REPUTATION
