"""Everything that changes communities: one function per business act, each in one transaction."""
