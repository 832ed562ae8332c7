"""
The controller: look, decide, act, and look again until nothing is due.

The cache of the cluster, the workqueue, the reconcilers and the connections in use live here.
Rules do not (plan), nor wire formats (quay, cluster), nor kopf and settings (app). Callers: app.
"""
