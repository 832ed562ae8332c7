"""
Reconciles one QuayRobot: reads what a plan needs, carries out its actions, stores the status.

`plan` decides what to do; this package only does it. Callers: cluster_robot, preview, controller.
"""
