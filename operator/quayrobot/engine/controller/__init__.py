"""
The workers: which replica works, which reconciler gets a key, and a relist if a watch lies.

This room does not look into what a reconciler does. Callers: app.
"""
