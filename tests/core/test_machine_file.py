"""A file that holds for one machine, and is read again only when it has changed."""

import pytest

from edge_runtime.machine_file import MachineFile

HERE = {"cpu": "one", "threads": 4}
THERE = {"cpu": "another", "threads": 4}


@pytest.fixture
def kept(tmp_path):
    return MachineFile(tmp_path / "home" / "measured.json")


def test_what_was_kept_holds_for_its_machine_alone(kept):
    assert kept.read(HERE) == {}
    kept.write(HERE, {"rate": 1.5})
    assert kept.read(HERE)["rate"] == 1.5
    assert kept.read(THERE) == {}
    assert kept.read(HERE)["rate"] == 1.5


def test_a_file_is_read_again_when_another_process_wrote_it(kept):
    kept.write(HERE, {"rate": 1})
    first = kept.read(HERE)
    assert kept.read(HERE) is first, "nothing has changed"
    MachineFile(kept.path).write(HERE, {"rate": 2})
    assert kept.read(HERE)["rate"] == 2
    kept.path.unlink()
    assert kept.read(HERE) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"machine": {}}', "\x00"])
def test_a_damaged_file_says_nothing(kept, text):
    kept.write(HERE, {"rate": 1})
    kept.read(HERE)
    kept.path.write_text(text)
    assert kept.read(HERE) == {}
