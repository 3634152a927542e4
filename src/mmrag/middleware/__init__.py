"""What is wrapped around a chat model. Each wrapper takes a ``ChatModel`` and is one.

Outermost first: ``Metered(Cached(Budgeted(Retrying(adapter))))``. Metered is outside so that one question to the model is
one line of the ledger, with the tokens of failed attempts in it; Retrying is next to the adapter, since only the adapter's
errors are worth trying again. Cached is right inside Metered: a hit is a line that costs nothing. Budgeted is inside the
cache, since a hit is always affordable; a rate limit belongs inside it: what is not afforded does not wait.
"""
