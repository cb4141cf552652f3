"""From a map of text probabilities to turned rectangles: the lines of a picture.

Plain numpy: connected runs, convex hulls, and the smallest rectangle around each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..sessions.base import Array

_MIN_PIXEL: Final = 0.3
_MIN_SCORE: Final = 0.5
_MIN_SIDE: Final = 3.0
_UNCLIP: Final = 1.6
"""How far a region grows: the map marks the core of a line, its letters stand out."""
_MAX_REGIONS: Final = 200

_Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Region:
    """A turned rectangle, in pixels of the map; at most 45 degrees from upright."""

    centre: tuple[float, float]
    along: tuple[float, float]
    """Unit vector in the direction of reading."""
    width: float
    height: float
    score: float

    def corners(self, scale: tuple[float, float] = (1.0, 1.0)) -> _Points:
        """Return top left, bottom left, bottom right and top right, scaled."""
        x, y = self.along
        half = np.array([x, y]) * self.width / 2
        down = np.array([-y, x]) * self.height / 2
        middle = np.array(self.centre)
        found = [
            middle - half - down,
            middle - half + down,
            middle + half + down,
            middle + half - down,
        ]
        scaled: _Points = np.array(found) * np.array(scale)
        return scaled


def text_regions(probabilities: Array) -> list[Region]:
    """Return the regions of a map [height, width], in the order of reading."""
    mask = probabilities > _MIN_PIXEL
    mask[1:] |= mask[:-1].copy()
    mask[:, 1:] |= mask[:, :-1].copy()
    found = [
        region
        for runs in _components(mask)
        if (region := _region(runs, probabilities)) is not None
    ]
    found.sort(key=lambda region: -region.score * region.width * region.height)
    return _in_reading_order(found[:_MAX_REGIONS])


_Run = tuple[int, int, int]
"""Row, first column and the column after the last."""


def _components(mask: npt.NDArray[np.bool_]) -> list[list[_Run]]:
    """Return the runs of each connected set of pixels."""
    parent: list[int] = []
    runs: list[_Run] = []
    before: list[int] = []
    for row, line in enumerate(mask):
        here: list[int] = []
        for start, end in _runs(line):
            index = len(runs)
            runs.append((row, start, end))
            parent.append(index)
            here.append(index)
            for other in before:
                if runs[other][1] <= end and runs[other][2] >= start:
                    parent[_root(parent, other)] = _root(parent, index)
        before = here
    groups: dict[int, list[_Run]] = {}
    for index, run in enumerate(runs):
        groups.setdefault(_root(parent, index), []).append(run)
    return list(groups.values())


def _runs(line: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(line.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index


def _region(runs: Sequence[_Run], probabilities: Array) -> Region | None:
    total = sum(float(probabilities[row, a:b].sum()) for row, a, b in runs)
    score = total / sum(b - a for _, a, b in runs)
    if score < _MIN_SCORE:
        return None
    points = np.array(
        [(x, y) for row, a, b in runs for x in (a, b) for y in (row, row + 1)],
        np.float64,
    )
    centre, along, width, height = _smallest_rectangle(_hull(points))
    if min(width, height) < _MIN_SIDE:
        return None
    grow = 2 * width * height * _UNCLIP / (2 * (width + height))
    return Region(centre, along, width + grow, height + grow, score)


def _hull(points: _Points) -> _Points:
    """Return the corners of the convex hull, in order."""
    ordered = sorted(set(map(tuple, points.tolist())))

    def half(line: Sequence[Any]) -> list[Any]:
        kept: list[Any] = []
        for point in line:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], point) <= 0:
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def _turn(a: Any, b: Any, c: Any) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _smallest_rectangle(
    hull: _Points,
) -> tuple[tuple[float, float], tuple[float, float], float, float]:
    """Return centre, reading direction, width and height of the tightest rectangle."""
    edges = np.diff(np.vstack([hull, hull[:1]]), axis=0)
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    axes = edges / lengths[:, None]
    along = hull @ axes.T
    across = hull @ np.stack([-axes[:, 1], axes[:, 0]], axis=1).T
    widths, heights = np.ptp(along, axis=0), np.ptp(across, axis=0)
    best = int(np.argmin(widths * heights))
    axis = axes[best]
    middle_along = (along[:, best].max() + along[:, best].min()) / 2
    middle_across = (across[:, best].max() + across[:, best].min()) / 2
    normal = np.array([-axis[1], axis[0]])
    centre = axis * middle_along + normal * middle_across
    width, height = float(widths[best]), float(heights[best])
    if abs(axis[0]) < abs(axis[1]):  # reading goes along the flatter side
        axis, width, height = normal, height, width
    if axis[0] < 0:
        axis = -axis
    return (float(centre[0]), float(centre[1])), (axis[0], axis[1]), width, height


def _in_reading_order(regions: list[Region]) -> list[Region]:
    """Return them line by line: what overlaps in height is read left to right."""
    lines: list[list[Region]] = []
    for region in sorted(regions, key=lambda r: r.centre[1]):
        last = lines[-1] if lines else []
        if last and region.centre[1] - last[0].centre[1] < last[0].height / 2:
            last.append(region)
        else:
            lines.append([region])
    return [r for line in lines for r in sorted(line, key=lambda r: r.centre[0])]
