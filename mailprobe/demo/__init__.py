"""A few small carriers with ill mailboxes, in one process: for newcomers, for training, and as the fault servers of the tests.

carrier.py    what is true: directories, passwords, quotas, rules; the servers answer from it
mailstore.py  the mail of one mailbox
imap.py       a scriptable IMAP server: imap_session.py a conversation, imap_folder.py its commands, imap_items.py their words
smtp.py       MX and submission on aiosmtpd        dsn_wish.py  what a sender wants to be told
delivery.py   what happens after the 250           notices.py   bounces and automatic answers
dns.py        the zones of the demo's domains      tls.py       certificates, good and bad
faults.py     scripts of misbehaviour, byte by byte, and the one place that listens
hostile.py    the catalogue of such scripts        ill_smtp.py  the same for taking a mail, by one word
mailboxes.py  every ill mailbox, and what mailprobe has to say of it; deliveries.py those that only a test mail tells apart
history.py    what the store remembers from before
house.py      starts all of it: `async with open_demo() as demo`
"""
