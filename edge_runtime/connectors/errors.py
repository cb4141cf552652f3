"""What can go wrong with another program."""

from ..errors import EdgeRuntimeError


class ConnectorError(EdgeRuntimeError):
    """Another program can't be reached or answers with an error; it may pass."""

    code = "connector_failed"
    status = 502


class ConnectorRefusedError(ConnectorError):
    """The other program doesn't want this, and won't the next time either."""

    code = "connector_refused"


class ConnectorSetupError(ConnectorError):
    """The connector can't work as it is set up."""

    code = "connector_setup"
    status = 409
