"""The tutorial's only app."""
