"""
What a namespace may request, and which rights and identities a robot has in Quay.

Access rules, grants and federation are here. This package knows no Secrets. Callers: the other
packages of plan, the engine.
"""
