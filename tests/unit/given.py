"""The plainest values of the types that go between rooms; a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailprobe.address import parse
from mailprobe.carriers import Carrier, Relation
from mailprobe.config import Account, Prober


def account(**changes: Any) -> Account:
    plain = Account(
        id="tanaka", address=parse("u000002@mail.test"), carrier="lab", username="u000002", submission_username="u000002"
    )
    return replace(plain, **changes)


def carrier(**changes: Any) -> Carrier:
    return replace(Carrier(name="lab", title="Lab", relation=Relation.OWN, domains=("mail.test",)), **changes)


def prober(**changes: Any) -> Prober:
    return replace(Prober(name="probe.example.net", mail_from="probe@probe.example.net"), **changes)
