"""
The client for the Kubernetes API: typed reads, and writes that carry uid and resourceVersion.

Only this room imports kubernetes. It decides nothing and knows neither Quay nor kopf.
Callers: engine and app.
"""
