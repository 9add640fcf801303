"""`python -m tests.torture`: real processes and sockets, faults by a seeded schedule, and what every client saw held against the log."""
