"""What every port on a model of the hub has in common."""

from __future__ import annotations

from pathlib import Path

import anyio

from mmrag.adapters.fitting import Form, form_for, this_machine
from mmrag.adapters.hub import located
from mmrag.adapters.prepared import Quantize


class HubPort:
    """A model of the hub that was pulled, or one in a folder, asked by one caller at a time.

    Loads on first use, in a worker thread. Raises ``ModelMissingError`` at once when it is not here, and when it is first
    used when it does not fit into memory.
    """

    def __init__(self, name: str, cache: Path, *, quantize: Quantize = "none") -> None:
        self._model = located(name, cache)
        self._quantize: Quantize = quantize
        self._limiter = anyio.CapacityLimiter(1)

    @property
    def identity(self) -> str:
        """Changes with the weights, with what the model is asked, and with the form in which it is loaded."""
        return f"{self._model.identity}{self._asked_with}{'' if self._quantize == 'none' else f'/{self._quantize}'}"

    @property
    def _asked_with(self) -> str:
        """What beside the weights decides an answer: nothing, or a prompt's mark after a slash."""
        return ""

    def _form(self) -> Form:
        """How the model is loaded on this machine, as it is now. Loads torch."""
        return form_for(self._model, self._quantize, this_machine())
