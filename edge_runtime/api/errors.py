"""What can be wrong with a request, whatever it asks for."""

from ..errors import EdgeRuntimeError


class RequestError(EdgeRuntimeError):
    """A request can't be served as it was sent."""

    code = "invalid_request"
    status = 400


class NotFoundError(RequestError):
    """There is nothing at this address."""

    code = "not_found"
    status = 404


class MethodNotAllowedError(RequestError):
    """The address exists and doesn't know this method."""

    code = "method_not_allowed"
    status = 405


class BodyTooLargeError(RequestError):
    """The body is larger than the service takes."""

    code = "body_too_large"
    status = 413


class MediaTypeError(RequestError):
    """The body is of a type that this address doesn't read."""

    code = "media_type_unsupported"
    status = 415


class BodyTimeoutError(RequestError):
    """The body did not arrive in time."""

    code = "body_timeout"
    status = 408


class UnauthorizedError(RequestError):
    """The request carries no token, or one that doesn't count (any more)."""

    code = "unauthorized"
    status = 401


class ForbiddenError(RequestError):
    """The token is good and doesn't reach this far."""

    code = "forbidden"
    status = 403


class CrossSiteError(ForbiddenError):
    """Another site's page sent this request through the person's browser."""

    code = "cross_site_request"


class HostNotAllowedError(RequestError):
    """The request names a host that this service doesn't answer for."""

    code = "host_not_allowed"
    status = 421


class BusyError(RequestError):
    """Too much at once; `retry_after_s` says when to come back."""

    code = "too_many_requests"
    status = 429

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class InternalError(EdgeRuntimeError):
    """A fault of the service; the log tells more under the request's id."""

    code = "internal_error"
    status = 500
