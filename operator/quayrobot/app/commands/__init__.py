"""
The command-line commands: status, plan, import and check.

They read with the caller's own rights and never write. The rules are those of `plan`, the reads
those of `engine`; nothing is decided here.
"""
