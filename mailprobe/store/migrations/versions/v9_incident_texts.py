"""What callers are told in an incident, in Japanese and in English; what was written before is in the one or the other."""

import re

from alembic import op
from sqlalchemy import Column, String, inspect, text

revision = "9"
down_revision = "8"

JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]")  # kana and kanji; of any width


def upgrade() -> None:
    if "text" in {column["name"] for column in inspect(op.get_bind()).get_columns("incidents")}:
        two_texts()


def two_texts() -> None:
    op.execute("ALTER TABLE incidents RENAME COLUMN text TO text_ja")
    op.add_column("incidents", Column("text_en", String, nullable=False, server_default=""))
    found = op.get_bind().execute(text("SELECT number, text_ja FROM incidents WHERE text_ja <> ''"))
    english = [{"which": number} for number, said in found if not JAPANESE.search(said)]
    if english:
        move = text("UPDATE incidents SET text_en = text_ja, text_ja = '' WHERE number = :which")
        op.get_bind().execute(move, english)
