"""
The room that talks to Quay; the only one that imports httpx.

What lives here: the transport (pinned origin, deadline, size cap), what
replies mean (believing nothing), the client with one method per call, the
budget of a connection, and the snapshot of an organization. What never does:
decisions about robots, anything of Kubernetes. Callers: engine.
"""
