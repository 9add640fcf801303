"""The REST edge of chat: routes, bodies and list parameters."""
