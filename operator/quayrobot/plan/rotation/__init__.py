"""
When a credential is replaced, and by which steps.

Here live the schedule, rotation in place and Overlap. It never writes a Secret by itself: it says
what is due. Callers: decide, words, the engine.
"""
