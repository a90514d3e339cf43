"""What comes back: the signed sender of a test mail, the receiver of bounces, and the way from a bounce to its test mail.

receiver keeps a mail in the inbox before it says 250 (conversation, door, recipients: what it bounds and whom it takes mail
for); intake reads it (reading), ties it by our own signatures (match, token), writes it down once and steps the record.
"""
