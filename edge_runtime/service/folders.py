"""Which files of this machine a client may name: those in the allowed folders."""

from collections.abc import Iterable
import os
from pathlib import Path
import stat

from ..errors import PhotoIsFolderError, PhotoNotFoundError, PhotoUnreadableError
from ..units import printable
from .errors import PathNotAllowedError


def allowed_photo(text: str, folders: Iterable[Path]) -> Path:
    """Return the real path of a photo that a client names.

    Links are followed first, so that none leads out. Outside the folders the answer is
    the same whether a file exists or not. Blocks on the disk.
    """
    name = printable(text)
    roots = [Path(os.path.realpath(folder)) for folder in folders]
    if "\0" in text or not Path(text).is_absolute():
        raise PathNotAllowedError(f"{name}: name a photo by its whole path")
    real = Path(os.path.realpath(text))
    if not any(real.is_relative_to(root) and real != root for root in roots):
        raise PathNotAllowedError(
            f"{name}: lies in no folder that clients may name photos of; "
            "add its folder to allowed_folders"
        )
    return checked_file(real, name)


def checked_file(path: Path, name: str) -> Path:
    """Return a path if it is a file that can be there as a photo; else raise why."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise PhotoNotFoundError(f"{name}: there is no such file") from None
    except OSError as err:
        raise PhotoUnreadableError(f"{name}: can't be read: {err.strerror}") from None
    if stat.S_ISDIR(mode):
        raise PhotoIsFolderError(f"{name}: is a folder; name a photo inside it")
    if not stat.S_ISREG(mode):
        raise PhotoUnreadableError(f"{name}: is no file; name a photo file")
    return path
