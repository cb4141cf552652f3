"""What captions name: captions in the style of Flickr8k and COCO, written for this."""

import pytest

from edge_runtime.pipeline import parse
from edge_runtime.pipeline.tagging import singular

CAPTIONS = {
    "a man in a red shirt is walking a dog on the beach": "man/red shirt/dog/beach",
    "two dogs are running through the grass": "dogs/grass",
    "a brown dog bounds across the sand": "brown dog/sand",
    "a black and white dog jumps over a log": "black and white dog/log",
    "a brown dog and a white cat lie on a couch": "brown dog/white cat/couch",
    "a boy swings on a swing": "boy/swing",
    "a girl slides down a blue slide": "girl/blue slide",
    "three children play soccer in a field": "children/soccer/field",
    "people walk on a busy street": "people/busy street",
    "a man is sitting on a bicycle": "man/bicycle",
    "a woman with sunglasses and a hat": "woman/sunglasses/hat",
    "a young woman wearing a blue dress": "young woman/blue dress",
    "a man in blue walks down a snowy street": "man/snowy street",
    "a child wearing red jumps into a pool": "child/pool",
    "a man dressed in black holds a guitar": "man/guitar",
    "a dog with a ball in its mouth": "dog/ball/mouth",
    "a group of people standing in front of a building": "people/building",
    "a couple of kids sitting on the side of the road": "kids/road",
    "a person on top of a mountain": "person/mountain",
    "a snowboarder does a trick in the air": "snowboarder",
    "a little girl looks at the camera": "little girl",
    "a man holds a camera": "man/camera",
    "a swimming pool next to a house": "swimming pool/house",
    "a man is swimming in a pool": "man/pool",
    "a woman in running shoes stands near train tracks": (
        "woman/running shoes/train tracks"
    ),
    "a girl sits on stone steps": "girl/stone steps",
    "a horse race on a track": "horse race/track",
    "two horses race on a muddy track": "horses/muddy track",
    "a small dog in a dog show": "small dog/dog show",
    "a man's hat is lying on a chair": "man/hat/chair",
    "a snow covered hill": "snow covered hill",
    "a hill covered in snow": "hill/snow",
    "there are many bananas in the basket": "bananas/basket",
    "a hot dog in a bun with mustard": "hot dog/bun/mustard",
    "a teddy bear sitting on a bed": "teddy bear/bed",
    "a stop sign with a street sign on top of it": "stop sign/street sign",
    "a plate of food with broccoli and meat": "plate/food/broccoli/meat",
    "a kitchen with a stove, a sink and a refrigerator": (
        "kitchen/stove/sink/refrigerator"
    ),
    "a black and white photo of a motorcycle": "motorcycle",
    "a close up of a pizza on a table": "pizza/table",
    "a herd of sheep grazing on a lush green field": "sheep/lush green field",
    "a person on a surfboard riding a wave": "person/surfboard/wave",
    "a man swinging a bat at a baseball game": "man/bat",
    "boats are docked in the water": "boats/water",
    "a large jetliner flying through a cloudy sky": "large jetliner/cloudy sky",
    "a woman and a girl ride a sled down a hill": "woman/girl/sled/hill",
    "a man and his son fish by a lake": "man/son/lake",
    "a dog runs while a man watches": "dog/man",
    "a man watches a black dog jump over a fence": "man/black dog/fence",
    "a man helps a boy ride a bike": "man/boy/bike",
    "one man is climbing a rock wall while another holds a rope": "man/rock wall/rope",
    "an older man who is wearing a cap smokes a cigarette": "older man/cap/cigarette",
    "a boy in a striped shirt jumps off of a dock": "boy/striped shirt/dock",
    "a tennis player hits the ball with a racket": "tennis player/ball/racket",
    "football players tackle each other": "football players",
    "two young girls in pink dresses dance on a stage": (
        "young girls/pink dresses/stage"
    ),
    "the brown dog is carrying a stick": "brown dog/stick",
    "several women sit around a table": "women/table",
    "a building with a clock on it": "building/clock",
    "a white bird flies over the ocean": "white bird/ocean",
    "a man without a shirt stands on the roof": "man/shirt/roof",
    "a baby is sleeping in bed": "baby/bed",
    "a cup of coffee sits on a wooden table": "cup/coffee/wooden table",
    "a man playing guitar for a crowd": "man/guitar/crowd",
    "it is raining outside": "",
    "looking up": "",
    "": "",
}


def test_there_are_captions_enough():
    assert len(CAPTIONS) >= 60


@pytest.mark.parametrize(("caption", "phrases"), CAPTIONS.items())
def test_the_things_that_a_caption_names(caption, phrases):
    found = [phrase.text for phrase in parse(caption).phrases]
    assert found == [phrase for phrase in phrases.split("/") if phrase]


@pytest.mark.parametrize(("caption", "phrases"), list(CAPTIONS.items())[:20])
def test_a_sentence_names_the_same_things(caption, phrases):
    sentence = f"{caption[:1].upper()}{caption[1:]}."
    found = [phrase.text for phrase in parse(sentence).phrases]
    assert found == phrases.split("/")


def test_a_phrase_knows_its_parts():
    parsed = parse("Two black dogs chase a small hot dog")
    dogs, snack = parsed.phrases
    assert (dogs.noun, dogs.lemma, dogs.opener) == ("dogs", "dog", "two")
    assert dogs.modifiers == ("black",)
    assert parsed.words[dogs.start : dogs.end] == ("Two", "black", "dogs")
    assert (snack.noun, snack.lemma) == ("hot dog", "hot dog")
    assert snack.modifiers == ("small",)
    assert parsed.words[snack.core : snack.end] == snack.words


def test_a_possessive_opens_the_phrase_after_it():
    _, hat, mouth = parse("a man's hat is in its mouth").phrases
    assert hat.opener == "'s"
    assert mouth.opener == "its"


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("dogs", "dog"),
        ("men", "man"),
        ("women", "woman"),
        ("people", "person"),
        ("children", "child"),
        ("puppies", "puppy"),
        ("cookies", "cookie"),
        ("movies", "movie"),
        ("benches", "bench"),
        ("boxes", "box"),
        ("buses", "bus"),
        ("glasses", "glasses"),
        ("jeans", "jeans"),
        ("grass", "grass"),
        ("tennis", "tennis"),
        ("leaves", "leaf"),
        ("gloves", "glove"),
        ("shoes", "shoe"),
        ("tomatoes", "tomato"),
        ("knives", "knife"),
        ("geese", "goose"),
        ("sheep", "sheep"),
        ("bus", "bus"),
        ("dog", "dog"),
    ],
)
def test_singular(plural, one):
    assert singular(plural) == one


@pytest.mark.parametrize(
    "text",
    ["...", "'s", "and and and", "a", "a the of", "犬 が 走る", "x" * 5000, "\n"],
)
def test_odd_texts_are_no_trouble(text):
    parse(text)
