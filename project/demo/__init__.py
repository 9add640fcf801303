"""The demo community that `make run` seeds: its people, their conversations and how both get into the database."""
