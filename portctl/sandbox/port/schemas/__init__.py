"""JSON Schemas of request bodies, written from the reference, and the check that words refusals as AJV does."""
