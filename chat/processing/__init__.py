"""Pure text work: what may be stored, and reading logs of other systems. No database."""
