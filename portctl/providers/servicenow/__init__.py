"""ServiceNow: its Table API."""
