"""
Which namespaces a ClusterQuayRobot selects, what each is to have, and what its status says.

This package knows nothing of Quay. Callers: the engine.
"""
