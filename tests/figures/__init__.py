"""How reliable is it and what does it cost: all figures of one run in one report."""
