"""
What commands print: trees, sentences and manifests as text.

The cluster is never read here. Callers: the commands.
"""
