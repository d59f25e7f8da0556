"""Webhook data sources at work: deliveries are taken at once and mapped to entities later. Source: port.md 7.2."""
