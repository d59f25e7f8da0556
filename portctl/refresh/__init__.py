"""Live objects, read side by side, and again where a service is known to lag behind.

In: resources, the ledger, providers. Out: a `Live` per resource and ledger entry.
Sends reads only.
"""
