"""What pages take from the code; nothing of it is written down by hand a second time."""
