"""
Reconciles one ClusterQuayRobot, and what each of its namespaces has from it.

Targets, owned QuayRobots and copies of a shared robot's Secrets live here. Only the robot's
room writes to Quay. Callers: preview, controller.
"""
