"""The same answers, asked of a person at a terminal: one question at a time, a wrong answer explained and asked again."""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from mailprobe.carriers.load import preset
from mailprobe.config import format_problem
from mailprobe.config.meaning import CARRIER_NAME
from mailprobe.config.places import Places
from mailprobe.config.problems import Problem
from mailprobe.config.reading import Section, Sheet, problem_from
from mailprobe.config.units import BASE
from mailprobe.setup.answers import (
    CONSOLE,
    LISTEN,
    Answers,
    CarrierAnswer,
    CarrierPart,
    ControlAnswer,
    ProberAnswer,
    check_domain,
    check_top,
    default_bounce_domain,
    default_sender,
    domains_of,
    unguessable,
)
from mailprobe.setup.placing import File

Language = Literal["ja", "en"]
NOTHING = "-"  # typed to leave out what has a default
ENGLISH = {
    "welcome": "A few questions. Enter takes what stands in brackets, - leaves it out; Ctrl-C ends, and nothing is written.",
    "name": "The full host name of this prober. It is said at EHLO, and its address and PTR must agree with it",
    "addresses": "The IP addresses that its connections come from, as others see them (several: with spaces)",
    "mail_from": "The sender of acceptance checks; a domain of its own below yours",
    "bounce_domain": "The domain that test mails come back to; its MX will lead to this prober",
    "receive": "Where bounces are received (needs port 25 of this host)",
    "http": "Where console, API and metrics listen",
    "dkim": "Sign test mails with DKIM? Then a selector, such as mp1",
    "carrier": "The mail carrier to watch: a short name (softbank, docomo, au ... are known), for labels",
    "relation": "Is it your own (own), or somebody else's (foreign: treated with far more restraint)?",
    "domains": "Its mail domains (several: with spaces)",
    "imap": "Its IMAP server, as imaps://host or imap://host (STARTTLS); - if it is found by DNS",
    "submission": "Its submission server, as smtps://host or smtp://host (STARTTLS)",
    "username": "How one signs in: {address}, {local} or another template of these",
    "live": "A known good mailbox of it, for comparison (own carriers need one; without it nothing is certain)",
    "secret": "Its password: where it is kept (env:NAME, file:PATH, cred:NAME), or Enter to type it now",
    "typed": "Password (not shown; it is written to {file}, for you alone)",
    "another": "Another carrier? (y/n)",
    "again": "Please say it otherwise.",
}
JAPANESE = {
    "welcome": "いくつか伺います。Enter で [ ] の値、- で省略、Ctrl-C で何も書き込まずに終わります。",
    "name": "この監視機の完全なホスト名(EHLO で名乗る名前。A と PTR が一致していること)",
    "addresses": "接続元として外から見える IP アドレス(複数は空白区切り)",
    "mail_from": "受信可否の確認で使う差出人(専用のサブドメイン)",
    "bounce_domain": "テストメールの返送先ドメイン(MX をこの監視機に向ける)",
    "receive": "返送メールを受け取るアドレス(25 番ポート)",
    "http": "画面・API・メトリクスの待ち受け",
    "dkim": "テストメールに DKIM 署名を付けるなら、セレクター名(例 mp1)",
    "carrier": "監視するメール事業者の短い名前(softbank、docomo、au などは登録済み)",
    "relation": "自社(own)ですか、他社(foreign、控えめに扱います)ですか",
    "domains": "メールのドメイン(複数は空白区切り)",
    "imap": "IMAP サーバー(imaps://host または imap://host)。DNS で見つかるなら -",
    "submission": "送信サーバー(smtps://host または smtp://host)",
    "username": "サインイン名の形: {address}、{local} など",
    "live": "比較のための正常なメールボックス(自社では必須。ないと確実な判定はできません)",
    "secret": "そのパスワードの保管場所(env:NAME、file:PATH、cred:NAME)。Enter なら今入力",
    "typed": "パスワード(表示されません。{file} に本人だけ読める形で保存します)",
    "another": "ほかの事業者もありますか (y/n)",
    "again": "別の形でお答えください。",
}


def lines_of(text: str, columns: int) -> list[str]:
    """A text broken between words, and between Japanese characters, of which one takes two columns."""
    return [line.plain.rstrip() for line in Text(text).wrap(Console(width=columns), columns)] or [""]


def asked(question: str) -> str:
    """`input`, for a question of more than a line."""
    *before, last = lines_of(question, shutil.get_terminal_size().columns - 1)
    for line in before:
        print(line)
    return input(f"{last} ")


def told(text: str) -> None:
    for line in lines_of(text, shutil.get_terminal_size().columns):
        print(line)


