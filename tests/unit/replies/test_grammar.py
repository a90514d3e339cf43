"""Sentences by their nouns and states: whose state it is decides what a refusal means."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.evidence import Stage
from mailprobe.replies import ReplyClass, SpeaksOf, read
from mailprobe.replies.grammar import NAME
from mailprobe.replies.tables import GRAMMAR


def meant(text: str, code: int = 550, stage: Stage = Stage.RCPT) -> str:
    return read(stage=stage, code=code, text=text, address="neko@b.test", domain="b.test").cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("the person whom you write to is not known here", "unknown_user"),
        ("neko@b.test was not found", "unknown_user"),
        ("we have no such customer", "unknown_user"),
        ("there is no such mailbox, sorry", "unknown_user"),
        ("the sender is not known here", "sender_rejected"),
        ("the mailbox of the sender is not known here", "sender_rejected"),
        ("could not verify the sender: no such person", "sender_rejected"),
        ("the domain of the recipient is not known here", "domain_not_found"),
        ("host b.test was not found", "domain_not_found"),
        ("recipient address refused: unknown domain", "domain_not_found"),
        ("refused: unknown person", "unknown_user"),
        ("callout for s@x.test says mailbox unknown", "sender_rejected"),
        ("your domain is unknown", "sender_rejected"),
        ("your server is unknown", "blocked_sender_reputation"),
    ],
)
def test_who_is_not_known(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("inbox of neko full", "mailbox_full"),
        ("the disk of this system is full", "server_error"),
        ("storage of the recipient exhausted", "mailbox_full"),
        ("size of the message exceeds what is permitted", "message_too_big"),
        ("frequency of your sessions exceeds what is permitted", "rate_limited"),
        ("not enough room left", "mailbox_full"),
        ("the account of neko has been frozen", "mailbox_disabled"),
        ("the account of the sender has been frozen", "sender_rejected"),
        ("the person has moved away", "mailbox_moved"),
        ("the person does not want this", "recipient_filter"),
    ],
)
def test_what_is_full_or_off(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("Ein solches Postfach existiert hier nicht", "unknown_user"),
        ("Cet utilisateur n'est pas connu ici", "unknown_user"),
        ("Este usuario no fue encontrado", "unknown_user"),
        ("La casella non esiste più", "unknown_user"),
        ("O usuário não foi encontrado", "unknown_user"),
        ("Deze gebruiker bestaat hier niet", "unknown_user"),
        ("Такой пользователь не существует", "unknown_user"),
        ("Taki użytkownik nie istnieje", "unknown_user"),
        ("Denne bruger findes ikke", "unknown_user"),
        ("Brukeren er ukjent", "unknown_user"),
        ("Användaren finns inte", "unknown_user"),
        ("Käyttäjää ei löydy", "unknown_user"),
        ("Uživatel neexistuje", "unknown_user"),
        ("A felhasználó nem létezik", "unknown_user"),
        ("Destinatarul nu există", "unknown_user"),
        ("Kullanıcı bulunamadı", "unknown_user"),
        ("Ο χρήστης δεν υπάρχει", "unknown_user"),
        ("Користувача не знайдено", "unknown_user"),
        ("Pengguna tidak dikenal", "unknown_user"),
        ("Brevlådan är full", "mailbox_full"),
        ("Schránka je plná", "mailbox_full"),
        ("Posta kutusu dolu", "mailbox_full"),
        ("Odesílatel neexistuje", "sender_rejected"),
        ("Gönderen bilinmeyen", "sender_rejected"),
        ("没有此用户，收件人不存在", "unknown_user"),
        ("그런 사용자를 찾을 수 없습니다", "unknown_user"),
        ("その宛先は見つかりません", "unknown_user"),
        ("Das Postfach des Empfängers ist voll", "mailbox_full"),
        ("La boîte aux lettres est pleine", "mailbox_full"),
        ("El buzón está lleno", "mailbox_full"),
        ("Ящик получателя переполнен", "mailbox_full"),
        ("受信箱が満杯", "mailbox_full"),
        ("메일함 용량 초과", "mailbox_full"),
        ("Das Konto ist gesperrt", "mailbox_disabled"),
        ("Le compte a été désactivé", "mailbox_disabled"),
        ("账户已停用", "mailbox_disabled"),
        ("Die Domain existiert nicht", "domain_not_found"),
        ("Der Absender existiert nicht", "sender_rejected"),
        ("Mittente sconosciuto", "sender_rejected"),
        ("发件人不存在", "sender_rejected"),
    ],
)
def test_other_languages(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    "text",
    [
        "file not found",
        "unknown reason",
        "the page that explains this was not found",
        "If you are not the intended recipient, delete this",
        "user neko: the password was not found. Ask for a new one",
        "Command not found",
    ],
)
def test_what_says_nothing_of_a_mailbox(text: str) -> None:
    assert read(stage=Stage.RCPT, code=550, text=text).speaks_of is not SpeaksOf.RECIPIENT


def test_a_full_stop_parts_a_noun_from_a_state() -> None:
    assert ReplyClass.UNKNOWN_USER in GRAMMAR.read("the recipient is unknown").said
    assert ReplyClass.UNKNOWN_USER not in GRAMMAR.read("ask the recipient. unknown").said


def test_who_says_later_does_not_say_never() -> None:
    assert meant("mailbox not available, come later", 450) == "temporarily_unavailable"
    assert meant("Requested mail action not taken: mailbox unavailable", 450) == "temporarily_unavailable"
    assert meant("4.2.2 mailbox full, try again later", 452) == "mailbox_full"
    assert meant("4.1.1 user unknown, try again later", 450) == "unknown_user"


def test_a_code_that_is_exact_counts_before_the_grammar() -> None:
    assert meant("5.1.2 the person is not known here") == "domain_not_found"


def test_the_rule_names_the_words() -> None:
    told = read(stage=Stage.RCPT, code=550, text="the person whom you write to is not known here")
    assert told.rule == f"{NAME}: user found"


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("recipient refused: the host is not known", "domain_not_found"),
        ("recipient refused: the person is not known", "unknown_user"),
        ("neko@b.test: unknown", "unknown_user"),
        ("neko@b.test - this network is blocked", "blocked_sender_reputation"),
        ("sender refused: the person is not known", "sender_rejected"),
        ("HELO refused: no such person", "blocked_sender_reputation"),
        ("the callback says the person is not known", "sender_rejected"),
        ("the host says the person is not known", "unknown_user"),
    ],
)
def test_a_reason_is_about_its_own_noun_and_not_about_what_announced_it(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("the letter was refused by the recipient", "recipient_filter"),
        ("the letter was blocked by our users", "recipient_filter"),
        ("the letter was refused by the recipient's server", "unclassified"),
        ("the mailbox is locked by another process", "temporarily_unavailable"),
        ("the mailbox is locked", "mailbox_disabled"),
        ("delivery stopped because of your reputation, too many letters", "blocked_sender_reputation"),
        ("refused as the quota of the person exceeded", "mailbox_full"),
    ],
)
def test_who_did_it_and_because_of_what(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    ("text", "code", "cls"),
    [
        ("the mailbox is unavailable", 550, "unknown_user"),
        ("the mailbox is unavailable", 450, "temporarily_unavailable"),
        ("the mailbox is temporarily unavailable", 550, "temporarily_unavailable"),
        ("the mailbox is unavailable. This address on the net is in a blocklist", 550, "blocked_sender_reputation"),
        ("the mailbox is unavailable, see the policies", 550, "policy_rejected"),
        ("the service is unavailable", 554, "server_error"),
        ("the service is unavailable", 451, "temporarily_unavailable"),
    ],
)
def test_what_is_unavailable(text: str, code: int, cls: str) -> None:
    assert meant(text, code) == cls


@pytest.mark.parametrize(
    ("text", "code", "cls"),
    [
        ("the recipient was refused", 550, "unknown_user"),
        ("the recipient was refused (see below)", 550, "unknown_user"),
        ("the recipient was refused: go and see a doctor", 550, "unclassified"),
        ("the recipient was refused for a while", 550, "unclassified"),
        ("the recipient was refused", 450, "temporarily_unavailable"),
        ("5.7.1 the recipient was refused", 550, "policy_rejected"),
        ("the sender was refused", 550, "sender_rejected"),
        ("the address on the net was refused", 550, "unclassified"),
    ],
)
def test_a_bare_refusal(text: str, code: int, cls: str) -> None:
    assert meant(text, code) == cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("the person does not have a mailbox here", "unknown_user"),
        ("you do not have permission to write to this person", "unclassified"),
        ("your host does not have a PTR", "blocked_sender_reputation"),
        ("nobody by that name", "unknown_user"),
        ("no one by that name on this host", "unclassified"),
        ("the person is not in our directory", "unknown_user"),
        ("the sender is not in our directory", "sender_rejected"),
        ("not one of our domains", "relay_denied"),
        ("not one of our customers", "unknown_user"),
        ("no space on the disk", "server_error"),
        ("no space for this person", "mailbox_full"),
        ("we accept no letters from hosts without reverse DNS", "blocked_sender_reputation"),
        ("neko@b.test accepts no letters from this sender", "recipient_filter"),
        ("neko@b.test is not accepting mail from this sender", "recipient_filter"),
        ("we are not accepting mail from this sender", "sender_rejected"),
        ("192.0.2.1 is banned", "blocked_sender_reputation"),
        ("the IP address has changed", "unclassified"),
        ("the address has changed", "mailbox_moved"),
    ],
)
def test_having_being_among_and_accepting(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("the length of the letter exceeds the size", "message_too_big"),
        ("the size of the mailbox is exceeded", "mailbox_full"),
        ("mail of 30 MB exceeds what is possible", "message_too_big"),
        ("the person exceeds the rate", "rate_limited"),
        ("the recipient exceeds the rate", "recipient_rate"),
    ],
)
def test_several_nouns_of_one_state(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    ("word", "cls"),
    [
        ("RecipientNotFound", "unknown_user"),
        ("NoSuchUser", "unknown_user"),
        ("mailboxfull", "mailbox_full"),
        ("BAD_RECIPIENT", "unknown_user"),
        ("senderunknown", "sender_rejected"),
        ("MySpamRule", "blocked_sender_reputation"),
        ("notification", "unclassified"),
        ("fullness", "unclassified"),
    ],
)
def test_compounds(word: str, cls: str) -> None:
    assert meant(f"refused [{word}]") == cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("the person is not known. If this is no spam, tell us", "unknown_user"),
        ("if the mailbox is full, tell the person", "unclassified"),
        ("whether the person exists is not told", "unclassified"),
        ("mail.user.b.test is full", "unclassified"),
        ("rejected by dnsbl.b.test", "blocked_sender_reputation"),
        ("your limit of letters is exceeded", "rate_limited"),
        ("mailbox over quota, tell your postmaster", "mailbox_full"),
        ("the host of the recipient is not known", "domain_not_found"),
        ("the server of this person is not known", "unclassified"),
        ("unknown e-mail", "unknown_user"),
        ("unknown mail", "unclassified"),
    ],
)
def test_what_is_supposed_named_or_possessed(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    ("text", "code", "cls"),
    [
        ("inconnu", 550, "unclassified"),
        ("there is no such, it does not exist", 550, "unclassified"),
        ("does not exist", 550, "unclassified"),
        ("does not exist", 450, "temporarily_unavailable"),
        ("5.7.1 unknown", 550, "policy_rejected"),
        ("unknown reason", 550, "unclassified"),
        ("unbekannter Fehler", 550, "unclassified"),
        ("neko@b.test: unbekannter Fehler", 550, "unclassified"),
        ("unknown address error", 550, "unknown_user"),
    ],
)
def test_a_few_words(text: str, code: int, cls: str) -> None:
    assert meant(text, code) == cls


def test_spam_is_about_the_content_only_once_it_was_seen() -> None:
    assert meant("this smells of spam", stage=Stage.RCPT) == "blocked_sender_reputation"
    assert meant("this smells of spam", stage=Stage.END_OF_DATA) == "content_rejected"


def test_a_recipient_who_was_accepted_is_not_unknown() -> None:
    assert meant("the person is not known here", stage=Stage.END_OF_DATA) == "recipient_filter"
    assert meant("5.1.1 the person is not known here", stage=Stage.END_OF_DATA) == "unknown_user"
    assert meant("the person is not known here", stage=Stage.AFTER_ACCEPTANCE) == "unknown_user"


words = st.sampled_from(
    [
        "user",
        "mailbox",
        "sender",
        "domain",
        "host",
        "your",
        "not",
        "no",
        "unknown",
        "full",
        "exist",
        "found",
        "blocked",
        ".",
        ";",
        "@",
        "the",
        "of",
        "用户",
        "不",
        "存在",
    ]
)


@given(st.one_of(st.text(max_size=400), st.lists(words, max_size=40).map(" ".join)))
def test_any_text_is_read(text: str) -> None:
    found = GRAMMAR.read(text.lower())
    for cls, told in (*found.said.items(), *found.because.items(), *found.last.items()):
        assert told
        assert isinstance(cls, ReplyClass)
    assert found.because.items() <= found.said.items()


@pytest.mark.parametrize("text", ["user unknown ", "no ", "用户不存在", "of the sender not found "])
def test_a_long_text_is_read_in_no_time(text: str) -> None:
    before = time.process_time()
    GRAMMAR.read(text * 2000)
    assert time.process_time() - before < 0.2


@pytest.mark.parametrize("text", ["something went wrong", "country unknown", "record not found", "Unknown.", "错误", "dangerous"])
@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.AFTER_ACCEPTANCE])
def test_what_is_absent_or_wrong_without_a_noun_is_nobody(stage: Stage, text: str) -> None:
    """It may be anything: no mailbox is called unknown for a word that nobody owns."""
    assert read(stage=stage, code=550, text=text).cls is ReplyClass.UNCLASSIFIED
