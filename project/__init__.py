"""Wiring: settings, urls, servers, error mapping, observability, embedded services. No business logic."""
