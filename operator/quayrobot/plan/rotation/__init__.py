"""
When a credential is replaced, and by which steps, in place or with an overlap.

This package says what is due and writes no Secret. Callers: decide, words, the engine.
"""
