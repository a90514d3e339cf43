"""mailprobe tells within seconds whether a mailbox is ill on the server side, before anyone blames the handset."""

__version__ = "0.1.0"
