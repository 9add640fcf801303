"""What developers and CI run besides the tests: the checks, the audit and the pinning of requirements. Nothing here is deployed."""
