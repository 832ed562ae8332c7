"""
The rules: from the observed state of a resource to the next safe actions and its status.

Pure functions: no I/O, no clock, no randomness, no logging. Start at `decide`. Callers:
engine, and the commands that show a plan.
"""
