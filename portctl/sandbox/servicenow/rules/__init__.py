"""Business rules: conditions, scripts in a JavaScript engine of their own process, and what they send out."""
