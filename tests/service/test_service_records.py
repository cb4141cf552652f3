"""Frozen records after they share their methods: as they were, and smaller."""

from dataclasses import FrozenInstanceError, dataclass, field
import sys

import pytest

from edge_runtime.service.records import share_methods


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2
    hidden: str = field(default="h", repr=False)


@dataclass(frozen=True)
class Named:
    name: str

    def __repr__(self):
        return f"<{self.name}>"


@dataclass(frozen=True)
class Parent:
    a: int


class Heir(Parent):
    pass


@pytest.fixture(scope="module")
def shared():
    """Classes of this module, as if they were of the package; as they were before."""
    module = type(sys)("edge_runtime.made_for_a_test")
    before = {kind: dict(vars(kind)) for kind in (Point, Named, Parent)}
    with pytest.MonkeyPatch.context() as patched:
        for kind in (Point, Named, Parent, Heir):
            patched.setattr(kind, "__module__", module.__name__)
            setattr(module, kind.__name__, kind)
        patched.setitem(sys.modules, module.__name__, module)
        share_methods()
        yield before


def test_a_record_still_refuses_every_change(shared):
    point = Point(1)
    assert vars(Point)["__setattr__"] is not shared[Point]["__setattr__"]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 5
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'y'"):
        del point.y
    assert (point, hash(point)) == (Point(1), hash(Point(1)))


def test_it_shows_itself_as_before(shared):
    assert repr(Point(1, 3)) == "Point(x=1, y=3)"
    assert vars(Point)["__repr__"] is not shared[Point]["__repr__"]


def test_what_somebody_wrote_stays(shared):
    assert vars(Named)["__repr__"] is shared[Named]["__repr__"]
    assert repr(Named("n")) == "<n>"


def test_a_record_with_heirs_keeps_its_methods(shared):
    assert vars(Parent)["__setattr__"] is shared[Parent]["__setattr__"]
    heir = Heir(1)
    heir.more = 2
    assert heir.more == 2


def test_two_kinds_share_one_method(shared):
    assert vars(Point)["__setattr__"] is vars(Named)["__setattr__"]
