"""
What is said: conditions after a pass, a plan to a person, a manifest for what was found.

Here live the verdict and its words. Nothing new is decided here. Callers: the engine, the
commands.
"""
