"""Schema history of communities."""
