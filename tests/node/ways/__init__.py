"""
What does each way of installing the operator take, and what does it leave?

`make ways` lets each install, upgrade, roll back and remove the operator on a real
node, over robots that exist, and prints the table of docs/install.md.
"""
