"""Full-text search over captions, tags, names, places and files.

Results come in two tiers: photos where a caption, the tags or the people have every
word, then those that need a suggestion, place or file name for it; the newest first
within each. Both are orders of the index itself, so a page takes no sort, and photos
that are added later never move the pages behind a cursor.
"""

from dataclasses import replace
import logging
import sqlite3
from typing import Final, TypeVar

from . import search_index
from .cursors import Page, check_limit, decode_cursor, encode_cursor, integer, page_of
from .database import Database
from .errors import SearchDamagedError
from .filters import PhotoQuery, photo_query
from .positions import ABOVE_ALL
from .records import PhotoFilter, SearchHit
from .rows import photo_of
from .search_text import Term, highlights, query_terms
from .writer import Work

_LOGGER = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")
_EVERYTHING: Final = PhotoFilter()
_FIRST_TIER: Final = "{caption tags people}"
_TIERS: Final = 2


class Search:
    """Finds photos by words."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def photos(
        self,
        query: str,
        wanted: PhotoFilter = _EVERYTHING,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[SearchHit]:
        """Return the photos that have every word of a query, the best first.

        `"words in quotes"` must follow each other; the last word may be unfinished,
        unless a space follows it. Anything else in the query is data, never syntax.
        """
        check_limit(limit)
        tier, below = (0, ABOVE_ALL) if cursor is None else _decoded(cursor)
        terms = query_terms(query)
        if not terms:
            return Page(())

        def work(connection: sqlite3.Connection) -> Page[SearchHit]:
            rows = _rows(connection, terms, wanted, (tier, below), limit + 1)
            return page_of(
                rows,
                limit,
                lambda row: _hit(connection, row, terms),
                lambda row: encode_cursor("search", row["tier"], row["position"]),
            )

        return await self._mended(work)

    async def mend(self) -> None:
        """Make the index anew if it can't be used at all."""
        await self._mended(lambda connection: _rows_with(connection, "a"))

    async def rebuild(self) -> None:
        """Make the index anew from the tables."""
        await self._database.write(search_index.rebuild)

    async def _mended(self, work: Work[ResultT]) -> ResultT:
        try:
            return await self._database.read(work)
        except SearchDamagedError as err:
            _LOGGER.warning("%s; it is made anew", err)
        await self.rebuild()
        return await self._database.read(work)


def _rows_with(connection: sqlite3.Connection, word: str) -> bool:
    query = "SELECT 1 FROM search WHERE search MATCH ? LIMIT 1"
    return connection.execute(query, (word,)).fetchone() is not None


def match_expression(terms: list[Term], tier: int) -> str:
    """Return what FTS5 matches for a tier; all words are quoted."""
    anywhere = " AND ".join(term.to_fts() for term in terms)
    first = f"{_FIRST_TIER} : ({anywhere})"
    return first if tier == 0 else f"({anywhere}) NOT ({first})"


def _rows(
    connection: sqlite3.Connection,
    terms: list[Term],
    wanted: PhotoFilter,
    start: tuple[int, int],
    count: int,
) -> list[sqlite3.Row]:
    query = photo_query(wanted, lead="search")
    rows: list[sqlite3.Row] = []
    for tier in range(start[0], _TIERS):
        below = start[1] if tier == start[0] else ABOVE_ALL
        missing = count - len(rows)
        if missing:
            match = match_expression(terms, tier)
            rows += _tier(connection, query, (tier, match, below), missing)
    return rows


def _tier(
    connection: sqlite3.Connection,
    query: PhotoQuery,
    place: tuple[int, str, int],
    count: int,
) -> list[sqlite3.Row]:
    tier, match, below = place
    return connection.execute(
        f"SELECT ? AS tier, photos.* FROM {query.tables}"  # noqa: S608  # our own names
        f" WHERE search MATCH ? AND search.rowid < ? AND {query.where()}"
        " ORDER BY search.rowid DESC LIMIT ?",
        (tier, match, below, *query.parameters, count),
    ).fetchall()


def _hit(
    connection: sqlite3.Connection, row: sqlite3.Row, terms: list[Term]
) -> SearchHit:
    texts = search_index.words_of_photo(connection, row["id"])
    best, most = SearchHit(photo_of(row), "caption", "", ()), 0
    for field, text in ((name, text) for name in texts for text in texts[name]):
        count, spans = highlights(text, terms)
        if count > most:
            best = replace(best, field=field, text=text, highlights=tuple(spans))
            most = count
        if most == len(terms):
            break
    return best


def _decoded(cursor: str) -> tuple[int, int]:
    tier, below = map(integer, decode_cursor("search", cursor, length=2))
    return (tier, below)
