"""Rooms, messages, history and read state."""
