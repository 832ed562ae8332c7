"""
What a namespace may ask for, and which rights a robot is to have in Quay.

Here live the rules of access, grants and federation. It never knows Secrets. Callers: the other
rooms of the rules, the engine.
"""
