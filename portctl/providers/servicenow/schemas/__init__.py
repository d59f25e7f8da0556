"""JSON Schemas of the kinds of ServiceNow."""
