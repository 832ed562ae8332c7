"""
The workers: leader election, which reconciler gets a key, and a relist if a watch is wrong.

This package does not look into what a reconciler does. Callers: app.
"""
