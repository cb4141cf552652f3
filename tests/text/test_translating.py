"""Translations: what must survive, what is refused, and the tokenizer's pieces."""

import re

import pytest

from edge_runtime.config import Settings
from edge_runtime.errors import ModelBrokenError, WorkerCrashedError
from edge_runtime.families.unigram import UnigramTokenizer, load_unigram, read_json
from edge_runtime.inference.text_messages import (
    GenerateAnswer,
    TranslateAnswer,
    TranslateJob,
)
from edge_runtime.pipeline.translating import CaptionTranslator, ChatTranslator
from edge_runtime.runtime import EdgeRuntime
from tests.text.conftest import model_home

DOG = "A dog runs on the beach."
CHIEN = "Un chien court sur la plage."


class Scripted:
    """A translator that says what it is told to."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def translate(self, job: TranslateJob) -> TranslateAnswer:
        self.asked += job.texts
        return TranslateAnswer((self.answers.pop(0),), {})


async def said(text, *answers, names=()):
    translator = Scripted(*answers)
    result = await CaptionTranslator(translator, "m", "fr").translate(text, names)
    return result, translator


async def test_a_plain_sentence_is_taken():
    result, _ = await said(DOG, CHIEN)
    assert (result.text, result.reason) == (CHIEN, "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "no sentence"),
        (DOG, "not in 'fr'"),
        ("Ein Hund läuft am Strand und ist nass.", "not in 'fr'"),
        ("Deux 2 chiens courent sur la plage.", "number"),
        ("Un chien court sur la plage.\nOu non.", "no sentence"),
        (f"{CHIEN} " * 9, "no sentence"),
    ],
)
async def test_what_is_no_translation_is_refused(answer, reason):
    result, _ = await said(DOG, answer)
    assert result.text is None
    assert reason in result.reason


async def test_names_hashtags_and_quotes_are_put_back():
    text = 'Anna in Lisbon at "CAFE CENTRAL" #lisbon'
    result, translator = await said(
        text,
        'Anne à Lisbonne au "CAFÉ CENTRAL" #lisbonne',
        "Zelb à Zarn au X1 X2",
        names=["Anna", "Lisbon"],
    )
    kept = ["Anna", "Lisbon", '"CAFE CENTRAL"', "#lisbon"]
    assert result.text is not None
    assert all(part in result.text for part in kept)
    assert not any(part in translator.asked[1] for part in kept)


async def test_a_lost_name_costs_the_translation():
    result, _ = await said(
        "Anna runs on the beach.",
        "Elle court sur la plage.",
        "Elle court.",
        names=["Anna"],
    )
    assert result.text is None
    assert "lost Anna" in result.reason


async def test_a_crash_costs_the_translation_alone():
    class Crashing:
        async def translate(self, job):
            raise WorkerCrashedError("it went")

    result = await CaptionTranslator(Crashing(), "m", "fr").translate(DOG)
    assert (result.text, result.reason) == (None, "it went")


async def test_a_language_model_can_stand_in():
    class Model:
        async def generate(self, job):
            assert "German" in job.turns[0].text
            return GenerateAnswer(" Ein Hund läuft am Strand. ", "stop", 1, 0, 1, {})

    chat = ChatTranslator(Model(), "de")
    result = await CaptionTranslator(chat, "m", "de").translate(DOG)
    assert result.text == "Ein Hund läuft am Strand."


@pytest.mark.parametrize(
    ("back", "lost"),
    [("The dog is running on a beach.", ""), ("A cat is on a beach.", "no dog")],
)
async def test_a_model_that_drifts_is_found_out_on_the_way_back(back, lost):
    translator = CaptionTranslator(Scripted(CHIEN), "m", "fr", Scripted(back))
    result = await translator.translate(DOG)
    assert (result.text is None) == bool(lost)
    assert lost in result.reason


def test_a_text_is_cut_into_its_likeliest_pieces():
    pieces = [("</s>", 0.0), ("<unk>", 0.0), ("▁a", -2.0), ("▁", -3.0), ("dog", -4.0)]
    pieces += [("▁dog", -3.5), ("d", -6.0), ("s", -3.0)]
    tokenizer = UnigramTokenizer(pieces, 1)
    assert tokenizer.encode("a  dogs") == [2, 5, 7]
    assert tokenizer.decode([2, 5, 7]) == "a dogs"
    assert tokenizer.encode("a é") == [2, 3, 1]
    assert tokenizer.encode("  ") == []


def test_a_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "tokenizer.json"
    with pytest.raises(ModelBrokenError, match="can't be read"):
        read_json(str(path))
    path.write_text("[]")
    with pytest.raises(ModelBrokenError, match="object"):
        read_json(str(path))
    with pytest.raises(ModelBrokenError, match="unigram"):
        load_unigram(str(path), {"model": {"vocab": {"a": 1}}})


REFERENCE = {
    # what transformers 5 says for the checkpoint, greedily
    "A brown dog is running through the grass.": "Un chien brun coule dans l'herbe.",
    "Two people are sitting on a bench.": "Deux personnes sont assises sur un banc.",
    "A man in a white shirt is playing a guitar.": (
        "Un homme en chemise blanche joue de la guitare."
    ),
    "Anna is sitting on a bench with a dog in Lisbon on 24 December 2023.": (
        "Anna est assise sur un banc avec un chien à Lisbonne le 24 décembre 2023."
    ),
}


@pytest.fixture
async def french():
    home = model_home("opus-mt-en-fr", "run scripts/opus_mt_en_fr")
    async with EdgeRuntime(Settings(home=home, threads=1)) as runtime:
        yield runtime.runner(runtime.model("opus-mt-en-fr"))


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_real_weights_say_what_their_makers_code_says(french):
    job = TranslateJob(tuple(REFERENCE), {"num_beams": 1})
    answer = await french.translate(job)
    assert answer.texts == tuple(REFERENCE.values())


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_real_weights_keep_names_and_hashtags(french):
    translator = CaptionTranslator(french, "opus-mt-en-fr", "fr")
    text = 'Anna stands in Lisbon under a sign that says "CAFE CENTRAL" #lisbon'
    result = await translator.translate(text, ["Anna", "Lisbon"])
    assert result.text is not None, result.reason
    for part in ("Anna", "Lisbon", '"CAFE CENTRAL"', "#lisbon"):
        assert re.search(rf"(?<!\w){re.escape(part)}(?!\w)", result.text), result.text
