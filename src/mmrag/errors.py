"""Every error that mmrag raises on purpose.

    MMRagError
    ├── UsageError                the caller asked for something that makes no sense (exit 2)
    │   ├── SettingsError         a setting is unknown or has a wrong value
    │   ├── EmptyStoreError       nothing has been ingested yet
    │   └── TraceError            a trace cannot be replayed
    ├── StoreError                the store cannot be used
    │   ├── StoreBusyError        another process is writing
    │   ├── StoreFullError        the disk is full
    │   ├── StoreDamagedError     what is stored does not fit together
    │   └── IndexDriftError       the vector index differs from the catalog
    ├── UnreadableFileError       a file cannot be ingested: it goes to quarantine with this message
    │   ├── UnsupportedFormatError
    │   ├── EncryptedFileError
    │   ├── DamagedFileError
    │   ├── TooLargeError
    │   ├── EmptyFileError        no pages, or no bytes
    │   └── ReadTimeoutError
    ├── ModelError                a model could not answer; carries the usage already paid
    │   ├── ModelMissingError     its weights, package or key are not here, or the provider does not know it
    │   ├── ModelRequestError     the provider does not take the call as it was made; asking again is no use
    │   ├── ModelUnavailableError it did not answer in time, or not at all
    │   │   ├── ModelReplyError   it answered, twice, with something else than was asked for
    │   │   └── CircuitOpenError  its provider is in trouble and is left alone for a while; nothing was sent
    │   ├── ModelRefusedError
    │   ├── ModelCutOffError      its reply ended before it was complete
    │   ├── BudgetExceededError   the call would cost more than is allowed; it was not made
    │   └── PageStaysError        a page in it may not leave this machine (ask.keep_local); it was not sent
    ├── TurnedAwayError           too much is asked at once: the same again in a moment will do
    └── PromptError               a prompt file and its variables do not match

The message of each is one line that says what to do; ``--debug`` shows the traceback.
"""

from __future__ import annotations

from mmrag.domain.costs import Usage


class MMRagError(Exception):
    """The root of the tree. ``exit_code`` is what the command line ends with."""

    exit_code = 1


class UsageError(MMRagError):
    exit_code = 2


class SettingsError(UsageError):
    pass


class EmptyStoreError(UsageError):
    pass


class TraceError(UsageError):
    pass


class StoreError(MMRagError):
    pass


class StoreBusyError(StoreError):
    pass


class StoreFullError(StoreError):
    pass


class StoreDamagedError(StoreError):
    pass


class IndexDriftError(StoreError):
    pass


class UnreadableFileError(MMRagError):
    """Raised while reading one file; the pipeline turns it into a quarantined document and goes on."""


class UnsupportedFormatError(UnreadableFileError):
    pass


class EncryptedFileError(UnreadableFileError):
    pass


class DamagedFileError(UnreadableFileError):
    pass


class TooLargeError(UnreadableFileError):
    pass


class EmptyFileError(UnreadableFileError):
    pass


class ReadTimeoutError(UnreadableFileError):
    pass


class ModelError(MMRagError):
    """``usage`` is what was already paid for when it went wrong, so that the ledger stays true."""

    def __init__(self, message: str, *, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage if usage is not None else Usage()


class ModelMissingError(ModelError):
    pass


class ModelRequestError(ModelError):
    pass


class ModelUnavailableError(ModelError):
    """``retry_after_s`` is how many seconds the provider asked to wait, None when it did not say."""

    def __init__(self, message: str, *, usage: Usage | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, usage=usage)
        self.retry_after_s = retry_after_s


class ModelReplyError(ModelUnavailableError):
    pass


class CircuitOpenError(ModelUnavailableError):
    """``retry_after_s`` is how many seconds until the provider is tried again."""


class ModelRefusedError(ModelError):
    pass


class ModelCutOffError(ModelError):
    pass


class BudgetExceededError(ModelError):
    pass


class PageStaysError(ModelError):
    pass


class TurnedAwayError(MMRagError):
    pass


class PromptError(MMRagError):
    pass
