"""One module per command, as Django wants it."""
