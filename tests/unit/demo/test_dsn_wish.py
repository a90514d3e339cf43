"""What a sender wishes to be told, read from MAIL and RCPT."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.demo.dsn_wish import BadWish, Sender, of_recipient, of_sender
from mailprobe.demo.notices import NEVER, ON_FAILURE, Wish


@pytest.mark.parametrize(
    ("arg", "rest", "sender"),
    [
        ("FROM:<>", "FROM:<>", Sender()),
        ("FROM:<a@b.example> SIZE=9", "FROM:<a@b.example> SIZE=9", Sender()),
        ("FROM:<a@b.example> RET=full SIZE=9", "FROM:<a@b.example> SIZE=9", Sender("", True)),
        ("FROM: <a@b.example> ENVID=Ab+2Bc>", "FROM: <a@b.example>", Sender("Ab+c>")),
        ('FROM:<"x > RET=ALL y"@b.example> RET=HDRS', 'FROM:<"x > RET=ALL y"@b.example>', Sender()),
        ("nonsense RET=ALL", "nonsense RET=ALL", Sender()),
    ],
)
def test_what_comes_with_mail(arg: str, rest: str, sender: Sender) -> None:
    assert of_sender(arg) == (rest, sender)


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("", Wish(ON_FAILURE)),
        ("NOTIFY=never", Wish(NEVER)),
        ("NOTIFY=SUCCESS,delay", Wish(frozenset({"SUCCESS", "DELAY"}))),
        ("ORCPT=rfc822;a+2Bb@c.example", Wish(original="rfc822;a+b@c.example")),
        ("ORCPT=utf-8;太郎@c.example", Wish(original="utf-8;太郎@c.example")),
    ],
)
def test_what_comes_with_rcpt(words: str, wish: Wish) -> None:
    assert of_recipient(f"TO:<a@b.example> {words}", Sender()) == ("TO:<a@b.example>", wish)


NO_WISH = "NOTIFY=NEVER,DELAY NOTIFY= NOTIFY=ALL ORCPT= ORCPT=rfc822 ORCPT=;a ORCPT=rfc822;a=b ORCPT=rfc822;+zz"


@pytest.mark.parametrize("words", NO_WISH.split())
def test_what_is_no_wish(words: str) -> None:
    with pytest.raises(BadWish):
        of_recipient(f"TO:<a@b.example> {words}", Sender())


@given(st.text())
def test_nothing_of_a_sender_breaks_a_line_of_the_report(text: str) -> None:
    try:
        _, sender = of_sender(f"FROM:<> ENVID={text}")
        _, wish = of_recipient(f"TO:<a> ORCPT=rfc822;{text}", sender)
    except BadWish:
        return
    assert not any(ord(char) < 32 or ord(char) == 127 for char in sender.envelope + wish.original)
