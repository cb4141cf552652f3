"""`/api/v1/folders`: look for a folder of photos to watch."""

import asyncio
from typing import Final

from ..service import FolderNotFoundError, PathNotAllowedError
from ..service.library import MAX_FOLDERS, list_folder
from .fields import Integer, ListOf, Text, answer
from .routing import API, Call, Reply, RouteTable
from .scopes import Scope

ROUTES: Final = RouteTable("photos")
MAX_ASKED: Final = 600
"""Characters of a path in an address: a request's first line holds 8 kB, percent signs
included."""
_PATH: Final = Text(max_length=5000)


@ROUTES.get(
    f"{API}/folders",
    summary="List the folders in an allowed folder; without a path the allowed ones",
    scope=Scope.ADMIN,
    query={"path": Text(required=False, min_length=1, max_length=MAX_ASKED)},
    answer=answer(
        path=Text(nullable=True, max_length=5000),
        parent=Text(nullable=True, max_length=5000),
        folders=ListOf(item=answer(name=_PATH, path=_PATH), max_items=MAX_FOLDERS),
        photos=Integer(minimum=0),
    ),
    errors=(FolderNotFoundError, PathNotAllowedError),
)
async def list_folders(call: Call) -> Reply:
    """Return what can be chosen, and how many photos lie directly in the folder."""
    allowed = call.service.library.allowed_folders()
    found = await asyncio.to_thread(list_folder, call.query["path"], allowed)
    return {
        "path": None if found.path is None else str(found.path),
        "parent": None if found.parent is None else str(found.parent),
        "folders": [
            {"name": folder.name or str(folder), "path": str(folder)}
            for folder in found.folders
        ],
        "photos": found.photos,
    }
