from edge_runtime.errors import ConfigError
from edge_runtime.preferences import Preference, SelectionSettings, parse_selection
from edge_runtime.schemas import Task
from edge_runtime.yaml_reader import parse_yaml


def layer(text):
    value = parse_yaml(text, "config.yaml", ConfigError)
    assert value is not None
    return parse_selection(value)


def test_later_layers_win_where_they_say_something():
    manifest = layer("{ocr: none, prefer: memory, seconds_per_photo: 20}")
    config = layer("{image-to-text: small, prefer: quality}")
    request = layer("{image-to-text: large}")

    merged = SelectionSettings().overlaid(manifest, None, config)
    assert merged.choice(Task.IMAGE_TO_TEXT) == "small"
    assert merged.choice(Task.OCR) == "none"
    assert merged.prefer is Preference.QUALITY  # said, though it is the default
    assert merged.seconds_per_photo == 20
    assert merged.overlaid(request).choice(Task.IMAGE_TO_TEXT) == "large"
    assert SelectionSettings().overlaid() == SelectionSettings()
    assert merged.choice(Task.TRANSLATION) == "auto"
