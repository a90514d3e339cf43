"""One SMTP sign-in (RFC 4954) with the one mechanism that fits; the secret is masked before the first octet of it is written."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from mailprobe.carriers import AuthForm
from mailprobe.evidence import As, Of, Replied, Stage
from mailprobe.probes.smtp_session import Session
from mailprobe.wire import smtp, smtp_command
from mailprobe.wire.text import clean

GO_ON = 334
MASKED = "***"


def mechanism(session: Session, form: AuthForm) -> str:
    """What to sign in with: PLAIN before LOGIN, or the token form that the carrier's data names. '' if not offered."""
    offered = smtp.mechanisms(session.offered)
    wanted = ("PLAIN", "LOGIN") if form is AuthForm.PASSWORD else (form.value.upper(),)
    return next((one for one in wanted if one in offered), "")


MESSAGES: dict[str, Callable[[str, str], bytes]] = {
    "PLAIN": smtp_command.plain,
    "XOAUTH2": smtp_command.xoauth2,
    "OAUTHBEARER": smtp_command.oauthbearer,
}
# How a client says that it has read the reason: RFC 7628 section 3.2.3 for OAUTHBEARER, an empty line for XOAUTH2
REASON_TAKEN = {"XOAUTH2": b"", "OAUTHBEARER": b"AQ=="}


async def sign_in(session: Session, how: str, user: str, secret: str, who: As, of: Of) -> Replied:
    """The server's last word, noted as AUTH with `who`. Raises Over when the dialogue broke."""
    if how == "LOGIN":
        steps = (smtp_command.encoded(user), smtp_command.encoded(secret))
        session.stream.hide(secret, steps[1].decode())
        return await exchange(session, smtp_command.auth(how), steps, who, of)
    message = MESSAGES[how](user, secret)
    session.stream.hide(secret, message.decode(), smtp_command.encoded(secret).decode())
    if smtp_command.fits(how, message):
        return await exchange(session, smtp_command.auth(how, message), (), who, of)
    return await exchange(session, smtp_command.auth(how), (message,), who, of)


async def exchange(session: Session, first: bytes, steps: tuple[bytes, ...], who: As, of: Of) -> Replied:
    """Answer each 334 with the next step. One 334 more holds the reason of a refusal, which follows when that is taken."""
    how = first.split(b" ")[1].decode()
    session.stream.send(first, f"AUTH {how} {MASKED}" if first.count(b" ") > 1 else "")
    said = await session.read(Stage.AUTH, of)
    for step in steps:
        if said.code != GO_ON:
            break
        session.stream.send(smtp_command.response(step), MASKED)
        said = await session.read(Stage.AUTH, of)
    reason = ""
    if said.code == GO_ON:
        reason = decoded(said.text)
        session.stream.send(REASON_TAKEN.get(how, smtp_command.CANCEL))
        said = await session.read(Stage.AUTH, of)
    return session.noted(said, Stage.AUTH, of, who, reason)


def decoded(challenge: str) -> str:
    """The words in a challenge; '' if it holds none."""
    try:
        return clean(base64.b64decode(challenge, validate=True))
    except (binascii.Error, ValueError):
        return ""
