"""What comes back: the signed sender of a test mail, the receiver of bounces, and the way from a bounce to its test mail."""
