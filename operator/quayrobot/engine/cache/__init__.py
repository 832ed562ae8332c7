"""
What the watches have shown, indexed, and which keys an event enqueues.

Records of our resources, the store over them and its tombstones live here. Only the one-shot
cache of a command asks the cluster by itself. Callers: the reconcilers, the handlers.
"""
