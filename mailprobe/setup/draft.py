"""The texts that `mailprobe init` writes: mailprobe.toml, and what to ask of whoever owns the addresses. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mailprobe.setup.answers import Answers, CarrierPart

TOKEN_KEY = "token.key"  # noqa: S105  a file's name
DKIM_KEY = "dkim.pem"
CONFIG, ZONE, RESERVE = "mailprobe.toml", "dns.zone", "reserve.txt"

RESERVE_EN = """Please reserve this address for ever, and never give it to anybody:

    {address}

It must not exist, have no alias, no forwarding and no catch-all behind it. mailprobe asks the mail servers of {domain} for it
(MAIL and RCPT, never a message; at most {often}) to learn what they say of an address that does not exist. A customer's
address that is answered with the same words has been lost from the directory. If somebody ever got this address, every such
finding would be wrong.
"""
RESERVE_JA = """次のアドレスを永久に予約し、どなたにも割り当てないでください。

    {address}

このアドレスは存在してはならず、別名・転送・catch-all の宛先であってもなりません。mailprobe は {domain} のメールサーバーに対し、
存在しないアドレスへの応答を知るためにこのアドレスを照会します(MAIL と RCPT のみで本文は送りません。頻度は{often})。
お客さまのアドレスへの応答がこれと同じ文面であれば、名簿から失われたことが分かります。
このアドレスを誰かが取得すると、その判定はすべて誤りになります。
"""
OFTEN = {"en": "once an hour from each place", "ja": "拠点ごとに 1 時間に 1 回まで"}


def config_of(answers: Answers) -> str:
    """mailprobe.toml. Relative paths in it are against its own folder."""
    parts = [prober_lines(answers), *(carrier_lines(one) for one in answers.carriers), door_lines(answers), tail_lines()]
    return "\n".join("\n".join(part) + "\n" for part in parts)


def quoted(text: str) -> str:
    """A TOML basic string. Answers are printable, so JSON's escapes are those of TOML."""
    return json.dumps(text, ensure_ascii=False)


def listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(quoted(one) for one in texts)}]"


def prober_lines(answers: Answers) -> Iterator[str]:
    yield "# Written by mailprobe init. Look at it again with: mailprobe config check --online"
    yield "[prober]"
    yield f"name = {quoted(answers.name)}  # EHLO = PTR = A"
    yield f"mail_from = {quoted(answers.mail_from)}  # acceptance checks; the receiver takes mail to it and drops it"
    yield f"bounce_domain = {quoted(answers.bounce_domain)}"
    yield f"token_keys = [{quoted(f'file:{TOKEN_KEY}')}]  # the first signs, all verify"
    if answers.dkim:
        yield f"dkim = {{ selector = {quoted(answers.dkim)}, key = {quoted(f'file:{DKIM_KEY}')} }}"
    if answers.allow_networks:
        yield f"allow_networks = {listed(answers.allow_networks)}"
    if answers.resolvers:
        yield f"resolvers = {listed(answers.resolvers)}"
    yield f"language = {quoted(answers.language)}"


def carrier_lines(carrier: CarrierPart) -> Iterator[str]:
    yield f"[carriers.{carrier.name}]"
    yield f"relation = {quoted(carrier.relation)}"
    for key, texts in (("domains", carrier.domains), ("mx", carrier.mx)):
        if texts:
            yield f"{key} = {listed(texts)}"
    for key in ("imap", "submission", "username", "tls_ca"):
        if getattr(carrier, key):
            yield f"{key} = {quoted(getattr(carrier, key))}"
    if carrier.live:
        secret = f", secret = {quoted(carrier.live_secret)}" if carrier.live_secret else ""
        yield f"live_controls = [{{ address = {quoted(carrier.live)}{secret} }}]"
    else:
        yield '# live_controls = [{ address = "a known good mailbox", secret = "file:live.secret" }]  # gives certainty'
    if carrier.dead:
        yield f"dead_control = {quoted(carrier.dead)}  # reserve it: {RESERVE}"


def door_lines(answers: Answers) -> Iterator[str]:
    if answers.receive:
        yield "[bounces]"
        yield f"listen = {quoted(answers.receive)}"
    if answers.http:
        yield "[http]"
        yield f"listen = {quoted(answers.http)}"


def tail_lines() -> Iterator[str]:
    yield "# Whom to watch, one by one:"
    yield "# [[accounts]]"
    yield '# id = "tanaka"  # the label in metrics; never the address'
    yield '# address = "tanaka@mail.example"'
    yield '# secret = "file:tanaka.secret"'
    yield "# or thousands, with mailprobe accounts import FILE:"
    yield "# [accounts_from]"
    yield '# csv = "accounts.csv"  # id,address,carrier,group,secret,probes,every'


def reserve_of(answers: Answers) -> str:
    """What to send to whoever gives out addresses; '' where nothing is to be reserved."""
    text = RESERVE_JA if answers.language == "ja" else RESERVE_EN
    often = OFTEN[answers.language]
    dead = [one.dead for one in answers.carriers if one.dead]
    return "\n".join(text.format(address=one, domain=one.rpartition("@")[2], often=often) for one in dead)
