"""The processes that hold the WebSockets: handshake, frames, dispatch, subscriptions and the hub.

Knows topics, events and accounts; no other domain app.
"""