@dataclass(slots=True)
class Interview:
    """Asks, checks, asks again. `ask` and `hide` read a line, the second without echo; `tell` shows one."""

    language: Language
    into: Path
    ask: Callable[[str], str] = asked
    hide: Callable[[str], str] = getpass.getpass
    tell: Callable[[str], None] = told
    typed: list[File] = field(default_factory=list)

    def word(self, key: str) -> str:
        return (JAPANESE if self.language == "ja" else ENGLISH)[key]

    def text(self, key: str, model: type[Section], name: str, default: str = "") -> str:
        """One answer as it was typed, once `model` takes it as its field `name`. '' where it was left out."""
        return self.until(key, default, lambda said: field_problem(model, name, said, self.into) if said else None)

    def texts(self, key: str, model: type[Section], name: str, default: str = "") -> tuple[str, ...]:
        """Several answers in one line."""

        def wrong(said: str) -> Problem | None:
            words: list[str] | None = said.replace(",", " ").split() or None
            return field_problem(model, name, words, self.into) if words else None

        return tuple(self.until(key, default, wrong).replace(",", " ").split())

    def until(self, key: str, default: str, wrong: Callable[[str], Problem | None]) -> str:
        while True:
            shown = f" [{default}]" if default else ""
            said = self.ask(f"{self.word(key)}{shown}: ").strip()
            said = "" if said == NOTHING else said or default
            problem = wrong(said)
            if problem is None:
                return said
            self.tell(f"  {format_problem(problem)}\n  {self.word('again')}")

    def needed(self, key: str, model: type[Section], name: str, default: str = "") -> str:
        return self.until(key, default, lambda said: field_problem(model, name, said, self.into))

    def answers(self) -> Answers:
        """The whole conversation."""
        self.tell(self.word("welcome"))
        name = self.needed("name", ProberAnswer, "name")
        addresses = self.texts("addresses", ProberAnswer, "addresses")
        mail_from = self.until("mail_from", default_sender(name), lambda said: sender_problem(name, said, self.into))
        bounces = default_bounce_domain(mail_from)
        bounce_domain = self.until("bounce_domain", bounces, lambda said: bounce_problem(name, mail_from, said, self.into))
        return Answers(
            name=name,
            addresses=addresses,
            mail_from=mail_from,
            bounce_domain=bounce_domain,
            receive=self.text("receive", ProberAnswer, "receive", LISTEN),
            http=self.text("http", ProberAnswer, "http", CONSOLE),
            dkim=self.text("dkim", ProberAnswer, "dkim"),
            language=self.language,
            carriers=self.carriers(),
        )

    def carriers(self) -> tuple[CarrierPart, ...]:
        found = [self.carrier(())]
        while self.ask(f"{self.word('another')} [n]: ").strip().lower() in ("y", "yes", "はい"):
            found.append(self.carrier(tuple(one.name for one in found)))
        return tuple(found)

    def carrier(self, taken: tuple[str, ...]) -> CarrierPart:
        name = self.until("carrier", "", lambda said: carrier_problem(said, taken))
        shipped = preset(name)
        relation = self.needed("relation", CarrierAnswer, "relation", "own")
        domains = () if shipped else self.domains()
        known = shipped is not None
        part = CarrierPart(
            name=name,
            relation=relation,
            domains=domains,
            imap="" if known else self.text("imap", CarrierAnswer, "imap"),
            submission="" if known else self.text("submission", CarrierAnswer, "submission"),
            username="" if known else self.text("username", CarrierAnswer, "username", "{address}"),
        )
        every = domains or domains_of(name)
        return self.with_controls(part, every)

    def domains(self) -> tuple[str, ...]:
        while not (found := self.texts("domains", CarrierAnswer, "domains")):
            self.tell(f"  {self.word('again')}")
        return found

    def with_controls(self, part: CarrierPart, domains: tuple[str, ...]) -> CarrierPart:
        own = part.relation == "own"  # which nobody may claim without a mailbox to compare with
        live = self.until("live", "", lambda said: control_problem(said, domains, self.into) if said or own else None)
        secret = self.secret(part.name) if live else ""
        dead = unguessable(domains[0].removeprefix("*.")) if own else ""
        return replace(part, live=live, live_secret=secret, dead=dead)

    def secret(self, carrier: str) -> str:
        """A reference; a password that is typed goes into a file beside the configuration."""
        said = self.text("secret", ControlAnswer, "secret")
        if said:
            return said
        file = f"live-{carrier}.secret"
        typed = self.hide(f"{self.word('typed').format(file=file)}: ")
        if not typed:
            return ""
        self.typed.append(File(file, f"{typed}\n", 0o600))
        return f"file:{file}"


def field_problem(model: type[Section], name: str, value: object, into: Path) -> Problem | None:
    """What one field of a section would complain of."""
    try:
        model.model_validate({name: value}, context={BASE: into})
    except ValidationError as error:
        for one in error.errors(include_url=False):
            if one["loc"][:1] == (name,):
                code, _, what, hint = problem_from(one, model, one["loc"], one["loc"])
                return Problem(code, "", what, hint)
    return None


def sender_problem(name: str, said: str, into: Path) -> Problem | None:
    return field_problem(ProberAnswer, "mail_from", said, into) or top_problem(into, name=name, mail_from=said)


def bounce_problem(name: str, mail_from: str, said: str, into: Path) -> Problem | None:
    wrong = field_problem(ProberAnswer, "bounce_domain", said, into)
    return wrong or top_problem(into, name=name, mail_from=mail_from, bounce_domain=said)


def top_problem(into: Path, **said: str) -> Problem | None:
    sheet = Sheet("", Places(), {BASE: into})
    check_top(sheet, ProberAnswer.model_validate(said, context={BASE: into}))
    return replace(sheet.problems[0], where="") if sheet.problems else None


def carrier_problem(said: str, taken: tuple[str, ...]) -> Problem | None:
    if not CARRIER_NAME.fullmatch(said):
        return Problem("MP1039", "", "not a carrier's name", "letters, digits, _ and -")
    return Problem("MP1039", "", "there is one of this name already") if said in taken else None


def control_problem(said: str, domains: tuple[str, ...], into: Path) -> Problem | None:
    wrong = field_problem(ControlAnswer, "address", said, into)
    if wrong is not None:
        return wrong
    sheet = Sheet("", Places(), {})
    check_domain(sheet, ControlAnswer.model_validate({"address": said}, context={BASE: into}).address, domains, ())
    return sheet.problems[0] if sheet.problems else None
