"""
Which key runs next: keys, lanes, backoff, and whose turn it is.

Here live the queue and the rules of fairness between namespaces. It never knows what a key's
pass does. Callers: every other room of the engine.
"""
