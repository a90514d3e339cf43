"""What the pages of the whole fleet are made of: pure where it can be, given rows and the time.

listing.py    which of very many accounts are shown
history.py    one account's thirty days; trend.py: a carrier's day
drawing.py    both as SVG, with a text that says the same
returned.py   what came back, read: its class, of whom it speaks, whose mailbox it is
"""
