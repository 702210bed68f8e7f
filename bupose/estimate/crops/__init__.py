"""People one by one: boxes, a network for one person on each, and who is left of them."""
