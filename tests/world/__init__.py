"""A world in which it is known what is true: random truths and faults, what servers then say, and what the program makes of it.

draw.py      one state of things at random; it shares no code with the verdict
servers.py   that state as servers: bytes in, bytes out
wire.py      one check of it: our own probes over those bytes, then the judge
history.py   many readings in virtual time, from what wire.py recorded: through the prober's veto and the status
__main__.py  so many of each, on all cores: `python -m tests.world --wire 100000 --facts 3000000`

The promise is one: what is not down is never called down. How often what is down was seen is told beside it.
"""
