"""Live checks that go on after the page is closed: one call of a customer, from the question to what became of it.

ask.py       a check as it is asked for                          call.py      one call: what was asked, told and seen so far
numbers.py   its id, and the number for the phone                registry.py  all of them: starts, bounds, who looks on
opening.py   the registry of one process, opened and closed      keeping.py   a call as a row of the store; sealing.py its lock
judging.py   what may be said now, and is never taken back       past.py      what was known before
stations.py  the row from the sender to the handset              rows.py      one station in words
telling.py   what the customer says, a bounce, fragments of one  questions.py what an agent can tick
mailing.py   test mails, and what comes late; mails.py which     repairing.py verify a repair, watch until it is done
view.py      everything a page shows: the API's form             showing.py   a call made into it; looking.py once for everybody
streaming.py server-sent events                                  proofs.py    answers and dialogues without names
sides.py     T, L and D side by side                             ticket.py    what the desk that acts is given
records.py   what the carrier's own systems hold
typed.py     an address as it was pasted; marks.py read back     golden.py    a wrong verdict as a case to learn from
case.py      all that its verdict was made of; stand_ins.py names in it
"""
