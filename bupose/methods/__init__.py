"""Ways to find people: what a network says, and how people are read out of it."""
