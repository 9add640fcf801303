"""Commands of `manage.py` that belong to no domain app."""
