"""The receiver's words: an enhanced status code in each reply, and errors that tell their place only."""

import pytest

from mailprobe.bounces.conversation import _WORDS, with_enhanced
from mailprobe.log import place_of


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("250 OK", "250 2.0.0 OK"),
        ("250 2.1.5 OK", "250 2.1.5 OK"),
        ("250-SIZE 5", "250-SIZE 5"),
        ("250 ENHANCEDSTATUSCODES", "250 ENHANCEDSTATUSCODES"),
        ("250 probe1.probe.test", "250 probe1.probe.test"),
        ("220 probe1.probe.test ESMTP", "220 probe1.probe.test ESMTP"),
        ("354 End data", "354 End data"),
        ("500 Error: bad syntax", "500 5.5.2 bad syntax"),
        ("501 Syntax: HELO hostname", "501 5.5.4 Syntax: HELO hostname"),
        ("503 Error: send HELO first", "503 5.5.1 send HELO first"),
        ("552 Error: message size exceeds", "552 5.3.4 message size exceeds"),
        ("502 5.5.1 Too many", "502 5.5.1 Too many"),
    ],
)
def test_each_reply_has_an_enhanced_status_code(reply: str, said: str) -> None:
    assert with_enhanced(reply) == said


def test_our_own_words_have_theirs() -> None:
    assert [with_enhanced(words) for words in _WORDS.values()] == list(_WORDS.values())


def test_an_error_tells_its_place_only() -> None:
    with pytest.raises(ValueError, match="taro") as caught:
        int("taro@mail.test")
    assert place_of(caught.value).startswith("test_conversation.py:")
    assert place_of(ValueError("taro@mail.test")) == "an unknown place"
