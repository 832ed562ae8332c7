"""
The client for the Kubernetes API: typed reads, and writes that carry uid and resourceVersion.

Only this package imports kubernetes. It decides nothing and knows neither Quay nor kopf.
Callers: engine and app.
"""

import os

# The client asks for a home as it is imported, and fails where neither the environment nor the
# password database knows one: any uid that a pod is given is such a user.
if os.path.expanduser("~") == "~":  # noqa: PTH111
    os.environ["HOME"] = "/"
