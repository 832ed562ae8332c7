"""
Whose a robot is, and how it is created, adopted and deleted.

Claims, proofs of ownership and the two slots of a robot live here; rotation does not. Callers:
rotation, cluster_robot, decide, the engine.
"""
