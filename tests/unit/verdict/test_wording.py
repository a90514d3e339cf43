"""The rules that every text keeps: for each verdict code, confidence, language, and whether the mail service is ours."""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.carriers import Carrier, Relation
from mailprobe.verdict import Actor, Code, Confidence, HandsetSteps, Note, NoteCode, Status, Verdict
from mailprobe.verdict.delivery import why_out
from mailprobe.verdict.explain import STEPS, WHOSE, explain
from mailprobe.verdict.grounds import LATER
from mailprobe.verdict.labels import LegState, answer, conflicts, desk, label, leg, missing, note, title
from mailprobe.verdict.notes import clashing, lacking
from mailprobe.verdict.picture import Delivery, Known, Picture, Prober, ReadBack, Source
from mailprobe.verdict.rules import RULES
from mailprobe.verdict.texts import LANGUAGES, choose, fill, phrase, phrases, wordings
from mailprobe.verdict.wording import Spoken, say

UNJUDGED = frozenset(
    {
        Code.PROBER_BLOCKED,
        Code.VANTAGES_DISAGREE,
        Code.INCONCLUSIVE,
        Code.ACCEPTS_MAIL,
        Code.NO_SUCH_ADDRESS,
        Code.WAITING,
    }
)
FINE = frozenset({Code.HEALTHY, Code.SENDER_AT_FAULT, Code.HANDSET})
OURS = Carrier(name="lab", title="Lab", relation=Relation.OWN, domains=("mail.test",))
THEIRS = Carrier(name="far", title="Far Mail and former Near addresses", relation=Relation.FOREIGN, domains=("far.test",))

PROTOCOL = r"\b(?:IMAP|SMTP|MX|RCPT|DSN|DNS|TLS|SSL|EHLO|AUTH|TCP|STARTTLS)\b|\d{3}|証明書|プロトコル|ドメイン名"
JARGON = {
    "ja": PROTOCOL
    + r"|認証|ディレクトリ|プロビジョニング|バックエンド|フロントエンド|リレー|中継|キュー|クォータ|グレーリスト"
    + r"|ポート|サーバ|ホスト|ドメイン|アカウント|ゲートウェイ|プロファイル|ログイン|照合用|受付番号",
    "en": PROTOCOL
    + r"|\b(?:certificates?|authenticat\w+|director(?:y|ies)|provision\w*|back-?ends?|relays?|queues?|quotas?|gr[ae]ylist\w*"
    + r"|ports?|servers?|hosts?|domains?|gateways?|profiles?|log-?ins?|protocols?|controls?|bounced?|accounts?)\b",
}
DONE_BY_NOBODY = {
    "ja": r"復旧(?:しており|いたし|作業|します)|修復|(?:報告|手配|依頼|連絡)(?:しました|いたしました|済み)|対応中|調査中",
    "en": r"(?i)\b(?:we|i|they) (?:are|am|have|has|will) (?:\w+ )?(?:restor|repair|fix|report|notif|escalat|resolv)\w*"
    r"|being (?:fixed|restored|repaired)",
}
BLAME = {
    "ja": r"お客さまの(?:せい|誤り|責任|ミス|勘違い)|間違え|間違って|入力ミス|打ち間違|誤って",
    "en": r"(?i)your (?:fault|mistake|error)|you (?:typed|entered|forgot|mistyped|made|misused|set it)|wrong password",
}
HEDGE = {"ja": "可能性", "en": r"\b(?:may|might)\b"}
POLITE = ("です", "ます", "ません", "ください", "ございます", "おります", "ございません")
RESET = {"ja": "初期化", "en": r"\bresets?\b|\breset\b"}
NO_RESET = {
    "ja": r"初期化は(?:まだ|必要ございません|必要ございませんので|なさら)|初期化はなさらないで",
    "en": r"(?:no need to|do not|nothing you need to do or|or to|not change or) reset",
}
MAIL = ("none", "arrived", "read_out", "unread")
EVERY = list(itertools.product(Code, LANGUAGES))
WAYS = list(itertools.product(Confidence, (None, OURS, THEIRS)))
ENUMS = typing.get_type_hints(Picture)


