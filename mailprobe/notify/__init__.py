"""Telling a webhook what has changed: `events.py` what is told, `sign.py` how it is signed, `deliver.py` how it gets there.

An event is put into the store's outbox in the transaction that makes it true, and told until it is accepted: in order, at least
once, each with an id by which the receiver tells a repetition.
"""
