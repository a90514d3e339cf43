"""What the answer to a login says: IMAP (RFC 9051 section 7.1, RFC 5530) and SMTP AUTH (RFC 4954).

A bare refusal means wrong password, unknown user or locked account alike, by design of the servers: it stays `refused`.
"""

from __future__ import annotations

from mailprobe.carriers import Carrier, ReplyRule
from mailprobe.evidence import Stage
from mailprobe.replies import words
from mailprobe.replies.meaning import SignInClass
from mailprobe.replies.tables import SIGN_IN, Group


def read_sign_in(
    *, status: str, code: str = "", text: str = "", stage: Stage = Stage.LOGIN, carrier: Carrier | None = None
) -> SignInClass:
    """An IMAP answer. status: OK NO BAD BYE PREAUTH; code: the response code without brackets, or ''."""
    if status in ("OK", "PREAUTH"):
        return SignInClass.OPENED
    said = words.prepare(text)
    name = code.split(" ")[0].upper() if code else ""
    own = (Group(carrier.name, carrier.sign_in_replies),) if carrier else ()
    for group in (*own, *SIGN_IN.imap):
        for rule in group.rules:
            if _of_phase(rule, stage) and (not rule.codes or name in rule.codes) and said.hold(rule.contains):
                return SignInClass(rule.means)
    return _bare(status, stage)


def read_auth(*, code: int, enhanced: str = "", text: str = "", carrier: Carrier | None = None) -> SignInClass:
    """An SMTP answer to AUTH. code: 235, 4yz or 5yz; 334 is a question, not an answer, and stays unclassified."""
    if code == 235:
        return SignInClass.OPENED
    said = words.prepare(text)
    reply = f"{code} {enhanced or words.enhanced_in(text)} "
    own = (Group(carrier.name, carrier.sign_in_replies),) if carrier else ()
    for group in (*own, *SIGN_IN.auth):
        for rule in group.rules:
            if _of_phase(rule, Stage.AUTH) and _coded(rule, reply) and said.hold(rule.contains):
                return SignInClass(rule.means)
    return SignInClass.UNCLASSIFIED


def _of_phase(rule: ReplyRule, stage: Stage) -> bool:
    return not rule.phases or stage.value in rule.phases


def _coded(rule: ReplyRule, reply: str) -> bool:
    return not rule.codes or reply.startswith(rule.codes) or reply.partition(" ")[2].startswith(rule.codes)


def _bare(status: str, stage: Stage) -> SignInClass:
    """No code and no known word. NO to LOGIN rejects name or password (RFC 9051 section 6.2.3); BYE is the server's."""
    if status == "BYE":
        return SignInClass.UNAVAILABLE
    if status == "BAD":
        return SignInClass.CHANNEL
    return SignInClass.REFUSED if status == "NO" and stage in (Stage.LOGIN, Stage.AUTH) else SignInClass.UNCLASSIFIED
