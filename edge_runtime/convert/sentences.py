"""What a converted translator is compared on: sentences of captions and places."""

from typing import Final

SENTENCES: Final = (
    "A dog runs on the beach.",
    "Two men sit on a bench in the park.",
    "A woman in a red coat walks through the snow.",
    "Three children play football in front of an old house.",
    "A boy rides a bicycle down a narrow street.",
    "A group of people stand around a table with a birthday cake.",
    "A cat sleeps on a green sofa beside a window.",
    "The sun sets behind the mountains.",
    "A man climbs a rock face above the sea.",
    "An old car is parked under a tree.",
    "A girl with a blue hat is feeding the ducks.",
    "Anna and Paul are having breakfast on the balcony in Lisbon.",
    "A brown horse and a white horse are standing in a field.",
    "People are waiting for the train at the station.",
    "A bowl of soup and a glass of water on a wooden table.",
    "A baby is laughing in the arms of its mother.",
)
