"""The kinds of ServiceNow, one per file."""
