"""
The shared data model: names, resources, observations, actions and conditions.

Immutable data and its grammar are here, with pydantic and the standard library only: no I/O,
clock, randomness, logging or decisions. Everybody may import this package; it imports none.
"""
