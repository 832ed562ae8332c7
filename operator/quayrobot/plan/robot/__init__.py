"""
Whose a robot is, and how it comes and goes.

Here live claim, proof, creation, the two slots and deletion. It never rotates. Callers: rotation,
cluster_robot, decide, the engine.
"""
