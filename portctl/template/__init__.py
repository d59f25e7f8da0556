"""Placeholders `<% expression %>` and text templates.

In: text, values, what may be called. Out: text, or a value with placeholders of secrets and outputs left in it.
Touches nothing, within a counted budget; the only wing that imports Jinja.
"""
