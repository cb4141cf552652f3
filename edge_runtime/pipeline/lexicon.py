"""The closed classes of English, and the open words that captions use in two ways.

Whatever is not listed here, and has no telling ending, is taken for a noun.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DETERMINERS: Final = _words(
    "a an the this these those his her their its my our your some any each every "
    "another both all no"
)
INDEFINITE: Final = _words("a an another one")
POSSESSIVES: Final = _words("his her their its my our your 's")
NUMBERS: Final = _words(
    "one two three four five six seven eight nine ten eleven twelve dozen several few "
    "many multiple various numerous other others same different single more most only "
    "own"
)
PREPOSITIONS: Final = _words(
    "of in on at by with without to from into onto over under through across along "
    "around near beside besides behind between among against toward towards inside "
    "outside upon during past down up off out above below beneath underneath amid "
    "alongside atop about beyond within for as like next via after before until than "
    "amidst amongst thru versus"
)
SCENE_PREPOSITIONS: Final = _words(
    "in on at near by beside outside inside along across through over under behind"
)
CONJUNCTIONS: Final = _words("and or but nor &")
RELATIVES: Final = _words(
    "that who which whom whose while whilst when where how because so if"
)
PRONOUNS: Final = _words(
    "he she it they him them himself herself itself themselves something someone "
    "somebody everyone everybody anyone anything nothing everything what there here "
    "we us you me i"
)
AUXILIARIES: Final = _words(
    "is are was were be been being am has have had do does did can could will would "
    "may might must should 's 're 've 'll 'm 'd n't"
)
ADVERBS: Final = _words(
    "very together away outdoors indoors not just while apart there then also almost "
    "upside nearby back forward backward backwards forwards sideways overhead ahead "
    "too well still even again alone upright midair aside downhill uphill downtown "
    "else once far high low close barefoot overboard ashore upwards downwards mid-air "
    "onstage airborne asleep headfirst fast straight upward downward first aloft "
    "afloat"
)

ADJECTIVES: Final = _words(
    "black white red blue green yellow brown orange pink purple grey gray tan gold "
    "golden silver beige blond blonde brunette dark light bright colorful colourful "
    "colored coloured multicolored pale young old older younger elderly little big "
    "small large huge tiny tall short long high low wide narrow wet dry dirty muddy "
    "dusty clean empty full open closed wooden plastic metal stone brick concrete "
    "glass leather sandy snowy grassy rocky icy rainy sunny cloudy foggy stormy steep "
    "shallow deep calm hot cold warm happy sad angry asian african american indian "
    "chinese japanese male female bald bare shirtless topless barefoot fluffy furry "
    "hairy curly shaggy fat thin skinny heavy busy crowded quiet beautiful pretty "
    "cute nice fancy modern ancient striped plaid checkered floral fresh ripe raw "
    "round square flat curved tropical urban rural public green-and-white lush leafy "
    "wild ready rough smooth single-file stuffed inflatable electric professional "
    "good great front upper lower outdoor indoor nearby distant similar matching "
    "blurry wintry wooded traditional military"
)
COLOURS: Final = _words(
    "black white red blue green yellow brown orange pink purple grey gray tan gold "
    "golden silver beige blond blonde"
)

VERBS: Final = _words(
    "run jump walk sit stand hold play ride look watch wear carry catch throw chase "
    "climb swim smile pose wait eat drink sleep lie lay lean talk swing slide kick "
    "hit pull push perform fly land leap dive skate ski surf dance sing read write "
    "cook cut stare gaze point reach fall float splash race hike fish bite chew lick "
    "sniff dig drive cross enjoy cover surround fill hang rest work cheer laugh shake "
    "wave wrestle fight tackle dribble pitch bat bowl row paddle sail sled snowboard "
    "skateboard balance crouch kneel bend squat stretch squint show display feature "
    "make take get give put go come try attempt prepare begin start stop turn move "
    "use touch feed pet hug kiss line decorate park pass serve share visit cast blow "
    "paint draw roll spin step bounce toss return follow approach enter leave "
    "overlook rise see lead gather grow graze roam wander stroll travel trot gallop "
    "peek peer hide grab snuggle nap bark shop speak protest march compete "
    "participate practice practise exercise relax sunbathe build clean wash brush "
    "dress drag descend ascend emerge appear seem shine flip grind crash explore "
    "examine inspect crawl wade bathe listen attend open close bound expose retrieve "
    "execute sip help block raise gesture glide pause flow rush launch shoot cry "
    "smoke jog herd knock pick scratch observe browse poke frolic lift struggle tug "
    "navigate skip attack dip pour dangle sprint hurdle clap stay rub aim dodge steal "
    "howl yawn wag"
)
NOUN_VERBS: Final = _words(
    "step steps track tracks rock rocks wave waves stand stands swing swings slide "
    "slides drink drinks show shows ride rides watch watches bat bats bowl bowls "
    "paddle paddles sail sails sled sleds brush brushes roll rolls point points park "
    "parks skate skates surf snowboard snowboards skateboard skateboards ski skis "
    "line lines dress dresses cross crosses shop shops cover covers jump jumps kick "
    "kicks race races cut cuts fish fall falls feed lead pet pets play plays rest "
    "serve run runs shake smoke spin turn turns work works dance hug kiss fight climb "
    "dive walk catch lift pass pitch block blocks shower building splash look flow "
    "cast fly"
)
"""Verb forms that are nouns as well, as in "stone steps" and "dog show"."""
COLOURED: Final = _words("dresses skates skis waves rocks lines watches")
"""Of those, the things that have a colour: "in pink dresses", but "in pink stands"."""
HELPING: Final = _words(
    "watch watches watching watched help helps helping helped let lets letting see "
    "sees seeing make makes making"
)
"""Verbs that a noun and a bare infinitive follow: "watches a dog jump"."""
VERB_FORMS: Final = _words(
    "ran sat stood held rode worn wore ridden driven drove flown flew thrown threw "
    "caught ate eaten drunk drank slept lain laid hung fell fallen swam swum seen saw "
    "shown made took taken gave given put went gone came come got built cut hit led "
    "read written wrote drawn drew blown blew grown grew hidden hid left kept found "
    "lit bent spread set says"
)
NOUNS_IN_ING: Final = _words(
    "building railing ceiling clothing painting morning evening wedding string ring "
    "king wing thing spring swing sling sibling duckling lightning drawing crossing "
    "opening clearing awning landing paling frosting icing topping stuffing bedding "
    "earring scaffolding decking siding wiring lining stocking outing sting viking"
)
NOUNS_IN_ED: Final = _words(
    "bed shed sled seed weed tweed speed hundred reed breed feed moped steed bobsled"
)
NOUNS_IN_LY: Final = _words("fly family butterfly belly jelly bully lily trolley")

PARTITIVES: Final = _words(
    "group couple pair bunch number lot lots crowd row line set pile stack piece kind "
    "type part front back side top middle center centre edge end corner bottom rear "
    "background foreground body bit variety series herd flock pack team array "
    "collection assortment"
)
"""Heads that only say how many or where, when `of` follows."""
NON_THINGS: Final = _words(
    "front back side sides top middle center centre edge end bottom rear background "
    "foreground distance air midair mid-air day daytime daylight night time way "
    "picture photo photograph image view scene game trick tricks turn lot kind type "
    "part direction other one ones each another something action pose position place "
    "spot life fun area shot closeup close-up others pair couple group bunch number "
    "series midst line progress expression concentration exception sizes colors "
    "competition event nighttime dusk sundown halloween formation attention order "
    "rest look left right weather season summer winter autumn fall spring"
)
"""Words that stand where nouns stand but name nothing that could be seen or missing."""
LOOKED_AT: Final = _words("camera photographer viewer")
LOOKING: Final = _words("at for to toward towards facing watching into")
"""After these, what is looked at stands outside the picture."""

PLACES: Final = _words(
    "beach park street road grass field water snow river lake ocean sea pool yard "
    "forest woods city town kitchen room bedroom bathroom office restaurant store "
    "market station sidewalk path trail mountain hill desert sand garden playground "
    "stadium court floor ground track bridge parking lawn meadow farm zoo "
    "backyard shore stage sky country countryside neighborhood neighbourhood village "
    "building house studio gym"
)
"""Where a whole scene can take place."""
MASS_NOUNS: Final = _words(
    "water snow grass sand ice food furniture clothing rain smoke fire wood dirt mud "
    "hay traffic bread rice pasta luggage equipment jewelry fabric paper pizza soccer "
    "football baseball basketball tennis hockey volleyball golf rugby lacrosse"
)

PEOPLE: Final = _words(
    "man woman boy girl person people child kid baby toddler infant guy lady adult "
    "teenager someone crowd couple family team player rider skateboarder surfer skier "
    "snowboarder cyclist biker bicyclist motorcyclist climber swimmer diver runner "
    "hiker walker skater dancer singer musician worker driver pedestrian tourist "
    "spectator audience performer athlete photographer friend boxer wrestler "
    "jogger camper fisherman policeman soldier clown bride groom student officer"
)
ANIMALS: Final = _words(
    "dog puppy cat kitten horse pony cow bull calf sheep lamb goat pig bird duck "
    "goose swan chicken rooster hen parrot owl eagle pigeon seagull penguin ostrich "
    "peacock fish shark whale dolphin seal turtle tortoise frog snake lizard "
    "crocodile bear panda lion tiger leopard cheetah wolf fox deer elk moose elephant "
    "giraffe zebra rhino hippo camel llama monkey gorilla chimpanzee ape rabbit bunny "
    "hare squirrel mouse rat hamster hedgehog kangaroo koala butterfly bee insect "
    "spider crab lobster snail beetle dragonfly"
)
VEHICLES: Final = _words(
    "car truck bus van train tram motorcycle motorbike bicycle bike scooter airplane "
    "plane jet helicopter boat ship canoe kayak sailboat tractor taxi ambulance "
    "trailer"
)
COMPOUNDS: Final = frozenset(
    {
        ("hot", "dog"), ("hot", "dogs"), ("teddy", "bear"), ("teddy", "bears"),
        ("ice", "cream"), ("guinea", "pig"), ("sea", "lion"), ("stuffed", "animal"),
        ("stuffed", "animals"), ("rocking", "horse"), ("fire", "hydrant"),
        ("stop", "sign"), ("parking", "lot"), ("parking", "meter"), ("fire", "truck"),
        ("hot", "tub"), ("polar", "bear"), ("toy", "car"), ("toy", "truck"),
        ("toy", "train"), ("motor", "bike"), ("dirt", "bike"), ("dirt", "bikes"),
    }
)  # fmt: skip
"""Pairs that together name another thing than their last word does."""

IRREGULAR_PLURALS: Final = {
    "men": "man", "women": "woman", "people": "person", "children": "child",
    "feet": "foot", "teeth": "tooth", "mice": "mouse", "geese": "goose",
    "leaves": "leaf", "wolves": "wolf", "shelves": "shelf", "knives": "knife",
    "scarves": "scarf", "halves": "half", "loaves": "loaf", "calves": "calf",
    "wives": "wife", "lives": "life", "oxen": "ox", "policemen": "policeman",
    "firemen": "fireman", "snowmen": "snowman", "cacti": "cactus", "buses": "bus",
    "firefighters": "firefighter", "businessmen": "businessman",
    "fishermen": "fisherman", "horsemen": "horseman", "cowgirls": "cowgirl",
}  # fmt: skip
SINGULAR_IN_S: Final = _words(
    "grass glass dress bus gas tennis class cross canvas moss harness octopus cactus "
    "chess lens christmas mattress compass bass waitress actress cypress news campus "
    "circus platypus walrus hibiscus asparagus virus iris pancreas wilderness "
    "business"
)
PLURAL_ONLY: Final = _words(
    "shorts pants jeans sunglasses glasses goggles trousers scissors stairs clothes "
    "overalls pajamas tights leggings binoculars headphones woods tongs outdoors"
)
