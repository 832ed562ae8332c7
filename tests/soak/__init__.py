"""A bench that draws lives and faults from a seed, and judges how they end."""
