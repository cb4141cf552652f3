"""What can stand in the way of a folder that is to be watched."""

from ...errors import EdgeRuntimeError


class FolderNotFoundError(EdgeRuntimeError):
    """There is no folder at this path."""

    code = "folder_not_found"
    status = 404


class FolderWatchedError(EdgeRuntimeError):
    """The folder, or one that holds it or lies in it, is watched already."""

    code = "folder_watched"
    status = 409


class FolderInConfigError(EdgeRuntimeError):
    """The folder is set in `config.yaml`, which alone can change it."""

    code = "folder_in_config"
    status = 409


class NoFolderError(EdgeRuntimeError):
    """The source is a camera or the uploads: there is no folder to look at."""

    code = "source_is_no_folder"
    status = 409


class FolderOfflineError(EdgeRuntimeError):
    """The folder's disk or share is not there now."""

    code = "folder_offline"
    status = 409


class SourceHasCaptionsError(EdgeRuntimeError):
    """To remove the source would forget words of a person."""

    code = "source_has_captions"
    status = 409
