"""
One pass over a QuayRobot: observe, decide, apply.

Here live the reads and writes that a plan asks for, carried out in order. Nothing is decided
here (plan decides). Callers: cluster_robot, preview, controller.
"""
