"""
The room where it happens: observe, decide, apply, again until nothing is due.

What lives here: the store of what the cluster shows, the queue, the passes,
the connections in use. What never does: rules (plan decides), wire formats
(quay, cluster), kopf, settings. Callers: app.
"""
