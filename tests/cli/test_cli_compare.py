"""`edge-captions compare` on a real photo, by real models."""

from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "edge_runtime" / "bundled" / "samples"
DOGS = SAMPLES / "dogs-on-grass.jpg"


def test_the_ways_stand_side_by_side(cli):
    done = cli("compare", DOGS, "--place", "Lisbon", "--json")
    assert done.code == 0, done.err
    (photo,) = done.objects
    ways = {way["way"]: way for way in photo["ways"]}
    names = ["im2txt-flickr8k", "tiny-captioner", "with what is known"]
    assert list(ways)[:3] == names
    bare, known = ways["tiny-captioner"], ways["with what is known"]
    assert (bare["text_path"], bare["facts"]) == ("visual", [])
    assert known["caption"] == bare["caption"].rstrip(".") + " in Lisbon."
    assert known["text_path"] == "template"
    assert ways["im2txt-flickr8k"]["model"] == "im2txt-flickr8k"
    assert ways["by a language model"]["why_not"]


def test_what_is_missing_says_why_and_a_broken_photo_stops_nothing(cli, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    done = cli("compare", broken, DOGS, "--facts", "none")
    assert done.code == 1
    assert "broken.jpg" in done.err
    assert "  with what is known: - (no facts are known)" in done.lines
    assert any(line.startswith("  by a language model: - (") for line in done.lines)
