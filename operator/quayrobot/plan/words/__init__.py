"""
The output: the status after a pass, a plan as text, a manifest for an existing robot.

Nothing new is decided here. Callers: the engine, the commands.
"""
