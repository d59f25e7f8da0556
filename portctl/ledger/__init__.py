"""What portctl remembers between runs: where it is kept, locked, read and written.

In: a `Ledger` (`model/ledger.py`). Out: the same from a backend, under a lock; what an interrupted run announced.
Touches the ledger's file and its lock.
"""
