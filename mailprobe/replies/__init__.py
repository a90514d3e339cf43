"""(phase, code, enhanced code, text, carrier) -> Meaning: of whom a reply speaks. Tables as data; no I/O.

reading.py   SMTP replies          smtp.toml, codes.toml
grammar.py   sentences nobody has seen, by their nouns and states   grammar.toml, faults.toml, nouns.toml
phrases.py   which nouns a state belongs to
lexicon.py   what one word can be
sign_in.py   answers to a login    sign_in.toml
compare.py   whether T and D were answered alike
words.py     a text made ready for matching: addresses masked, so that a name never reads as a reason
tables.py    the loader of the tables
"""

from __future__ import annotations

from mailprobe.replies.compare import Likeness, same_answer
from mailprobe.replies.meaning import LASTING, SPEAKS, Meaning, ReplyClass, SignInClass, SpeaksOf, Us
from mailprobe.replies.reading import read
from mailprobe.replies.sign_in import read_auth, read_sign_in

__all__ = [
    "LASTING",
    "SPEAKS",
    "Likeness",
    "Meaning",
    "ReplyClass",
    "SignInClass",
    "SpeaksOf",
    "Us",
    "read",
    "read_auth",
    "read_sign_in",
    "same_answer",
]
