"""Everything that changes rooms and messages: one function per business act, each in one transaction."""
