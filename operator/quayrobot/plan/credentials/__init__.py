"""
What the Secrets hold, who is linked to them, and when a password or a token is renewed.

The bytes and the owners of Secrets are decided here, and nothing about the robot itself.
Callers: the other packages of plan, the engine.
"""
