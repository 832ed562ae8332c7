"""
What commands find: how a resource stands, what is wrong, what helps.

Here live plain values without any layout. It never prints. Callers: render, the commands.
"""
