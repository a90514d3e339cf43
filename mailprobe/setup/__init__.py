"""`mailprobe init`: from a few answers to everything that a first start needs, written whole or not at all.

`answers.py` reads a file of answers, `questions.py` asks a person; `draft.py` and `zone.py` turn answers into texts, and
`placing.py` puts them where they belong.
"""
