"""Three calls to practise on the demo: what the caller says, what to do, and the sentence that the page will have for him."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailprobe.carriers import Carrier
from mailprobe.console.calls.texts import text as call_text
from mailprobe.console.texts import text
from mailprobe.demo.mailboxes import SCENARIOS, Scenario
from mailprobe.verdict import Args, Confidence, HandsetSteps, Verdict
from mailprobe.verdict.explain import STEPS, WHOSE
from mailprobe.verdict.wording import say

MAILBOXES = {one.local: one for one in SCENARIOS}


@dataclass(frozen=True, slots=True)
class Call:
    """One call. mailbox: of which scenario. told: what the agent ticks; args: of the verdict that the servers' state gives."""

    mailbox: str
    says_ja: str
    says_en: str
    told: tuple[str, ...] = ()
    args: Args = ()

    @property
    def scenario(self) -> Scenario:
        return MAILBOXES[self.mailbox]

    @property
    def address(self) -> str:
        return f"{self.mailbox}@{self.scenario.carrier}.example"

    def says(self, language: str) -> str:
        return self.says_ja if language == "ja" else self.says_en

    def ticks(self, language: str) -> tuple[str, ...]:
        """The answers, as they stand on the page, each behind its question."""
        asked = ((call_text(f"question.{word.partition('_')[0]}", language), word) for word in self.told)
        return tuple(f"{question} {call_text(f'choice.{word}', language)}" for question, word in asked)

    def expected(self, language: str, carrier: Carrier) -> str:
        """The sentence to be read aloud."""
        meant = self.scenario
        steps = STEPS.get(meant.code, HandsetSteps.NONE)
        verdict = Verdict(meant.code, meant.status, WHOSE[meant.code], Confidence.HIGH, steps, 0, self.args)
        return say(verdict, language, carrier=carrier).say


CALLS = (
    Call(
        "lost-entry",
        "急にメールが届かなくなり、送った人には宛先不明で戻るそうです。会員ページには同じパスワードで入れます。",
        "My mail has stopped, and people get their mails back. The portal takes my password.",
        told=("portal_ok",),
    ),
    Call(
        "unseen",
        "メールが届かないので、端末を初期化したほうがよいでしょうか。",
        "I get no mail. Shall I reset my phone?",
        args=(("reason", "blocked"),),
    ),
    Call(
        "no-secret",
        "今朝からメールが来ません。パスワードはお伝えしたくありません。",
        "No mail since this morning, and I will not tell you my password.",
        args=(("mail", "none"),),
    ),
)


def lines(language: str, carriers: dict[str, Carrier]) -> Iterator[str]:
    """For a terminal. carriers: by name."""
    types, ticks, says = (text(f"practice.{key}", language) for key in ("type", "tick", "say"))
    yield text("practice.calls", language)
    for number, call in enumerate(CALLS, 1):
        yield ""
        quote = f"「{call.says_ja}」" if language == "ja" else f'"{call.says_en}"'
        yield f"  {number}. {quote}"
        yield f"     {types}: {call.address}"
        for one in call.ticks(language):
            yield f"     {ticks}: {one}"
        yield f"     {says}: {call.expected(language, carriers[call.scenario.carrier])}"
