"""Words and phrases of prompts that ask a captioner for a description."""

import re
from typing import Final


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


ASKS: Final = _set(
    "alt analyse analyze caption captioned captions describe described describes",
    "describing description descriptions summarise summarize summary title",
)
"""One of these makes a sentence a wish for a description."""
HARMLESS: Final = ASKS | _set(
    "a about accessibility accurate accurately action active add additional always an",
    "and any are as at attached attachment attachments avoid based be begin blind",
    "brief briefly by camera can clear clearly code complete comprehensive concise",
    "concisely content contents could create depicted depicts detail detailed details",
    "directly do does don't easy english exactly explain explains explanation",
    "explanations extra factual factually filler following for format formatting",
    "frame from full fully functionality generate give good happening happens here",
    "high how i image images imagine impaired in include including into introduction",
    "introductory is it it's its just keep level line long longer main make markdown",
    "may me mention mentioning message meta meta-language more most my natural",
    "naturally neutral neutrally no not nothing notification objective objectively of",
    "on one one-sentence only or other output overall own paragraph photo photograph",
    "photographs photos picture pictures plain please possible preamble produce",
    "proper provide purposes quality quick quotation quote quotes readable reader",
    "readers reply respond response result return rich say scene screen search",
    "searching see seen sees sentence sentences short short-form should show shown",
    "shows simple single single-sentence snapshot some specific start starting state",
    "style subject suggest suitable tell than that the there these this thorough",
    "thoroughly to two us use useful using very view visible visual visually voice",
    "want we well what what's which will with without would write writing you your",
)
"""Words that ask for nothing but a description and its form."""
FIELD_WORDS: Final = {
    "title": "title",
    "headline": "title",
    "heading": "title",
    "description": "description",
    "summary": "summary",
    "caption": "caption",
    "alt": "alt_text",
    "tags": "tags",
    "keywords": "keywords",
    "hashtags": "tags",
}
"""Parts of an answer in JSON, and what they are called there."""
JSON_WORDS: Final = _set(
    "array containing containing each exact field fields headline heading hashtags",
    "json key keys keywords list matching name named names object schema strict",
    "string strings structure tags valid value values",
)
"""Harmless where JSON is wanted."""
SHORT: Final = _set(
    "brief briefly concise concisely headline quick short shorter title",
)
RICH: Final = _set("comprehensive detail detailed details long longer rich thorough")
ALT_TEXT: Final = _set("accessibility alt blind impaired")
INTERROGATIVE: Final = _set(
    "am are count did do does had has have how is may shall should was were when",
    "where which who whom whose why",
)
"""A sentence that begins so asks a question, unless it is one of `QUESTIONS`."""
NEGATED: Final = re.compile(r"^do(?:n't| not)\b")
_TELL: Final = r"^(?:tell me|explain|say) "
_PICTURE: Final = r"(?:image|photo|photograph|picture|frame|snapshot|scene|view)"
QUESTIONS: Final = (
    re.compile(
        r"^(?:so )?what(?:'s| is| are)?(?: there)?(?: to be seen| shown| visible|"
        r" depicted| happening| going on)?(?: (?:in|on|here|by))?"
        rf"(?: (?:this|the|that|my|it|these)(?: attached)?(?: {_PICTURE}s?)?)?"
        r"(?: (?:about|of|from))?$"
    ),
    re.compile(
        r"^what (?:do|can|could|would) (?:you|we|i|one) see"
        rf"(?: (?:in|on|here))?(?: (?:this|the|that|my) {_PICTURE})?(?: here)?$"
    ),
    re.compile(
        rf"^what (?:does|do) (?:this|the|that|these|my) {_PICTURE}s? "
        r"(?:show|depict|contain|represent)$"
    ),
    re.compile(rf"^what (?:is|are) (?:this|these)(?: {_PICTURE}s?)?(?: of| about)?$"),
    re.compile(_TELL + rf"what(?:'s| is) (?:in|on) (?:this|the|my) {_PICTURE}$"),
    re.compile(
        _TELL + rf"(?:what you see|about (?:this|the|my) {_PICTURE})(?: here)?$"
    ),
    re.compile(_TELL + rf"what you (?:can )?see (?:in|on) (?:this|the|my) {_PICTURE}$"),
)
"""Questions whose answer is a description of the whole picture."""
POLITE: Final = re.compile(
    r"^(?:please )?(?:(?:can|could|would|will) you(?: please)?|i want you to|"
    r"how would you|you should) "
)
"""What may stand before a wish and turns it into no question."""
FORM: Final = re.compile(
    r"\b(?:alt|alternative|descriptive)[- ](?P<alt>text)s?\b|\b(?:"
    r"(?:plain|simple|clean) text|text (?:formatting|format|only)|no text|"
    r"(?:filler|introductory|extra|additional|other|your own|few|simple|plain|easy)"
    r" words?|(?:plain|simple|easy|clear|natural|neutral|meta) language)\b"
)
"""Words that would else be a part of the picture: its text, its words."""
ROLE: Final = re.compile(
    r"^you are (?:an?|the) (?:[a-z-]+ ){0,4}"
    r"(?:ai|assistant|bot|captioner|expert|model|system|tool)$"
)
"""A sentence that sets the scene and asks for nothing."""
LENGTH: Final = re.compile(
    r"\b(?:at most|not more than|no more than|maximum(?: of)?|max|up to|under|"
    r"less than|"
    r"fewer than|within|about|around|in|using|with|of|exactly)?\s*"
    r"(?:\d{1,4}|one|two|three|four|five|ten)"
    r"(?:\s*(?:-|\u2013|to|or)\s*(?:\d{1,4}|two|three|four|five))?\s+"
    r"(?:short |simple |concise |clear |plain |complete )?"
    r"(?:words?|sentences?|characters?|lines?|paragraphs?)(?:\s+or\s+(?:less|fewer))?\b"
)
LANGUAGES: Final = {
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr",
    "spanish": "es", "español": "es", "italian": "it", "italiano": "it", "dutch": "nl",
    "nederlands": "nl", "portuguese": "pt", "português": "pt", "polish": "pl",
    "swedish": "sv", "danish": "da", "norwegian": "no", "finnish": "fi", "czech": "cs",
    "russian": "ru", "ukrainian": "uk", "turkish": "tr", "greek": "el", "hebrew": "he",
    "arabic": "ar", "hindi": "hi", "chinese": "zh", "japanese": "ja", "korean": "ko",
    "hungarian": "hu", "romanian": "ro", "bulgarian": "bg", "vietnamese": "vi",
}  # fmt: skip
IN_LANGUAGE: Final = re.compile(
    r"\b(?:(?:in|into|auf|en|in het|using|to)\s+(?:the\s+)?)"
    rf"(?P<name>{'|'.join(LANGUAGES)})(?:\s+language)?\b"
)
OTHER_LANGUAGES: Final = {
    "de": (
        _set("beschreib beschreibe beschreiben beschreibung bildbeschreibung"),
        _set(
            "auf bild bildes bilder bitte das dem den der des deutsch",
            "deutscher die dies diese dieses ein eine einem einen eines",
            "einfach erstelle foto fotos für genau gib in ist kurz kurze",
            "kurzen man mir möglichst nur prägnant satz sätze sätzen schreibe",
            "sieht sprache und was wir zu zwei zum",
        ),
    ),
    "fr": (
        _set("décris décrire décrivez description légende"),
        _set(
            "brièvement ce cet cette cette courte de des du en français image",
            "la le les l'image photo phrase phrases plaît s'il te une un vous",
        ),
    ),
    "es": (
        _set("describe describa descripción"),
        _set(
            "breve brevemente corta de el en español esta este foto frase",
            "imagen la por favor que se una un ve",
        ),
    ),
    "it": (
        _set("descrivi descrivere descrizione"),
        _set(
            "breve brevemente di favore foto frase immagine in italiano la",
            "l'immagine per questa questo una un",
        ),
    ),
    "nl": (
        _set("beschrijf beschrijving omschrijf"),
        _set(
            "afbeelding de deze dit een foto het in kort korte nederlands van",
            "zin zinnen",
        ),
    ),
}
"""By language: words that ask for a description, and the harmless ones beside them."""
OTHER_QUESTIONS: Final = {
    "de": re.compile(
        r"^was (?:ist|siehst du|sieht man|sehen sie|zeigt)(?: hier)?"
        r"(?: (?:auf|in))?(?: (?:diesem|dem|dieses|das))?(?: (?:bild|foto))?"
        r"(?: zu sehen)?$"
    ),
    "fr": re.compile(
        r"^(?:que|qu'est-ce que) (?:voit-on|vois-tu|voyez-vous|montre|tu vois)"
        r"(?: (?:sur|dans))?(?: (?:cette|la|l))?[ ']?(?:image|photo)$"
    ),
    "es": re.compile(
        r"^qué (?:ves|ve|se ve|hay|muestra)(?: en)? (?:esta|la) (?:imagen|foto)$"
    ),
}
"""Questions whose answer is a description, by language."""
