"""
What commands read: the cluster as the caller, resource arguments, manifests, robots in Quay.

Nothing is written. Callers: the other packages of the commands.
"""
