"""Answers of the API as they are documented, with the words of a real check in them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def marked(address: str) -> list[Json]:
    names = {"0": "ゼロ", "O": "大文字のオー", "1": "イチ", "l": "エル", "-": "ハイフン", "_": "アンダーバー", ".": "ドット"}
    kind = {True: "digit", False: "letter"}
    return [{"char": c, "kind": "sign" if not c.isalnum() else kind[c.isdigit()], "say": names.get(c, "")} for c in address]


def station(name: str, title: str, state: str, word: str, text: str = "", **more: Any) -> Json:
    rest: Json = {"seconds": None, "until": None, "last": None, "enable": None, "proof": []}
    return {"id": name, "title": title, "state": state, "word": word, "text": text} | rest | more


def row(of: str, answer: str, text: str, server: str = "mx1.mobile.example", alike: bool = False) -> Json:
    return {"server": server, "ip": "192.0.2.25", "kind": "rcpt", "of": of, "answer": answer, "text": text, "alike": alike}


def running() -> Json:
    return view(
        state="running",
        top={"state": "checking", "status": None, "title": "確認しています", "text": "受け取り口に尋ねています。"},
        verdict=None,
        call_back=None,
        handset={"allowed": False, "steps": "none", "text": "確認が終わるまで、端末の操作はご案内しないでください。"},
        stations=[
            station("domain", "宛先ドメイン", "green", "正常", "宛先ドメインにメールの行き先があります"),
            station("mx", "受け取り口", "running", "確認中", "尋ねています", seconds=30),
            station("delivery", "配達", "off", "尋ねていない", "テストメールは送っていません"),
            station("sign_in", "サインイン", "running", "確認中", "尋ねています", seconds=30),
            station("mailbox", "メールボックス", "waiting", "待機中", "サインインのあとに確かめます", seconds=30),
            station(
                "submission",
                "送信",
                "held",
                "時間をおく",
                "",
                until="2026-11-27T05:32:00.000Z",
                last={"text": "正常", "age_s": 240},
            ),
            station("handset", "端末", "waiting", "待機中", ""),
        ],
    )


def view(**changes: Any) -> Json:
    """The story that this program was born from: mail comes back, sign-in is refused, the contract goes on."""
    base: Json = {
        "id": "one", "number": "48213", "version": 1, "address": "tanaka-0l@mobile.example", "masked": None,
        "marked": marked("tanaka-0l@mobile.example"), "read_back": "", "account": None, "enrolled": False,
        "carrier": {"name": "mobile", "title": "モバイル", "relation": "own"}, "by": "tester", "reason": "customer_call",
        "ticket": "T-100", "started": "2026-11-27T04:30:00.000Z", "ended": "2026-11-27T04:30:03.000Z", "state": "done",
        "service": {"state": "normal", "text": "サービス全体は正常", "age_s": 62},
        "notes": ["お客さま宛のメールは端末に届く前に断られています。"],
        "returned": [],
        "stored": None,
        "top": {"state": "settled", "status": "down", "title": "受信もサインインも、実在しない宛先と同じ扱い",
                "text": "契約は続いているのに、受信側とサインイン側の登録にこのアドレスがありません。"},
        "stations": [
            station("domain", "宛先ドメイン", "green", "正常", "宛先ドメインにメールの行き先があります"),
            station("mx", "受け取り口", "red", "異常あり", "実在しない宛先とまったく同じ理由で断られました"),
            station("delivery", "配達", "off", "尋ねていない", "テストメールは送っていません"),
            station("sign_in", "サインイン", "red", "異常あり", "サインインが断られました"),
            station("mailbox", "メールボックス", "not_possible", "確認できない", "開けません", enable="担当"),
            station("submission", "送信", "amber", "まだ不明", "前に断られたため、今回は試していません"),
            station("handset", "端末", "off", "関係なし", "端末より手前に異常があります"),
        ],
        "verdict": {
            "code": "directory_out_of_sync", "status": "down", "actor": "provisioning", "confidence": "high",
            "handset_steps": "none", "handset_reset_allowed": False, "known": "受信側は…", "title": "受信もサインインも…",
            "who": "契約登録の担当", "say": {"tag": "x", "args": {}, "text":
                "お客さま宛のメールが当社の受信側で『宛先なし』として返されておりますので、担当部門で確認いたします。"
                "端末の初期化は必要ございません。"},
            "do_not_say": ["パスワードが違っています。", "復旧作業を始めています。", "メールは二度と戻りません。",
                           "パソコンを使ったことが原因です。", "端末を初期化してください。"],
            "next": {"text": "契約登録の担当に、このアドレスが宛先の登録とサインインの登録の両方にあるか確認を依頼してください。",
                     "who": "契約登録の担当", "handset": ""},
            "notes": [], "missing": [], "conflicts": [],
        },
        "call_back": {"owner": "契約登録の担当", "time": None, "text": "折り返しの時刻は、担当と決めてからお伝えください。"},
        "handset": {"allowed": False, "steps": "none", "text": "端末の操作はご案内できません。"},
        "questions": [
            {"key": "portal", "text": "会員ページではどう出ますか", "wants": "", "told": "portal_ok",
             "choices": [{"value": "portal_ok", "text": "利用中"}, {"value": "portal_closed", "text": "終了"}]},
            {"key": "webmail", "text": "ウェブメールは使えますか", "wants": "", "told": None,
             "choices": [{"value": "webmail_ok", "text": "使える"}]},
            {"key": "password_changed", "text": "メール専用パスワードを変えた時刻", "wants": "time", "told": None,
             "choices": [{"value": "mail_password_changed_at=", "text": "この時刻"}]},
            {"key": "old_address", "text": "以前のアドレス", "wants": "address", "told": None,
             "choices": [{"value": "old_address=", "text": "このアドレス"}]},
        ],
        "canary": None, "revised": [], "before_repair": None,
        "last_good": "2026-11-20T03:00:00.000Z", "first_bad": "2026-11-26T23:10:00.000Z", "watch": None,
        "kept": None, "kept_at": None, "wrong": None, "problem": None,
        "proof": {
            "rows": [
                row("target", "550 5.1.1", "Invalid recipient: <address>", alike=True),
                row("live", "250 2.1.5", "Ok"),
                row("dead", "550 5.1.1", "Invalid recipient: <address>"),
            ],
            "transcript": [{"probe": "mx", "lines": [
                {"at_ms": 3.1, "who": "S", "server": "mx1.mobile.example", "text": "220 mx1.mobile.example ESMTP"},
                {"at_ms": 3.4, "who": "C", "server": "mx1.mobile.example", "text": "EHLO probe.test"},
            ]}],
        },
    }  # fmt: skip
    return base | changes
