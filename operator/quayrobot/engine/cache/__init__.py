"""
What the watches have shown, indexed, and which keys an event wakes.

Here live the records of our resources, the store over them and its tombstones. It never asks the
cluster by itself, except for the one-shot cache of a command. Callers: the passes, the handlers.
"""
