"""Plain Python that every app may use: errors, ids, clock, addresses, actor, decision, wire structs, commands, rate limits, pages.

No Django, no input or output, no knowledge of any domain app.
"""
