"""What the operator does with a view that is cut short, old, or full of holes."""
