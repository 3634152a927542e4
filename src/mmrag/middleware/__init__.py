"""What is wrapped around a chat model. Each wrapper takes a ``ChatModel`` and is one.

Outermost first: ``Metered(Cached(Budgeted(Limited(Retrying(Guarded(adapter))))))``. Metered is outside: whatever becomes of
a call, what its attempts took is in the ledger. Cached is right inside it: a hit is a line that costs nothing. Budgeted is
inside the cache, since a hit is always affordable; Limited inside that: what is not afforded does not wait. Limited keeps a
place and the deadline for a call with all its attempts. Guarded is around each attempt: circuit, rates, and whether a
further attempt is affordable. What the wrappers have to tell each other of one call is on its ``Tab``.
"""
