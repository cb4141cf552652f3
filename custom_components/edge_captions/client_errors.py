"""What can go wrong between Home Assistant and the runtime."""


class ClientError(Exception):
    """The runtime could not do what was asked of it."""

    code = "failed"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class CannotConnectError(ClientError):
    """The runtime can't be reached, or went away before it had answered."""

    code = "cannot_connect"


class TimedOutError(CannotConnectError):
    """The runtime did not answer in time."""

    code = "timed_out"


class NotEdgeCaptionsError(ClientError):
    """Something answers at this address, and it is not Edge Captions."""

    code = "not_edge_captions"


class AuthError(ClientError):
    """The token is missing, unknown, revoked or doesn't reach this far."""

    code = "invalid_auth"


class BusyError(ClientError):
    """The runtime has too much to do; `retry_after_s` says when to come back."""

    code = "queue_full"

    def __init__(
        self, message: str, code: str | None = None, retry_after_s: float = 1.0
    ) -> None:
        super().__init__(message, code)
        self.retry_after_s = retry_after_s


class RefusedError(ClientError):
    """The runtime answered with an error of its own; `code` says which."""


class VersionError(ClientError):
    """The two sides speak no version of the API in common."""

    code = "version"


class RuntimeTooOldError(VersionError):
    """The runtime must be updated."""

    code = "runtime_too_old"


class IntegrationTooOldError(VersionError):
    """This integration must be updated."""

    code = "integration_too_old"
