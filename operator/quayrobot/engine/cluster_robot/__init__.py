"""
Reconciles one ClusterQuayRobot, and what it creates in each of its namespaces.

Targets, owned QuayRobots and copies of a shared robot's Secrets are here. Only the robot
package writes to Quay. Callers: preview, controller.
"""
