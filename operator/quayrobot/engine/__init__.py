"""
The controller: observe, decide, act, and observe again until nothing is due.

The cache of the cluster, the workqueue, the reconcilers and the connections in use are here.
Rules do not (plan), nor wire formats (quay, cluster), nor kopf and settings (app). Callers: app.
"""
