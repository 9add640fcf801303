"""Everything that changes accounts: one function per business act, each in one transaction."""
