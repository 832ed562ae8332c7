"""
A double of Quay: a real HTTP server that answers as Quay does.

Built from the Quay API facts that tests/contract proves. It is used as its own
process or inside a test; the ledger says what was asked of it, the admin side
(under /__admin/, for tests only) prepares state and injects faults.
"""

from .server import FakeQuay

__all__ = ["FakeQuay"]
