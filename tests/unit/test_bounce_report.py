"""`mailprobe bounce`: the contract of its JSON, bad input, and sentences that a call-centre agent may read aloud."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from mailprobe.bounce_report import explain, spoken, texts
from mailprobe.cli import main
from mailprobe.replies import SPEAKS, Meaning, ReplyClass, SpeaksOf
from mailprobe.understood import Understood, meaning_of
from mailprobe.wire.dsn import Failure

LANGUAGES = ("ja", "en")
HEAD = "From: MAILER-DAEMON@x.test\nSubject: Undelivered Mail Returned to Sender\n\n"
UNKNOWN = HEAD + "<a@b.test>: host mx.b.test[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)\n"
JARGON = (
    r"(?i)\b(?:IMAP|SMTP|MX|RCPT|DSN|DNS|TLS|SPF|DKIM|DMARC|5\d\d|NDR)\b|サーバ|ホスト|ドメイン|アカウント|リレー|認証|"
    r"\b(?:servers?|hosts?|domains?|bounced?|accounts?|queues?|relays?|quotas?|protocols?|certificates?)\b"
)
BLAME = r"(?i)お客さまの(?:せい|誤り|責任|ミス)|間違え|誤って|your (?:fault|mistake|error)|you (?:typed|entered|forgot|mistyped)"
DONE_BY_NOBODY = r"修復|復旧|対応中|調査中|(?i:\bwe (?:are|have|will)\b)"
TOLD = (
    r"返され|止められ|待たされ|断られ|可能性|報告|届いて|ようです|"
    r"came back|held back|asked to wait|refused|reported|may|arrived|seem|answer came"
)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def one_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_the_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "one.eml", UNKNOWN)
    assert explain([path], as_json=True, language="en") == 0
    assert one_line(capsys) == {
        "file": str(path),
        "is_bounce": True,
        "failures": [
            {
                "recipient": "a@b.test",
                "class": "unknown_user",
                "speaks_of": "recipient",
                "status": "5.1.1",
                "reply": "550 5.1.1 User unknown (in reply to RCPT TO command)",
                "phase": "rcpt",
                "hard": True,
            }
        ],
    }


@pytest.mark.parametrize(
    "text",
    [
        "From: tanaka@x.test\nSubject: lunch\n\nAt 12:30? There are 550 seats.\n",
        "From: tanaka@x.test\nSubject: Re: hi\nAuto-Submitted: auto-replied\n\nI am away. Call 550 1234.\n",
        HEAD.replace("Undelivered Mail Returned to Sender", "Successful Mail Delivery Report")
        + "Final-Recipient: rfc822; a@b.test\nAction: delivered\nStatus: 2.0.0\nDiagnostic-Code: smtp; 250 ok\n",
    ],
)
def test_what_is_no_bounce_is_said_to_be_none(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain([write(tmp_path, "x.eml", text)], as_json=True, language="en")
    found = one_line(capsys)
    failures = found["failures"]
    assert isinstance(failures, list)
    assert not found["is_bounce"]
    assert not any(one["hard"] for one in failures)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "one.eml", UNKNOWN)
    with pytest.raises(SystemExit) as ended:
        main(["bounce", str(path), "--json"])
    assert ended.value.code == 0
    assert one_line(capsys)["is_bounce"]
    with pytest.raises(SystemExit) as ended:
        main(["bounce", str(path), str(tmp_path / "none"), "--lang", "en"])
    assert ended.value.code == 66
    with pytest.raises(SystemExit) as ended:
        main(["bounce", str(path), "--lang", "fr"])
    assert ended.value.code == 64
    assert "error[MP1107]" in capsys.readouterr().err


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(UNKNOWN.encode())))
    explain([Path("-")], as_json=True, language="en")
    assert one_line(capsys)["file"] == "-"


def test_every_mail_of_an_mbox_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = "\n".join("From MAILER-DAEMON Mon Nov 23 2026\n" + UNKNOWN.replace("a@b", f"a{n}@b") for n in range(120))
    explain([write(tmp_path, "box", box)], as_json=True, language="en")
    failures = one_line(capsys)["failures"]
    assert isinstance(failures, list)
    assert [one["recipient"] for one in failures] == [f"a{n}@b.test" for n in range(120)]


@pytest.mark.parametrize(
    ("make", "code", "exit_code"),
    [
        (lambda folder: folder / "none.eml", "MP1114", 66),
        (lambda folder: folder, "MP1114", 66),
        (lambda folder: write(folder, "empty.eml", " \n"), "MP1115", 65),
        (lambda folder: write(folder, "x.bin", "\x00\x01\x02 nothing"), "MP1116", 65),
    ],
)
def test_bad_input_is_told_and_stops_nobody(
    make: object, code: str, exit_code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(make)
    bad, good = make(tmp_path), write(tmp_path, "good.eml", UNKNOWN)
    assert explain([bad, good], as_json=True, language="en") == exit_code
    said = capsys.readouterr()
    assert re.fullmatch(rf"error\[{code}\] \S+: .+ \(.+\)\n", said.err)
    error, found = (json.loads(line) for line in said.out.splitlines())
    assert (error["error"]["code"], found["is_bounce"]) == (code, True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_agent_reads(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = UNKNOWN.replace("User unknown", "User \x1b[31munknown\u202e")
    explain([write(tmp_path, "one.eml", evil)], as_json=False, language=language)
    shown = capsys.readouterr().out
    words = texts(language)
    assert "a@b.test" in shown
    assert words["side"]["recipient"] in shown
    assert "550 5.1.1 User" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def of_class(cls: ReplyClass, action: str = "failed", stage: str = "after_acceptance") -> Understood:
    return Understood(Failure("a@b.test", action, "", 0, "", "", stage), Meaning(cls, SPEAKS[cls], False))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cls", list(ReplyClass))
@pytest.mark.parametrize("action", ["failed", "delayed"])
@pytest.mark.parametrize("stage", ["rcpt", "after_acceptance"])
def test_a_sentence_for_the_customer(language: str, cls: ReplyClass, action: str, stage: str) -> None:
    said = spoken(of_class(cls, action, stage), language)
    assert said.title
    assert said.next
    assert not re.search(JARGON, said.say.replace("a@b.test", "")), said.say
    assert not re.search(BLAME, said.say)
    assert not re.search(DONE_BY_NOBODY, said.say)
    assert re.search(TOLD, said.say), "it must tell what was reported, not a cause"
    assert len(re.findall(r"[。.](?:\s|$|(?=[^\x00-\x7f]))", said.say.replace("a@b.test", "it"))) <= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_domain_whose_server_answers_was_found(language: str) -> None:
    """At RCPT a server of that domain speaks itself: `550 Unrouteable address` is Exim's for a user that it does not know."""
    at_rcpt, later = (spoken(of_class(ReplyClass.DOMAIN_NOT_FOUND, stage=one), language) for one in ("rcpt", "after_acceptance"))
    assert "@" in later.title
    assert "@" not in at_rcpt.title


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there(language: str) -> None:
    words = texts(language)
    assert set(words["class"]) == {cls.value for cls in ReplyClass}
    assert set(words["side"]) == {side.value for side in SpeaksOf}
    assert words.keys() == texts("en").keys()


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_what_was_handed_over_is_no_failure(action: str) -> None:
    meaning = meaning_of(Failure("a@b.test", action, "2.0.0", 0, "", "user unknown", "after_acceptance"))
    assert (meaning.cls, meaning.hard) == (ReplyClass.DELIVERED, False)


def test_what_is_late_is_not_hard() -> None:
    late = Failure("a@b.test", "delayed", "4.1.1", 550, "5.1.1", "user unknown", "rcpt")
    assert not meaning_of(late).hard
