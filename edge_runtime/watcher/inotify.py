"""The kernel's word that something changed below a folder, by way of the C library."""

import ctypes
import errno
import os
from pathlib import Path
from typing import Final, Self

_CLOEXEC: Final = os.O_CLOEXEC
_NONBLOCK: Final = os.O_NONBLOCK
_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO = 0x8, 0x40, 0x80
_CREATE, _DELETE = 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_ONLYDIR: Final = 0x0100_0000
_MASK: Final = (
    _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF
    | _MOVE_SELF | _ONLYDIR
)  # fmt: skip
_READ_BYTES: Final = 65_536


class InotifyUnavailableError(Exception):
    """The kernel has no room for more watches, or knows no inotify."""


class Inotify:
    """Hears of changes in the folders it is told to watch; `descriptor` gets readable.

    What changed is not of interest: a look at the folder finds it, whatever it was.
    """

    def __init__(self, descriptor: int, library: ctypes.CDLL) -> None:
        self.descriptor = descriptor
        self._library = library
        self._watched: dict[bytes, int] = {}

    @classmethod
    def open(cls) -> Self:
        """Return a new listener; raise InotifyUnavailableError if there can be none."""
        library = ctypes.CDLL(None, use_errno=True)
        try:
            descriptor = library.inotify_init1(_CLOEXEC | _NONBLOCK)
        except AttributeError:
            raise InotifyUnavailableError("the C library knows no inotify") from None
        if descriptor < 0:
            raise InotifyUnavailableError(os.strerror(ctypes.get_errno()))
        return cls(descriptor, library)

    def watch(self, root: Path, folders: list[bytes]) -> bool:
        """Watch these folders below a root and no others; return whether one is new."""
        base = os.fsencode(root) + b"/"
        wanted = {base + folder for folder in folders}
        for path in self._watched.keys() - wanted:
            self._library.inotify_rm_watch(self.descriptor, self._watched.pop(path))
        added = wanted - self._watched.keys()
        for path in added:
            number = self._library.inotify_add_watch(
                self.descriptor, ctypes.c_char_p(path), ctypes.c_uint32(_MASK)
            )
            if number >= 0:
                self._watched[path] = number
                continue
            code = ctypes.get_errno()
            if code in {errno.ENOSPC, errno.ENOMEM, errno.ENOSYS}:
                raise InotifyUnavailableError(os.strerror(code))
            # gone meanwhile, or not ours to read: the next look says so
        return bool(added & self._watched.keys())

    def drain(self) -> bool:
        """Read away what was reported; return whether there was anything."""
        heard = False
        while True:
            try:
                heard = bool(os.read(self.descriptor, _READ_BYTES)) or heard
            except BlockingIOError:
                return heard
            except OSError:
                return heard

    def close(self) -> None:
        """Stop listening."""
        os.close(self.descriptor)
