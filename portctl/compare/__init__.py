"""What differs between the resource that is wanted and the object that lives.

In: a `Resource`, a `Live`, what the ledger remembers. Out: `Canonical` forms and `Edit`s with the reason of each.
Touches nothing; the only wing that imports deepdiff.
"""
