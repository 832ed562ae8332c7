"""
How a finding looks to a person.

Here live trees, sentences and manifests as text. It never reads the cluster. Callers: the
commands.
"""
