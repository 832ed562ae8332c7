"""
One pass over a ClusterQuayRobot, and over each of its namespaces.

Here live the targets, the owned QuayRobots and the copies of a shared robot's Secrets. It never
writes to Quay but through the robot's room. Callers: preview, controller.
"""
