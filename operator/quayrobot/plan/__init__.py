"""
The rules: given one look at the world, what is the next safe thing to do?

What lives here: pure functions from what was seen to what is to be done and
said. What never does: I/O, the clock, randomness, logging. Callers: engine,
and the commands that show a plan.
"""
