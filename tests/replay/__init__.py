"""`python -m tests.replay FILE`: people of a real chat log on real sockets of a running server, and a check that nothing got lost."""
