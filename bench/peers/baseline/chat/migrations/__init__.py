"""See `0001_initial`."""
