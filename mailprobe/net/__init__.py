"""The only room that opens client sockets: one seam, where time, bytes and addresses are bounded and errors renamed."""
