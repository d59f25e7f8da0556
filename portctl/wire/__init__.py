"""HTTP as such: sending, retrying, counting, refusing. Knows no service."""
