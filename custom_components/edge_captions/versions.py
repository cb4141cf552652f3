"""Which versions of the API the two sides speak."""

from typing import Final

from .client_errors import IntegrationTooOldError, RuntimeTooOldError
from .records import Info

API_VERSION: Final = 1
"""The version of the API that this client was written for."""
MIN_API_VERSION: Final = 1
"""The oldest version that it still understands."""


def check_versions(info: Info) -> None:
    """Raise if a runtime and this client speak no version in common."""
    if info.api_version < MIN_API_VERSION:
        raise RuntimeTooOldError(
            f"the runtime {info.version} speaks API {info.api_version}, "
            f"{MIN_API_VERSION} is needed"
        )
    if info.min_api_version > API_VERSION:
        raise IntegrationTooOldError(
            f"the runtime {info.version} needs API {info.min_api_version}, "
            f"this integration speaks {API_VERSION}"
        )
