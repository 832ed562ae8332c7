"""A real Kubernetes control plane on loopback, for tests and the demo."""

from .build import PartMissing, find_binary
from .plane import ControlPlane

__all__ = ["ControlPlane", "PartMissing", "find_binary"]
