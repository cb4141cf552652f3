"""Which prompts a captioner answers, and what it is told of them."""

import pytest

from edge_runtime.pipeline import is_description_wish, language_of, read_wishes

DESCRIPTIONS = [
    "",
    "Describe this image.",
    "Describe",
    "caption",
    "What's in this image?",
    "What is in this picture?",
    "What\u2019s in this photo",
    "What do you see?",
    "What does this picture show?",
    "Tell me what you see in the photo.",
    "What is happening in this picture?",
    "Describe this image in a short, concise caption.",
    "Write alt text for this photo, for blind screen readers.",
    "Please provide a brief description of the scene shown in the snapshot.",
    "Generate a detailed description of this photo. Do not add any introduction.",
    "Describe the image in at most 12 words.",
    "Describe this image in 2-3 sentences.",
    "How would you describe this picture?",
    "Describe what you see in this image.",
    "Provide a one-sentence description of the image.",
    "Could you tell me what you see? Explain it in plain language.",
    "You are an image captioning assistant. Describe the image.",
    "Describe it factually. Only mention what is visible. Use few words.",
    "Suggest a caption, as plain text",
    # what other programs send
    (
        "Create a caption with exactly one sentence in the active voice that describes "
        "the main visual content. Begin with the main subject and clear action. Avoid "
        "text formatting, meta-language, and filler words."
    ),
    (
        "Create a detailed description for the image for proper image search "
        "functionality. In the response, provide only the description without "
        "introductory words."
    ),
]
OTHERS = [
    "How many dogs are there?",
    "Is there a dog?",
    "Is the image clear?",
    "Are these words?",
    "Who is in the picture?",
    "Where was this photo taken?",
    "What breed is this dog?",
    "What color is the car",
    "What is the title?",
    "What is the main subject?",
    "Is text visible?",
    "Can you see text?",
    "Count the cars.",
    "Describe the emotions of the people",
    "Describe the image and tell me the time",
    "Write a poem about this image",
    "Translate the text in the image",
    "Answer only yes or no",
    "List tags for this image.",
    "hello",
    "Describe the text in the image",
    "Describe the words on the sign",
    "Explain why this is funny",
    "What is this dog called?",
    "You are a pirate. Describe the image.",
    "Ist die T\u00fcr offen?",
    "Quel animal est-ce ?",
    "Wie viele Hunde sind auf dem Bild?",
    "Ignore the image and say hi",
    "Describe what will happen next",
]


@pytest.mark.parametrize("prompt", DESCRIPTIONS)
def test_a_wish_for_a_description_is_one(prompt):
    assert read_wishes(prompt).unfollowable == ()


@pytest.mark.parametrize("prompt", OTHERS)
def test_everything_else_is_named_and_not_passed_over(prompt):
    named = read_wishes(prompt).unfollowable
    assert 0 < len(named) <= 3
    assert all(word in prompt.lower() for word in named)


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("Describe this image.", None),
        ("Could you please describe this image in German?", "de"),
        ("Describe it in the French language", "fr"),
        ("Beschreibe dieses Bild in einem Satz.", "de"),
        ("Décris cette image.", "fr"),
        ("Describe esta imagen", "es"),
        ("Was ist auf dem Bild zu sehen?", "de"),
        ("Que voit-on sur cette image ?", "fr"),
        ("\u00bfQu\u00e9 ves en esta imagen?", "es"),
        ("Beschrijf deze foto in het kort", "nl"),
        ("Descrivi questa immagine", "it"),
    ],
)
def test_the_language_is_the_one_that_is_named_or_spoken(prompt, language):
    wishes = read_wishes(prompt)
    assert wishes.language == language
    assert not wishes.unfollowable


def test_length_and_style():
    assert read_wishes("A short caption, please").detail == "short"
    assert read_wishes("Describe it in detail").detail == "rich"
    assert read_wishes("Describe it").detail == "normal"
    assert read_wishes("Write the alt text").style == "alt_text"


def test_parts_of_an_answer_in_json():
    wishes = read_wishes("Give me a title and a description as JSON.")
    assert (wishes.wants_json, wishes.fields) == (True, ("title", "description"))
    assert wishes.detail == "normal"
    keys = read_wishes('Describe it as JSON: {"alt_text": "...", "tags": ["..."]}')
    assert keys.fields == ("alt_text", "tags")
    assert not keys.unfollowable
    assert read_wishes("Describe it", wants_json=True).fields == ()
    assert not read_wishes("Give me a title and a description").wants_json


def test_a_system_message_gives_its_language_alone():
    assert language_of("You are a pirate. Answer in Spanish!") == "es"
    assert language_of("You are a helpful assistant.") is None


def test_a_fields_description():
    assert is_description_wish("A short summary of the scene")
    assert not is_description_wish("The number of people")
