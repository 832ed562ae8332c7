"""
The four kinds that users write, one model per spec and status, from which the CRDs are made.

Next to each field is the rule that the API server checks (CEL). Lenient readers for what is
already stored are here too. There is no I/O, no clock and no decision.
"""
