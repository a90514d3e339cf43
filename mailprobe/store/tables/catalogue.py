"""What lists all the tables, and the one that is the store's own."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, MetaData, String, Table

metadata = MetaData()

house = Table(
    "house",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
