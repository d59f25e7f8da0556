"""ServiceNow, emulated: Table API, sign-in, change management, business rules that run."""
