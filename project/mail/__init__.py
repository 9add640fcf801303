"""Mail leaves through Django's EMAIL_BACKEND: which one that is, its time-outs, and what its failures mean."""