def verdict(code: Code, confidence: Confidence, **changes: typing.Any) -> Verdict:
    steps, status = STEPS.get(code, HandsetSteps.NONE), status_of(code)
    return dataclasses.replace(Verdict(code, status, WHOSE[code], confidence, steps, 0), **changes)


def status_of(code: Code) -> Status:
    if code in UNJUDGED:
        return Status.UNKNOWN
    return Status.OK if code in FINE else Status.DOWN


def spoken(code: Code, confidence: Confidence, language: str, carrier: Carrier | None = None) -> Spoken:
    return say(verdict(code, confidence), language, carrier=carrier)


def sentences(text: str, language: str) -> list[str]:
    parts = text.split("。") if language == "ja" else re.split(r"(?<=[.!?])\s+", text)
    return [part for part in parts if part.strip()]


def everything(one: Spoken) -> tuple[str, ...]:
    return (one.known, one.say, one.next, one.who, one.why_no_handset, *one.do_not_say)


@pytest.mark.parametrize(("code", "language"), EVERY)
def test_what_is_read_aloud(code: Code, language: str) -> None:
    for confidence, carrier in WAYS:
        keeps_to_the_rules(spoken(code, confidence, language, carrier).say, language)


def keeps_to_the_rules(text: str, language: str) -> None:
    assert 1 <= len(sentences(text, language)) <= 2
    assert (len(text) <= 120) if language == "ja" else (len(text.split()) <= 45), text
    assert not re.findall(JARGON[language], text, re.IGNORECASE)
    assert not re.search(DONE_BY_NOBODY[language], text)
    assert not re.search(BLAME[language], text)
    if language == "ja":
        assert all(one.endswith(POLITE) for one in sentences(text, language)), text
        assert text.endswith("。")
    else:
        assert text.endswith(".")
        assert text[0].isupper()


@pytest.mark.parametrize(("code", "language"), EVERY)
def test_a_reset_is_only_ever_declined(code: Code, language: str) -> None:
    for confidence, carrier in WAYS:
        text = spoken(code, confidence, language, carrier).say
        assert len(re.findall(RESET[language], text)) == len(re.findall(NO_RESET[language], text)), text


@pytest.mark.parametrize(("code", "language"), EVERY)
def test_what_the_agent_reads(code: Code, language: str) -> None:
    for confidence, carrier in WAYS:
        one = spoken(code, confidence, language, carrier)
        assert one.tag == f"{code.value}.{confidence.value}"
        is_plain(one, language)


def is_plain(one: Spoken, language: str) -> None:
    assert 1 <= len(sentences(one.known, language)) <= 2
    for text in (one.known, one.next, one.why_no_handset):
        assert not re.search(PROTOCOL, text)
        assert not re.search(DONE_BY_NOBODY[language], text)
        assert not re.search(BLAME[language], text)
    for text in everything(one):
        assert text
        assert not re.search(r"[{}]|  |。。|、。|\.\.", text), text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("confidence", [Confidence.MEDIUM, Confidence.LOW])
@pytest.mark.parametrize("code", sorted(set(Code) - UNJUDGED))
def test_medium_and_low_state_no_cause_as_a_fact(code: Code, confidence: Confidence, language: str) -> None:
    one = spoken(code, confidence, language)
    assert re.search(HEDGE[language], one.say), one.say
    assert re.search(HEDGE[language], one.known), one.known
    assert (phrase(f"hint.{confidence.value}", language) or "no such hint") in one.next


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("confidence", Confidence)
@pytest.mark.parametrize("code", sorted(UNJUDGED))
def test_not_judged_means_no_reset_an_owner_and_a_time(code: Code, confidence: Confidence, language: str) -> None:
    one = spoken(code, confidence, language)
    assert re.search(NO_RESET[language], one.say)
    assert one.who
    when = phrase("fill.when", language)
    assert when is not None
    assert when in one.next


@pytest.mark.parametrize(("code", "language"), EVERY)
def test_what_must_not_be_said(code: Code, language: str) -> None:
    for confidence, carrier in WAYS:
        one = spoken(code, confidence, language, carrier)
        for key in ("lost", "pc"):
            assert phrase(f"always.{key}", language) in one.do_not_say
        assert (phrase("always.reset", language) in one.do_not_say) is (code is not Code.HANDSET)
        assert len(set(one.do_not_say)) == len(one.do_not_say) >= 4
        assert one.say not in one.do_not_say


