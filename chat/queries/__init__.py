"""Reads of chat. They do not authorise: ask a loader of `policies` first."""
