"""Runs over millions of pictures on many machines: inputs, shards, and the engine between."""
