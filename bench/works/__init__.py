"""The works: what is measured, and against which goals. Each module has `measure(pace) -> Findings`."""