def test_the_models() -> None:
    high, medium = Confidence.HIGH, Confidence.MEDIUM
    first = spoken(Code.DIRECTORY_OUT_OF_SYNC, high, "ja").say
    for part in (
        "お客さま宛のメールが当社の受信側で『宛先なし』として返されております",
        "端末の初期化は必要ございません",
        "担当部門で確認いたします",
    ):
        assert part in first
    sixth = "メールの宛先は有効ですが、サインインができない状態です。"
    assert spoken(Code.PASSWORD_OR_LOCK, high, "ja").say == sixth + "メール専用のパスワードを設定し直し、一度だけお試しください。"
    assert spoken(Code.PASSWORD_OR_LOCK, medium, "ja").say.startswith(sixth)
    for confidence in Confidence:
        unsure = spoken(Code.INCONCLUSIVE, confidence, "ja").say
        assert unsure == "ただいまの確認だけでは原因を特定できません。初期化はまだなさらず、お待ちください。"


@pytest.mark.parametrize("confidence", Confidence)
def test_healthy_claims_no_test_mail(confidence: Confidence) -> None:
    for language, word in (("ja", "試験|確認用のメール|届きました"), ("en", r"(?i)test mail|arrived")):
        one = spoken(Code.HEALTHY, confidence, language)
        assert not re.search(word, one.say + one.known)
        assert re.search(word, one.do_not_say[0])
    with_gap = say(verdict(Code.HEALTHY, confidence, missing=("delivery",)), "ja").known
    assert "メールが実際に届くこと" in with_gap


@pytest.mark.parametrize("confidence", Confidence)
def test_a_test_mail_is_claimed_where_it_was_seen(confidence: Confidence) -> None:
    """By the words of healthy and of accepts_mail, and only by what the rules know of it."""
    for code, how, language in itertools.product((Code.HEALTHY, Code.ACCEPTS_MAIL), MAIL, LANGUAGES):
        one = say(verdict(code, confidence, args=(("mail", how),)), language)
        keeps_to_the_rules(one.say, language)
        is_plain(one, language)
        assert (phrase("always.arrived", language) in one.do_not_say) is (how in ("none", "unread"))
        assert ((phrase("fill.read_out", language) or "no such phrase") in one.next) is (how == "unread")
    high = say(verdict(Code.HEALTHY, Confidence.HIGH, args=(("mail", "arrived"),)), "ja").known
    assert high == "受信側はこのアドレス宛のメールを受け付け、確認用のメールが届き、メールボックスも開けます。"


def test_how_soon_the_next_answer_comes() -> None:
    soon = say(verdict(Code.WAITING, Confidence.LOW, args=(("reason", "canary_under_way"),)), "ja")
    assert "数分後にあらためて" in soon.say
    asked = say(verdict(Code.WAITING, Confidence.LOW, args=(("reason", "canary_unread"),)), "ja")
    assert "4桁の番号" in asked.next
    timed = say(verdict(Code.WAITING, Confidence.LOW, args=(("reason", "canary_under_way"), ("at", "14:30"))), "ja")
    assert "14:30にあらためて" in timed.say


def test_somebody_elses_mail_service_is_never_ours() -> None:
    for code, confidence in itertools.product(Code, Confidence):
        texts = everything(spoken(code, confidence, "ja", THEIRS))
        assert not any("当社" in text or "担当部門で確認いたします" in text for text in texts)
        english = spoken(code, confidence, "en", THEIRS)
        named = r"\bour (?:mail|side|receiving|own network|team|system)"
        assert not any(re.search(named, text, re.IGNORECASE) for text in everything(english))
    assert THEIRS.title in spoken(Code.IMAP_OUTAGE, Confidence.HIGH, "ja", THEIRS).who
    assert "当社" in spoken(Code.IMAP_OUTAGE, Confidence.HIGH, "ja", OURS).say


