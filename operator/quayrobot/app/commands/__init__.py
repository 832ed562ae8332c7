"""
The room of what people type to look after an installation.

Here live the commands for the day after: what is there, what would happen,
what could be taken over, what is wrong. They read with the caller's own rights
and never write; the rules are those of `plan`, the looks those of `engine`.
Nothing is decided here.
"""
