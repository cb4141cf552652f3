"""The lab's own modules, and an emulated machine with this environment's product."""

from pathlib import Path
import platform
import sys

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "lab"))

from checks import Bench
from debian_packages import PackagesError
from installing import Installed, emulators
from machines import BY_NAME


@pytest.fixture(scope="session")
def qemu() -> Path:
    """Return the folder of qemu's programs, or skip."""
    try:
        return emulators()
    except (PackagesError, OSError) as err:
        pytest.skip(f"qemu can't be had: {err}")


@pytest.fixture
def core2(qemu, tmp_path) -> Bench:
    """Return a CPU without SSE4, with the product of this environment."""
    if platform.machine() != "x86_64":
        pytest.skip("this environment's product is not for x86-64")
    product = Installed(Path(sys.executable), "tests")
    return Bench(BY_NAME["core2"], product, qemu, tmp_path / "home")