def test_a_carrier_overrides_what_is_said_and_nothing_else() -> None:
    own = (("imap_outage.ja", "{our}の設備を確認中でございます。"), ("imap_outage.low.ja", "少々お待ちください。"))
    carrier = dataclasses.replace(OURS, say=own)
    plain = spoken(Code.IMAP_OUTAGE, Confidence.HIGH, "ja", OURS)
    assert dataclasses.replace(plain, say="当社の設備を確認中でございます。") == spoken(
        Code.IMAP_OUTAGE, Confidence.HIGH, "ja", carrier
    )
    assert spoken(Code.IMAP_OUTAGE, Confidence.LOW, "ja", carrier).say == "少々お待ちください。"
    assert spoken(Code.IMAP_OUTAGE, Confidence.HIGH, "en", carrier) == spoken(Code.IMAP_OUTAGE, Confidence.HIGH, "en", OURS)
    assert spoken(Code.STORE_LOST, Confidence.HIGH, "ja", carrier) == spoken(Code.STORE_LOST, Confidence.HIGH, "ja", OURS)


def test_the_desks_of_the_configuration_are_named() -> None:
    actors = (("provisioning", "Subscriber data desk, queue SD-2, 09-18"),)
    one = say(verdict(Code.DIRECTORY_OUT_OF_SYNC, Confidence.HIGH), "en", carrier=THEIRS, actors=actors)
    assert one.who == actors[0][1]
    assert actors[0][1] in one.next
    assert actors[0][1] in explain(Code.DIRECTORY_OUT_OF_SYNC, "en", actors=actors).whose
    assert desk(Actor.MAIL_OPS, "ja") == "メール設備の担当"


def test_the_time_of_the_next_look_is_said() -> None:
    for language, said in (("ja", "14:30にあらためて"), ("en", "again at 14:30")):
        one = say(verdict(Code.WAITING, Confidence.LOW), language, args=(("at", "14:30"),))
        assert said in one.say
        assert "14:30" in one.next


def test_every_reason_that_the_rules_give_is_worded() -> None:
    out = {why_out(Picture(delivery=Known(one))) for one in Delivery}
    out |= {why_out(Picture(delivery=Known(Delivery.UNREAD), read_back=Known(ReadBack.NOT_SEEN)))}
    assert "canary_not_seen" in out
    reasons = {"propagation", *out, *(one.value for one in LATER)}
    reasons |= {one.value for one in Prober} - {Prober.FINE.value, Prober.UNKNOWN.value}
    for reason, language in itertools.product(reasons, LANGUAGES):
        code = Code.WAITING if reason in {"propagation", *out, *LATER} else Code.PROBER_BLOCKED
        text = phrase(f"reason.{reason}", language)
        assert text
        assert text in say(verdict(code, Confidence.LOW, args=(("reason", reason),)), language).known


def test_what_is_missing_is_named_unless_a_fault_is_sure() -> None:
    unsure = say(verdict(Code.DIRECTORY_OUT_OF_SYNC, Confidence.MEDIUM, missing=("portal", "second_mx")), "ja")
    assert unsure.known.endswith("まだ確かめていないこと：会員ページか契約情報での登録状況、二つ目の受け取り口。")
    assert len(sentences(unsure.known, "ja")) == 2
    sure = say(verdict(Code.DIRECTORY_OUT_OF_SYNC, Confidence.HIGH, missing=("second_mx",)), "ja")
    assert "二つ目の受け取り口" not in sure.known
    torn = say(verdict(Code.INCONCLUSIVE, Confidence.LOW, conflicts=("contract_closed:mx_accepts",), missing=("portal",)), "ja")
    assert torn.known.endswith("食い違っていること：「契約は終了している」と「受け取り口は受け付ける」。")


@pytest.mark.parametrize(("code", "language"), EVERY)
def test_what_is_known_stays_short_with_its_gap(code: Code, language: str) -> None:
    for confidence in Confidence:
        torn = verdict(code, confidence, missing=("portal", "second_mx"), conflicts=("contract_closed:mx_accepts",))
        assert len(sentences(say(torn, language).known, language)) <= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_tag_of_the_rules_has_a_phrase(language: str) -> None:
    generic = phrase("fill.unknown", language)
    assert generic is not None
    tags = {tag for code in Code for tag, _ in lacking(Picture(), code)} | {"contract", "spelling", "master_not_customer"}
    for tag in tags:
        assert generic not in missing((tag,), language), tag
    for tag, _ in clashing(Picture()):
        assert generic not in conflicts((tag,), language), tag
    assert generic in missing(("never_heard_of",), language)
    assert generic in conflicts(("never:heard_of",), language)
    assert missing((), language) == conflicts((), language) == ""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", [field.name for field in dataclasses.fields(Picture)])
