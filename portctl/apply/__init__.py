"""Makes a plan true. Decides nothing: at most it refuses, fails a step, or says that it cannot tell.

In: a `Plan`, the ledger, providers. Out: a `Report`.
Sends writes; keeps the journal and the ledger.
"""
