"""
The resources that users write, as typed words; the CRDs are made from these.

What lives here: one pydantic model per spec and status, the rules that the API
server is to check (CEL, beside the field they bind), and lenient readers for
what is already stored. What never does: I/O, time, decisions.
"""
