"""
The words: names, resources, what can be known, done and said.

What lives here: immutable data and its grammar, with pydantic and the standard
library only. What never does: I/O, the clock, randomness, logging, decisions.
Everybody may import this room; it imports none.
"""
