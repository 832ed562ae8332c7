"""
Connections to Quay: their pool, status and token, and the drift that is found through them.

The context that all reconcilers share lives here too. Nothing is decided here about a single
robot. Callers: robot, cluster_robot, controller.
"""
