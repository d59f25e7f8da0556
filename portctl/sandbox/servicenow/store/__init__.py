"""State and rules of an instance, free of HTTP."""
