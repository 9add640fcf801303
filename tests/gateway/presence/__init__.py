"""Tests of who is there, and who is shown it."""
