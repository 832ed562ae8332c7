"""
What is said: the status after a pass, a plan in words, a manifest for a robot that was found.

Nothing new is decided here. Callers: the engine, the commands.
"""
