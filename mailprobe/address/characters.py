"""Characters and what is wrong with them: nothing that a wire, a terminal or a reader's eye would take for something else."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

BLANK = re.compile(r"[ \t\r\n\u3000\u00a0]")


class AddressError(Exception):
    """The text is not one mailbox address. `column` counts characters from 1; exit_code is from sysexits.h."""

    exit_code = 65

    def __init__(self, code: str, what: str, hint: str = "", column: int = 1) -> None:
        super().__init__(f"{code} {what}")
        self.code = code
        self.what = what
        self.hint = hint
        self.column = column


@dataclass(frozen=True, slots=True)
class Notice:
    """Accepted, yet worth saying: MP1221 final dot, MP1228 mixed scripts, MP1229 not NFC, MP1240 legacy carrier form."""

    code: str
    what: str


def refuse_characters(text: str) -> None:
    """Everything that must never reach a wire, a terminal or a reader's eye."""
    if not text:
        raise AddressError("MP1201", "empty address")
    for index, which in ((0, "leading"), (len(text) - 1, "trailing")):
        if BLANK.match(text[index]):
            raise AddressError("MP1210", f"{which} white space at col {index + 1}", "remove it", index + 1)
    for index, char in enumerate(text):
        if not " " <= char <= "~":
            refuse_character(text, index, char)


def refuse_character(text: str, index: int, char: str) -> None:
    column, name = index + 1, f"U+{ord(char):04X}"
    category = unicodedata.category(char)
    if category == "Cs":
        escaped = 0xDC80 <= ord(char) <= 0xDCFF  # how Python carries an undecodable byte: PEP 383
        raise AddressError("MP1214", f"not valid Unicode: {f'byte 0x{ord(char) - 0xDC00:02X}' if escaped else name}", "", column)
    if char in "\r\n":
        byte = len(text[:index].encode()) + 1
        raise AddressError(
            "MP1211", f"line break at byte {byte} (would be SMTP injection)", "give one address in one line", column
        )
    if category == "Cc":
        raise AddressError("MP1212", f"control character {name} at col {column}", "", column)
    if is_invisible(char, category):
        raise AddressError("MP1213", f"invisible, bidi or unassigned character {name}", "type the address by hand", column)
    meant = halfwidth(char)
    if meant:
        raise AddressError("MP1215", f'fullwidth "{char}" {name}', f'did you mean "{meant}"?', column)


def is_invisible(char: str, category: str) -> bool:
    """Formats, separators, private and unassigned code points, variation selectors and fillers."""
    if category in ("Cf", "Zl", "Zp", "Co", "Cn"):
        return True
    if category == "Zs":
        return char not in " \u3000"
    return bool(re.match(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]", char))


def halfwidth(char: str) -> str:
    """The ASCII character that an input method turned into this one, or ''."""
    if char in "。｡":
        return "."
    if "\uff01" <= char <= "\uff5e" or "\ufe50" <= char <= "\ufe6b" or char == "\u3000":
        narrow = unicodedata.normalize("NFKC", char)
        return narrow if narrow.isascii() else ""
    return ""
