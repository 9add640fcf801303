"""The REST edge that all apps share: parsing, rendering, problems, idempotency, limits, compression, OpenAPI. No routes of an app."""
