"""
What commands find out, as plain values: the state of a resource, what is wrong, what helps.

Nothing is printed and nothing has a layout yet. Callers: render, the commands.
"""
