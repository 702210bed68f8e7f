"""Whether this installation works, and how fast."""
