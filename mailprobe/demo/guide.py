"""Three calls to practise on the demo: what the caller says, what to do, and the sentence that the page will have for him."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailprobe.carriers import Carrier
from mailprobe.verdict import Args, Code, Confidence, HandsetSteps, Status, Verdict
from mailprobe.verdict.explain import STEPS, WHOSE
from mailprobe.verdict.wording import say


@dataclass(frozen=True, slots=True)
class Call:
    """One call. told: what the agent ticks. code, status, confidence, args: of the verdict that the servers' state gives."""

    mailbox: str
    carrier: str
    says_ja: str
    says_en: str
    code: Code
    status: Status
    told: tuple[str, ...] = ()
    args: Args = ()

    @property
    def address(self) -> str:
        return f"{self.mailbox}@{self.carrier}.example"

    def says(self, language: str) -> str:
        return self.says_ja if language == "ja" else self.says_en

    def expected(self, language: str, carrier: Carrier) -> str:
        """The sentence to be read aloud."""
        steps = STEPS.get(self.code, HandsetSteps.NONE)
        verdict = Verdict(self.code, self.status, WHOSE[self.code], Confidence.HIGH, steps, 0, self.args)
        return say(verdict, language, carrier=carrier).say


CALLS = (
    Call(
        "lost-entry",
        "mobile",
        "急にメールが届かなくなり、送った人には宛先不明で戻るそうです。会員ページには同じパスワードで入れます。",
        "My mail has stopped, and people get their mails back. The portal takes my password.",
        Code.DIRECTORY_OUT_OF_SYNC,
        Status.DOWN,
        told=("portal_ok",),
    ),
    Call(
        "unseen",
        "strict",
        "メールが届かないので、端末を初期化したほうがよいでしょうか。",
        "I get no mail. Shall I reset my phone?",
        Code.PROBER_BLOCKED,
        Status.UNKNOWN,
        args=(("reason", "blocked"),),
    ),
    Call(
        "no-secret",
        "mobile",
        "今朝からメールが来ません。パスワードはお伝えしたくありません。",
        "No mail since this morning, and I will not tell you my password.",
        Code.ACCEPTS_MAIL,
        Status.UNKNOWN,
        args=(("mail", "none"),),
    ),
)

WORDS = {
    "ja": ("三つの電話で練習できます。", "入力", "選ぶ", "お伝えする言葉"),
    "en": ("Three calls to practise:", "type", "tick", "what to say"),
}
TOLD = {"portal_ok": {"ja": "会員ページは正常に使える", "en": "the portal works"}}


def told(word: str, language: str) -> str:
    """What to tick, as the page has it."""
    return TOLD[word].get(language, TOLD[word]["en"])


def lines(language: str, carriers: dict[str, Carrier]) -> Iterator[str]:
    """For a terminal. carriers: by name."""
    heading, types, ticks, says = WORDS.get(language, WORDS["en"])
    yield heading
    for number, call in enumerate(CALLS, 1):
        yield ""
        quote = f"「{call.says_ja}」" if language == "ja" else f'"{call.says_en}"'
        yield f"  {number}. {quote}"
        yield f"     {types}: {call.address}"
        for one in call.told:
            yield f"     {ticks}: {told(one, language)}"
        yield f"     {says}: {call.expected(language, carriers[call.carrier])}"
