"""
How commands reach the cluster and read what people wrote.

Here live options, manifests read from files and the survey of an organization. It never writes.
Callers: the other rooms of the commands.
"""
