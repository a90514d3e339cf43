"""T, L and D side by side at each door, though what is remembered of a control names no IP."""

from __future__ import annotations

from mailprobe.console.calls.sides import ip_of, side_of
from mailprobe.evidence import Of
from mailprobe.verdict.proof import ProofRow

SERVER = "imap.mail.test:993"
REMEMBERED = ProofRow("imap", SERVER, "", Of.LIVE, "OK", "", 1.0, cached=True)
REFUSED = ProofRow("imap", SERVER, "192.0.2.1", Of.TARGET, "NO [AUTHENTICATIONFAILED]", "no", 9.0)


def test_a_remembered_control_stands_beside_what_the_same_server_says_now() -> None:
    rows = (REMEMBERED, REFUSED)
    assert [ip_of(one, rows) for one in rows] == ["192.0.2.1", "192.0.2.1"]
    one = side_of(rows)
    assert (one.ip, one.at, one.target, one.live) == ("192.0.2.1", 9.0, "NO [AUTHENTICATIONFAILED] no", "OK")


def test_where_it_may_have_been_another_machine_or_another_door_it_stands_alone() -> None:
    second = ProofRow("imap", SERVER, "192.0.2.2", Of.TARGET, "OK", "", 9.0)
    sending = ProofRow("submission", SERVER, "192.0.2.3", Of.TARGET, "235", "", 9.0)
    assert ip_of(REMEMBERED, (REMEMBERED, REFUSED, second)) == ""
    assert ip_of(REMEMBERED, (REMEMBERED, sending)) == ""
