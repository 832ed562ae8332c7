"""
Which namespaces a ClusterQuayRobot selects, what each is to have, and what its status says.

This room knows nothing of Quay. Callers: the engine.
"""
