"""
A real node that joins the real API server, and the operator as it is shipped on it.

`make node` builds the image, goes into namespaces of its own and runs the tests
of this folder there. Nothing of it is left on the machine but what is cached.
"""
