"""
What a pass would do, without doing it.

Here live the passes of `plan`: the same reads and decisions, and never a write. Callers: the
commands.
"""
