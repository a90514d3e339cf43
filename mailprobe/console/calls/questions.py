"""What an agent can ask the customer and tick: the observations of `verdict/observed.py` as questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """choices: words of `observed`, as they are sent. wants: '' | 'time' | 'address' | 'number': what is typed behind the word.
    mails: only where a test mail was sent."""

    key: str
    choices: tuple[str, ...]
    wants: str = ""
    mails: bool = False


QUESTIONS = (
    Question("spelling", ("spelling_confirmed",)),
    Question("portal", ("portal_ok", "portal_closed")),
    Question("contract", ("contract=active", "contract=closed", "contract=suspended")),
    Question("password_changed", ("mail_password_changed_at=",), wants="time"),
    Question("webmail", ("webmail_ok",)),
    Question("other_device", ("other_device_ok",)),
    Question("handset", ("handset_fails",)),
    Question("pc", ("pc_used",)),
    Question("old_address", ("old_address=",), wants="address"),
    Question(
        "canary",
        ("canary_seen=inbox:", "canary_seen=junk:", "canary_seen=webmail:", "canary_seen=handset:", "canary_not_seen"),
        wants="number",
        mails=True,
    ),
)


def told_of(question: Question, observed: Sequence[str]) -> str | None:
    """What was told to this question, as it was sent."""
    for word in observed:
        if any(word == choice or (choice[-1] in "=:" and word.startswith(choice)) for choice in question.choices):
            return word
        if question.key == "contract" and word.startswith("contract="):
            return word
        if question.key == "canary" and word.startswith(("canary_seen=", "canary_not_seen")):
            return word
    return None


def text_key(choice: str) -> str:
    """The key of a choice's text: `canary_seen=inbox:` -> `canary_seen_inbox`."""
    return choice.rstrip("=:").replace("=", "_")
