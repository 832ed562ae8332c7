"""
The room where the parts become a program.

Here live the settings, the logs, the metrics, the health endpoints, the command
line, and the doors through which the cluster's events come in. It may use every
other room; no other room may use it. Nothing is decided here about robots: a
door hands on what it saw, and the engine does the rest. Only `handlers` imports
kopf.
"""
