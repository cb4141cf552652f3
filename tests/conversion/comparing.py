"""Whole captioners held against `generate()` of transformers on twenty photos."""

from functools import wraps

from conversion.photo_models import MARGIN, photos, smallest_margin, spoken, up_to
import numpy as np
import torch

from edge_runtime.families.vocabulary import load_tokenizer
from edge_runtime.imaging import to_pixel_values

TOKENS = 12
NO_REPEAT = "no_repeat_ngram_size"


def only_pixels(_, pixels):
    return {"pixel_values": pixels}


def after_the_first_word(model, pixels):
    """GIT reads the picture before a text that has begun."""
    return {
        "pixel_values": pixels,
        "input_ids": torch.tensor([[model.config.bos_token_id]]),
    }


INPUTS = {"blip": only_pixels, "git": after_the_first_word}


def compare(made, inputs, settings, beams, *, lead=0.0):
    """Hold twenty captions against `generate()`, for each number of beams.

    `generate()`'s own best beam must lead its second by `lead`: below that, rounding
    decides. Returns how many captions differ from each other, where they differ least.
    """
    model, captioner, config = made
    eos = config.generate["eos_token_id"]
    words = len(load_tokenizer(config))
    said, margins, other = {count: set() for count in beams}, [], []
    leads = []
    for number, photo in enumerate(photos()):
        pixels = torch.from_numpy(to_pixel_values(photo, config.preprocess))
        for count in beams:
            theirs = say(model, inputs(model, pixels), settings, count)
            asked = {"num_beams": count, "max_new_tokens": TOKENS}
            if NO_REPEAT in settings:
                asked[NO_REPEAT] = settings[NO_REPEAT]
            ours = captioner.caption(photo, asked).captions[0].text
            wanted = up_to(theirs.sequences[0].tolist()[1:], eos)
            if ours != spoken(wanted, words):
                other.append((number, count, ours, spoken(wanted, words)))
            said[count].add(tuple(wanted))
            if count == 1:
                margins.append(smallest_margin(theirs.scores, wanted))
            else:
                best, second = theirs.sequences_scores[:2].tolist()
                leads.append(best - second)
    assert not other, other
    assert min(leads, default=lead) >= lead, sorted(leads)
    assert min(margins, default=1) > MARGIN, sorted(margins)
    return min(map(len, said.values()))


def say(model, inputs, settings, beams):
    with torch.no_grad():
        return model.generate(
            **inputs,
            **settings,
            max_new_tokens=TOKENS,
            num_beams=beams,
            num_return_sequences=min(beams, 2),
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
        )


def look_once(module, session):
    """Let both keep what they saw of a photo for its next number of beams."""
    module.forward = _remembering(module.forward)
    session.run = _remembering(session.run)


def _remembering(look):
    last = []

    @wraps(look)
    def again(*given, **named):
        pixels = given[0] if given else named["pixel_values"]
        if isinstance(pixels, dict):
            (pixels,) = pixels.values()
        if not last or not np.array_equal(last[0], pixels):
            last[:] = pixels, look(*given, **named)
        return last[1]

    return again
