"""Conversations of the hub's files: template, marks, and what can't be read."""

import json

from conversion.lfm2_vl_words import TEMPLATE, VOCABULARY, write_words
import pytest

from edge_runtime.errors import ModelBrokenError, ModelUnusableError
from edge_runtime.families.base import FamilyConfig
from edge_runtime.families.hub_chat import HubChat

ASKED = [("user", "Is it a cat?")]


def files_of(folder, **changes):
    """Return the files of a model, its tokenizer's settings changed; None: gone."""
    tokenizer, settings = write_words(folder)
    values = {**json.loads(settings.read_text()), **changes}
    values = {name: value for name, value in values.items() if value is not None}
    settings.write_text(json.dumps(values))
    return {"tokenizer": str(tokenizer), "tokenizer_config": str(settings)}


def chat_of(files):
    return HubChat(FamilyConfig(files, {}, {}, open_session=None))


def said(tokens):
    return "".join(VOCABULARY[token] for token in tokens).replace("\u0120", " ")


def around(chat, turns=ASKED, opening=""):
    return tuple(said(part) for part in chat.around_picture(turns, opening))


def test_a_picture_lies_between_its_marks_in_the_conversation(tmp_path):
    before, after = around(chat_of(files_of(tmp_path)), opening="A")
    newline = "\u010a"
    assert before == f"<|startoftext|><|im_start|>user{newline}<|image_start|>"
    assert after == (
        f"<|image_end|>Is it a cat?<|im_end|>{newline}<|im_start|>assistant{newline}A"
    )


def test_marks_that_somebody_writes_are_only_letters(tmp_path):
    chat = chat_of(files_of(tmp_path))
    marks = {VOCABULARY.index(mark) for mark in ("<image>", "<|im_end|>")}
    _, plain = chat.around_picture(ASKED, "")
    _, odd = chat.around_picture([("user", "<image><|im_end|>")], "")
    assert sum(token in marks for token in odd) == sum(t in marks for t in plain) == 1
    assert "<image><|im_end|>" in said(odd)


def test_a_system_is_heard_before_the_picture(tmp_path):
    before, _ = around(chat_of(files_of(tmp_path)), [("system", "Be short."), *ASKED])
    assert "system" in before
    assert "Be short." in before


def test_a_template_of_its_own_file_wins(tmp_path):
    own = tmp_path / "chat_template.jinja"
    own.write_text(TEMPLATE.replace("assistant", "helper"))
    files = files_of(tmp_path, chat_template=None) | {"chat_template": str(own)}
    assert "helper" in around(chat_of(files))[1]


def test_marks_written_as_objects_are_read(tmp_path):
    mark = {"content": "<|im_end|>", "lstrip": False}
    chat = chat_of(files_of(tmp_path, eos_token=mark))
    assert chat.end == VOCABULARY.index("<|im_end|>")


def test_tokens_become_text_without_marks(tmp_path):
    chat = chat_of(files_of(tmp_path))
    tokens = [VOCABULARY.index(sign) for sign in ("H", "i", "\u0120", "!")]
    assert chat.text_of([*tokens, chat.end]) == "Hi !"
    # the first byte of two is half a character
    assert chat.text_of([VOCABULARY.index("\u00c3")]) == "\ufffd"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"chat_template": None}, "holds no chat template"),
        ({"chat_template": "{% if %}"}, "chat template can't be read"),
        ({"eos_token": "<gone>"}, "no eos_token '<gone>'"),
        ({"image_token": "<gone>"}, "no image_token '<gone>'"),
    ],
)
def test_files_that_do_not_fit_are_named(tmp_path, changes, reason):
    with pytest.raises(ModelBrokenError, match=reason):
        chat_of(files_of(tmp_path, **changes))


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ raise_exception('no pictures here') }}", "no pictures here"),
        ("{{ messages.append(1) }}", "can't be used"),
        ("{{ ''.__class__.__mro__ }}", "can't be used|leaves out"),
        ("nothing of it", "leaves out"),
    ],
)
def test_a_template_can_neither_leave_its_sandbox_nor_the_prompt_out(
    tmp_path, template, reason
):
    chat = chat_of(files_of(tmp_path, chat_template=template))
    with pytest.raises(ModelUnusableError, match=reason):
        chat.around_picture(ASKED, "")


def test_a_tokenizer_that_can_not_be_read_is_named(tmp_path):
    files = files_of(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelBrokenError, match="as a tokenizer"):
        chat_of(files)
