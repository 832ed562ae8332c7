"""
What everybody talks about: names, resources, and what can be seen, done and said.

Immutable data and its grammar live here, with pydantic and the standard library only: no I/O,
clock, randomness, logging or decisions. Everybody may import this room; it imports none.
"""
