"""A real Kubernetes control plane on loopback, for tests and the demo."""

from .build import PartMissing, find_binary
from .choice import CHOICES, chosen_cluster
from .plane import ControlPlane

__all__ = ["CHOICES", "ControlPlane", "PartMissing", "chosen_cluster", "find_binary"]
