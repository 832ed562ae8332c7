"""
Which key runs next: keys, lanes, delays, backoff, and fair shares for every tenant.

This package does not know what happens to a key once it runs. Callers: every other package of
the engine.
"""
