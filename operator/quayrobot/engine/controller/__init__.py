"""
The workers: which reconciler gets a key, for which tenant, and a relist in case a watch lies.

This room does not look into what a reconciler does. Callers: app.
"""
