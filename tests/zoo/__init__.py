"""Deliberate bugs, each a patch of one function, that the bench has to find."""
