"""
Who owns a robot, and how it is created, adopted and deleted.

Claims, proofs of ownership and the two slots of a robot are here; rotation does not. Callers:
rotation, cluster_robot, decide, the engine.
"""
