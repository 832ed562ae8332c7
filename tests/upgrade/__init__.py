"""
Does what an older version stored live on under this one, and back?

A snapshot holds definitions and objects as a version left them, beside what
Quay had then; `make snapshot VERSION=` writes one. `make upgrade OLD=` goes from
a commit to this one and back on a cluster that stays.
"""
