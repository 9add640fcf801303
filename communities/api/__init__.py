"""The REST edge of communities: routes, bodies and list parameters."""
