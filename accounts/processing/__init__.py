"""Work on files and texts, without a transaction of its own."""
