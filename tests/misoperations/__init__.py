"""A bench that declares wrongly on purpose, one property at a time, and takes it back."""
