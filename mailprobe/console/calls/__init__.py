"""Live checks that go on after the page is closed: one call of a customer, from the question to what became of it.

call.py      one call: what was asked, told and seen so far        numbers.py   its id, and the number for the phone
registry.py  all of them: starts, bounds, ends, looks for what comes late
judging.py   what may be said now, and never has to be taken back  stations.py  the row from the sender to the handset
questions.py what an agent can tick                                view.py      everything a page shows, in one language
texts.py     the words
"""
