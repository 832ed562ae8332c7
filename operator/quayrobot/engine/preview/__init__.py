"""
What reconciling would do, without doing it: the dry run behind `kubectl quayrobot plan`.

The same reads and the same decisions as in the reconcilers, and never a write. Callers: the
commands.
"""
