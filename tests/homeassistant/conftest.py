"""Home Assistant's own test fixtures, a fake runtime and entries that use it."""

from importlib.util import find_spec

if find_spec("homeassistant") is None:
    # scripts/test_homeassistant runs these with a Python that has Home Assistant
    collect_ignore_glob = ["*"]
else:
    # imports our custom_components, before the plug-in puts its own in the way
    from fixtures import *  # noqa: F403
