"""State and rules per subject, free of HTTP."""
