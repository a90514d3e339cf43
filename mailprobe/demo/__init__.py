"""A few small carriers with ill mailboxes, in one process: for newcomers, for training, and as the fault servers of the tests.

carrier.py    what is true: directories, passwords, quotas, stores; the servers answer from it
imap.py       a scriptable IMAP server            smtp.py  MX and submission on aiosmtpd
dns.py        the zones of the demo's domains     tls.py   certificates, good and bad
faults.py     scripts of misbehaviour, byte by byte, and the one place that listens
hostile.py    the catalogue of such scripts
mailboxes.py  every ill mailbox, and what mailprobe has to say of it
house.py      starts all of it: `async with open_demo() as demo`
"""
