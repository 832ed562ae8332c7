"""
The program: settings, command line, logs, metrics, health, and the watches through kopf.

It may use every other package; no other package may use it. Nothing is decided here about robots:
a handler passes on what it saw, and the engine does the rest. Only `handlers` imports kopf.
"""