def test_every_answer_of_the_picture_has_a_phrase(question: str, language: str) -> None:
    (values,) = typing.get_args(ENUMS[question])
    assert typing.get_origin(ENUMS[question]) is Known
    shown = [answer(question, value.value, language) for value in values]
    assert len(set(shown)) == len(shown)
    for value, text in zip(values, shown, strict=True):
        assert phrase(f"answer.{question}.{value.value}", language) == text, value
        assert not re.search(PROTOCOL, text)
    known = {key for key in phrases(language) if key.startswith(f"answer.{question}.")}
    assert len(known) == len(shown)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("status", Status),
        ("actor", Actor),
        ("confidence", Confidence),
        ("handset_steps", HandsetSteps),
        ("leg_state", LegState),
        ("source", Source),
        ("of", ("target", "live", "dead")),
        ("leg", ("dns", "mx", "imap", "submission", "canary")),
    ],
)
def test_every_label_is_there(kind: str, values: typing.Iterable[str], language: str) -> None:
    shown = [label(kind, str(value), language) for value in values]
    assert len(set(shown)) == len(shown)
    assert all(phrase(f"{kind}.{value}", language) == text for value, text in zip(values, shown, strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", NoteCode)
def test_every_note_is_a_sentence(code: NoteCode, language: str) -> None:
    args = (("code", Code.PASSWORD_OR_LOCK.value),) if code is NoteCode.ALSO else ()
    text = note(Note(code, args), language)
    assert text.endswith("。" if language == "ja" else ".")
    assert not re.search(PROTOCOL + r"|[{}]", text)
    assert (title(Code.PASSWORD_OR_LOCK, language) in text) is (code is NoteCode.ALSO)


def test_the_pc_is_cleared_in_plain_words() -> None:
    one = Note(NoteCode.PC_CANNOT_CAUSE_BOUNCES)
    assert note(one, "en") == (
        "Mail from other people is being refused before it reaches any device. Using a PC cannot cause this."
    )
    assert "パソコンを使ったことでは、こうなりません" in note(one, "ja")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_every_code_is_explained(code: Code, language: str) -> None:
    one = explain(code, language)
    assert one.title == title(code, language)
    assert one.needed
    texts = (one.title, one.meaning, one.whose, *one.needed, one.do, *one.do_not, one.handset)
    for text in texts:
        assert text
        assert not re.search(PROTOCOL + r"|[{}]", text), text
    assert len(one.needed) == len(explain(code, LANGUAGES[0]).needed)
    assert len({title(other, language) for other in Code}) == len(Code)


def test_explanations_agree_with_the_rules() -> None:
    assert {rule.code: rule.actor for rule in RULES}.items() <= WHOSE.items()
    assert {rule.code: rule.steps for rule in RULES} == {rule.code: STEPS.get(rule.code, HandsetSteps.NONE) for rule in RULES}
    assert {rule.code for rule in RULES if rule.status is Status.UNKNOWN} <= UNJUDGED


def test_both_languages_have_the_same_keys() -> None:
    assert phrases("ja").keys() == phrases("en").keys()
    assert wordings("ja").keys() == wordings("en").keys() == set(Code)


def test_a_language_is_chosen_from_what_is_given() -> None:
    assert [choose(one) for one in ("ja", "ja_JP.UTF-8", "JA-jp", "en", "en_US", "de", "")] == ["ja"] * 3 + ["en"] * 4
    assert leg("mx", "ja_JP") == "受け取り口"


@given(st.text(), st.dictionaries(st.sampled_from(["a", "b", "who"]), st.text()))
def test_filling_puts_each_word_in_once(text: str, words: dict[str, str]) -> None:
    assert fill("{a}", {"a": text}) == text
    assert fill(text.replace("{", "").replace("}", ""), words) == text.replace("{", "").replace("}", "")
    assert fill("<{nobody_has_this}>", words) == "<>"
