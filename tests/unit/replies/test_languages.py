"""Refusals in languages that few servers speak: their nouns, states and negations, and scripts whose vowels are marks."""

from __future__ import annotations

import pytest

from mailprobe.evidence import Stage
from mailprobe.replies import SpeaksOf, read


def meant(text: str) -> str:
    return read(stage=Stage.AFTER_ACCEPTANCE, code=550, text=text, address="neko@b.test", domain="b.test").cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("Korisnik ne postoji", "unknown_user"),
        ("Adresa primatelja je nepoznata", "unknown_user"),
        ("Sandučić je prepun", "mailbox_full"),
        ("Uporabnik ne obstaja", "unknown_user"),
        ("Neznan prejemnik", "unknown_user"),
        ("Потребителят не съществува", "unknown_user"),
        ("Пощенската кутия е пълна", "mailbox_full"),
        ("Корисник не постоји", "unknown_user"),
        ("Сандуче је препуно", "mailbox_full"),
        ("Vartotojas nerastas", "unknown_user"),
        ("Pašto dėžutė pilna", "mailbox_full"),
        ("Lietotājs nav atrasts", "unknown_user"),
        ("Pastkaste ir pilna", "mailbox_full"),
        ("Kasutajat ei leitud", "unknown_user"),
        ("Tundmatu kasutaja", "unknown_user"),
        ("L'usuari no existeix", "unknown_user"),
        ("La bústia és plena", "mailbox_full"),
        ("Người dùng không tồn tại", "unknown_user"),
        ("Hộp thư đã đầy", "mailbox_full"),
        ("उपयोगकर्ता मौजूद नहीं है", "unknown_user"),
        ("पता नहीं मिला", "unknown_user"),
        ("अमान्य प्राप्तकर्ता", "unknown_user"),
        ("मेलबॉक्स भर गया है", "mailbox_full"),
        ("ไม่พบผู้ใช้", "unknown_user"),
        ("ที่อยู่ไม่ถูกต้อง", "unknown_user"),
        ("กล่องจดหมายเต็ม", "mailbox_full"),
        ("المستخدم غير موجود", "unknown_user"),
        ("لم يتم العثور على العنوان", "unknown_user"),
        ("صندوق البريد ممتلئ", "mailbox_full"),
        ("המשתמש לא קיים", "unknown_user"),
        ("הכתובת לא נמצאה", "unknown_user"),
        ("תיבת הדואר מלאה", "mailbox_full"),
        ("کاربر وجود ندارد", "unknown_user"),
        ("آدرس نامعتبر", "unknown_user"),
        ("Η διεύθυνση ενδέχεται να μην υπάρχει", "unknown_user"),
        ("Sähköpostiosoitetta ei löytynyt", "unknown_user"),
        ("E-postadressen finnes ikke", "unknown_user"),
        ("Adresa nu a fost găsită", "unknown_user"),
        ("Несуществующий адрес", "unknown_user"),
        ("無此使用者", "unknown_user"),
        ("查無此人", "unknown_user"),
        ("您的IP被拒绝", "blocked_sender_reputation"),
        ("Absenderadresse abgelehnt", "sender_rejected"),
        ("Weiterleitung verweigert", "relay_denied"),
    ],
)
def test_a_refusal(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("Pošiljatelj ne postoji", "sender_rejected"),
        ("Подателят не съществува", "sender_rejected"),
        ("Saatjat ei leitud", "sender_rejected"),
        ("El remitent no existeix", "sender_rejected"),
        ("प्रेषक मौजूद नहीं है", "sender_rejected"),
        ("ไม่พบผู้ส่ง", "sender_rejected"),
        ("השולח לא נמצא", "sender_rejected"),
        ("समूह मौजूद नहीं है", "sender_rejected"),
        ("Η ομάδα δεν υπάρχει", "sender_rejected"),
        ("डोमेन मौजूद नहीं है", "domain_not_found"),
        ("Домейнът не съществува", "domain_not_found"),
    ],
)
def test_what_is_not_the_recipients(text: str, cls: str) -> None:
    assert meant(text) == cls


@pytest.mark.parametrize(
    "text",
    [
        "संदेश नहीं भेजा गया",
        "ไม่สามารถส่งข้อความ",
        "لم يتم تسليم الرسالة",
        "ההודעה לא נמסרה",
        "Poruka nije isporučena",
        "Съобщението не беше доставено",
        "खाता देखें",
        "Ne",
        "गलत",
        "ไม่พบ",
    ],
)
def test_what_says_nothing_of_a_mailbox(text: str) -> None:
    assert read(stage=Stage.AFTER_ACCEPTANCE, code=550, text=text).speaks_of is not SpeaksOf.RECIPIENT
