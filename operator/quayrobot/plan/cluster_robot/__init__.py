"""
Which namespaces a ClusterQuayRobot selects, what each is to have, and how they are counted.

Here live targets, members, copies and the census. It never knows Quay. Callers: the engine.
"""
