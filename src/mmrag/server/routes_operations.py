"""What runs the server asks for: health, readiness, metrics, costs, and what the store holds."""

from __future__ import annotations

from importlib.metadata import version

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from mmrag.agent.bills import costs_json
from mmrag.app import filed_receipts
from mmrag.domain.bookkeeping import GROUPINGS
from mmrag.errors import EmptyStoreError, StoreError
from mmrag.server.depends import AllStores, AskedStore
from mmrag.server.metrics import CONTENT_TYPE
from mmrag.server.schemas import HealthOut, StoreOut

router = APIRouter()


@router.get("/healthz", response_model=HealthOut, tags=["operations"], summary="The server runs")
async def health() -> JSONResponse:
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=HealthOut, tags=["operations"], summary="Every store can be read")
async def ready(stores: AllStores) -> JSONResponse:
    """503 while a store cannot be read, and while the server is being stopped. An empty store is ready: it can be filled."""
    for store in stores.stores:
        try:
            await (await store.session.app()).catalog.counts()
        except EmptyStoreError:
            pass
        except StoreError:
            return JSONResponse({"status": "store"}, status_code=503)
        if store.inbox.closing:
            return JSONResponse({"status": "stopping"}, status_code=503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics", response_class=Response, tags=["operations"], summary="Metrics for Prometheus")
async def metrics(store: AskedStore) -> Response:
    """Of the store that the token is for, since the server was started."""
    store.metrics.waiting_questions.set(store.turns.waiting)
    store.metrics.waiting_files.set(len(store.inbox.files.waiting))
    return Response(await anyio.to_thread.run_sync(store.metrics.text), media_type=CONTENT_TYPE)


@router.get("/api/costs", tags=["operations"], summary="What the model calls of this store have cost")
async def costs(store: AskedStore) -> JSONResponse:
    """What `mmrag costs --json` prints: in all, by day, tier, model and stage, and what that has saved."""
    app = await store.session.app()
    async with filed_receipts(store.session.settings) as receipts:
        return JSONResponse(costs_json(await app.ledger.entries(), await receipts.receipts(), GROUPINGS))


@router.get("/api/store", response_model=StoreOut, tags=["operations"], summary="What the store holds")
async def about(store: AskedStore) -> JSONResponse:
    told: dict[str, object] = {
        "name": store.name,
        "version": version("mmrag"),
        "tiers": [tier.name for tier in store.session.settings.cascade.tiers],
    }
    try:
        counts = await (await store.session.app()).catalog.counts()
    except EmptyStoreError:
        return JSONResponse({**told, "documents": 0, "quarantined": 0, "pages": 0, "elements": 0, "empty": True})
    return JSONResponse(
        {
            **told,
            "documents": counts.documents,
            "quarantined": counts.quarantined,
            "pages": counts.pages,
            "elements": counts.elements,
            "empty": False,
        }
    )
