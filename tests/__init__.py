"""The tests. Each folder mirrors the app of the same name."""
