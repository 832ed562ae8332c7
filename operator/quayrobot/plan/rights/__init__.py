"""
What a namespace may ask for, and which rights and identities a robot is to have in Quay.

Access rules, grants and federation live here. This room knows no Secrets. Callers: the other
rooms of the rules, the engine.
"""
