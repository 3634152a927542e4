"""What routes ask for."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from mmrag.server.store import Store, Stores

BEARER = HTTPBearer(auto_error=False, description="The store's token. Not needed on loopback, unless one is set.")
"""For the description only: the door checks (see ``access``)."""


def asked_store(request: Request) -> Store:
    """The store that the door let this request in to."""
    return cast(Store, request.scope["state"]["store"])


def all_stores(request: Request) -> Stores:
    return cast(Stores, request.app.state.stores)


AskedStore = Annotated[Store, Depends(asked_store)]
AllStores = Annotated[Stores, Depends(all_stores)]
