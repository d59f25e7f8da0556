"""Decides what has to be done, in which order, and what is refused.

In: resources, live objects, the ledger, options. Out: a `Plan`, or a saved one.
Touches nothing; asks providers only whether they would take what is planned.
"""
