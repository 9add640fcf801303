"""Gates: rule trees over typed requirements, pure over facts. What loads facts and what hangs a gate on a thing is not here."""
