"""The log: numbered events on topics, appended in the transaction that causes them, replayed by cursor, read by consumers.

Knows no domain and no transport.
"""
