"""
An indexed cache of what the watches delivered, and which keys an event enqueues.

Records of our resources, the store over them and its tombstones are here. Only the one-shot
cache of a command asks the cluster by itself. Callers: the reconcilers, the handlers.
"""
