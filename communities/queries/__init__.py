"""Reads of communities. They do not authorise: ask a loader of `policies` first."""
