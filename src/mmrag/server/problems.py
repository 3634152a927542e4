"""What a client is told when something cannot be done. The shape is the one that OpenAI clients understand."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from mmrag.domain.hashing import Json
from mmrag.errors import (
    EmptyStoreError,
    MMRagError,
    ModelMissingError,
    StoreBusyError,
    StoreFullError,
    UsageError,
)


class Problem(HTTPException):
    """Raised by routes; becomes a response. ``retry_after_s`` becomes the header ``Retry-After``.

    An ``HTTPException``, because FastAPI turns any other that is raised while a body is read into a 400 of its own.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s

    @property
    def body(self) -> dict[str, Json]:
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {"error": {"message": self.message, "type": kind, "param": None, "code": self.code}}

    def response(self) -> JSONResponse:
        headers = {"Cache-Control": "no-store"}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, round(self.retry_after_s)))
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="mmrag"'
        return JSONResponse(self.body, status_code=self.status, headers=headers)


_STATUSES: tuple[tuple[type[MMRagError], int, str], ...] = (
    (EmptyStoreError, 409, "empty_store"),
    (UsageError, 400, "bad_request"),
    (StoreBusyError, 503, "store_busy"),
    (StoreFullError, 507, "store_full"),
    (ModelMissingError, 501, "model_missing"),
)
_EMPTY = "Nothing has been ingested yet: upload a document first."


def problem_of(error: MMRagError) -> Problem:
    """What an error of our own means over HTTP. Paths of the server stay on the server."""
    status, code = next(((status, code) for type_, status, code in _STATUSES if isinstance(error, type_)), (500, "error"))
    if isinstance(error, EmptyStoreError):
        return Problem(status, code, _EMPTY)
    if status >= 500 and status != 501:
        return Problem(status, code, "The store cannot be used now; the server's log says why.", retry_after_s=5)
    return Problem(status, code, str(error))


NOT_FOUND = Problem(404, "not_found", "There is no such thing here.")
INTERNAL = Problem(500, "internal_error", "Something went wrong on the server; its log says what.")
