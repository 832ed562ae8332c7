"""
The room that talks to the API server; the only one that imports kubernetes.

What lives here: the connection to the cluster, typed reads and writes of the
objects that matter to us, each write carrying the uid and version that were
looked at. What never does: decisions, Quay, kopf. Callers: engine and app.
"""

import os

# The client asks for a home as it is imported, and fails where neither the environment nor the
# password database knows one: any uid that a pod is given is such a user.
if os.path.expanduser("~") == "~":  # noqa: PTH111
    os.environ["HOME"] = "/"
