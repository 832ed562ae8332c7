"""
What the Secrets hold, when a keyless one is refreshed, and who is linked to them.

Here live the bytes and owners of Secrets. It never decides about a robot. Callers: the other
rooms of the rules, the engine.
"""
