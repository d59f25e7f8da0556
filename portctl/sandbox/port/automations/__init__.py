"""Automations: which events they hear, when they answer. Source: port.md 4.4, 5.5."""
