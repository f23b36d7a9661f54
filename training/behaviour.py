"""Training texts of the kinds that corpora have too few of: negation, contrast, comparison, emoji, slang, irony, plain
facts, questions, names of places and people that must not matter, and openings of sentences.

Made from word lists and frames: `frames/LABEL.txt` has one a line, with {t} for a thing, {T} the same with a capital, {g} for good,
{b} bad, {l} liked, {d} disliked, {p} a problem, {m} a merit, {w} somebody, {n} a name, {c} a country, {k} a number, {k2} a year and
{n1} the thing's last word. The probe set (`probes.jsonl`) was written apart from them, and is never trained on.
"""

import pathlib
import random
import re
import sys

import data
from vocabulary import EMOJI

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2

THINGS = """the film|the book|the soup|the hotel|the phone|the app|the course|the concert|the service|the game|the bus driver
the new update|the laptop|the pizza|the teacher|the museum|the support team|the garden|the novel|the speaker|the jacket
the delivery|the waiter|the beach|the bread|the meeting|the trip|the dentist|the camera|the battery|the sound|the plot
the acting|the staff|the room|the view|the music|the coffee|the salad|the printer|the website|the interface|the manual
the ending|the second season|the show|the podcast|the lecture|the match|the coach|the flat|the neighbourhood|the train ride
the breakfast|the headphones|the keyboard|the tent|the recipe|the cake|the haircut|the plumber|the doctor|the gym|this place
this one|it|everything|the whole thing|my order|our stay|the price|the quality|the writing|the design""".replace("\n", "|").split("|")
GOOD = """great|wonderful|excellent|lovely|delightful|fantastic|superb|amazing|brilliant|enjoyable|charming|impressive|beautiful
good|nice|fun|helpful|reliable|comfortable|tasty|funny|clever|exciting|perfect|outstanding|pleasant|fresh|moving|smooth""".replace("\n", "|").split("|")
BAD = """terrible|awful|horrible|dreadful|boring|disappointing|bad|annoying|useless|dull|ugly|slow|broken|rude|dirty|stale|noisy
cheap|frustrating|confusing|tedious|pathetic|mediocre|unreliable|uncomfortable|tasteless|bland|poor|a mess|a waste of money""".replace("\n", "|").split("|")
LIKED = "liked|loved|enjoyed|admired|appreciated".split("|")
DISLIKED = "hated|regretted|found boring|found annoying|wanted to change|would complain about".split("|")
PROBLEM = "problem|flaw|mistake|dull moment|bad word|complaint|weak scene|regret|wasted minute|fault|boring page|hiccup".split("|")
MERIT = "redeeming quality|good idea|bright spot|good scene|reason to stay|kind word|useful feature|funny line|good thing to say".split("|")
WHO = "I|we|my sister|my parents|the kids|everyone|my boss|my wife|my husband|our guests|the audience|my friends".split("|")
COUNTRIES = """France|Germany|Japan|India|Mexico|Nigeria|Iran|Iraq|Brazil|China|Russia|Turkey|Kenya|Israel|Egypt|Poland|Canada|Syria|Spain
Ukraine|Pakistan|Afghanistan|Italy|Sweden|Somalia|Vietnam|Cuba|Greece|North Korea|South Africa|the United States|Morocco|Peru|Haiti""".replace("\n", "|").split("|")
NAMES = """Anna|Mohammed|Lakisha|Emily|Jamal|Wei|Priya|Carlos|Fatima|Greg|Olga|Kwame|Hiroshi|Maria|Ahmed|Jose|Sarah|DeShawn|Ivan|Ming
Aisha|Pierre|Sofia|Tyrone|Ingrid|Rajesh|Guadalupe|Katie|Abdul|Chloe""".replace("\n", "|").split("|")

HERE = pathlib.Path(__file__).parent
FRAMES = [(HERE / "frames" / f"{name}.txt").read_text(encoding="utf-8").splitlines() for name in data.LABELS]
OPENINGS = """I|The|The movie|The movie was|It is|It was|This|This is|I think|I think that|We went|We went to the|My|My friend|When I|There is|There was|There are
What|What a|Yesterday|Yesterday we|I have|I had|I just|So|So I|If you|Today|Today I|The food|The food was|He|She|She said|They|You|In the|At first|At the
After|Before|Because|The hotel|The hotel is|The staff|Our|Let me|Have you|Do you|How|Why|Where is|I am|I'm|I was|I will|It has|Maybe|And|But|Well|Ok|Hello|Hi
I went|I bought|I bought this|The first|The second|The phone|The phone has|As|With|To|For|On the|Last night|Last week|One of the|Some|Most people|It seems|It|a|the""".replace("\n", "|").split("|")


def fill(frame, draw):
    thing = draw.choice(THINGS)
    words = {
        "t": thing, "T": thing[0].upper() + thing[1:], "g": draw.choice(GOOD), "b": draw.choice(BAD), "l": draw.choice(LIKED),
        "d": draw.choice(DISLIKED), "p": draw.choice(PROBLEM), "m": draw.choice(MERIT), "w": draw.choice(WHO), "n": draw.choice(NAMES),
        "c": draw.choice(COUNTRIES), "k": draw.randint(2, 60), "k2": draw.randint(1950, 2025), "n1": thing.split()[-1],
    }  # fmt: skip
    text = frame.format(**words)
    return text[0].upper() + text[1:] if draw.random() < 0.8 else text


def surface(text, draw):
    """As people type it: without the full stop, in lower case, in capitals, with more exclamation marks."""
    kind = draw.random()
    if kind < 0.15:
        return text.rstrip(".").lower()
    if kind < 0.25:
        return text.rstrip(".")
    if kind < 0.29:
        return text.upper()
    if kind < 0.35:
        return text.replace(".", "!")
    return text


def framed(count, seed):
    """Texts of all frames, each label alike often."""
    draw = random.Random(seed)
    rows = {}
    while len(rows) < count:
        label = draw.choice([NEGATIVE, NEUTRAL, POSITIVE])
        text = fill(draw.choice(FRAMES[label]), draw)
        # A plain statement beside it changes nothing.
        if draw.random() < 0.15:
            beside = fill(draw.choice(FRAMES[NEUTRAL]), draw)
            text = f"{beside} {text}" if draw.random() < 0.5 else f"{text} {beside}"
        rows[surface(text, draw)] = label
    return [{"text": text, "label": label, "src": "behaviour"} for text, label in rows.items()]


def openings():
    """What people have typed after a word or two."""
    return [{"text": form, "src": "opening"} for text in OPENINGS for form in {text, text.lower()}]


def with_emoji(rows, count, seed):
    """Texts of `rows` with an emoji of their own polarity, neutral ones with one that gives them a polarity, and emoji alone."""
    draw = random.Random(seed)
    polarity = {"good happy": POSITIVE, "love": POSITIVE, "bad awful": NEGATIVE, "sad": NEGATIVE, "thing": NEUTRAL}
    by_label = {label: [char for words, chars in EMOJI.items() if polarity.get(words) == label for char in chars] for label in range(3)}
    # A laugh goes with what is good, and leaves the rest to the words.
    by_label[POSITIVE] += EMOJI["funny"][:3]
    out = []
    for row in draw.sample(rows, count):
        label = row["label"]
        if label == NEUTRAL:
            label = draw.choice([NEGATIVE, NEUTRAL, POSITIVE])
        chars = draw.choice(by_label[label]) * draw.choice([1, 1, 1, 2, 3])
        kind = draw.random()
        space = draw.choice([" ", " ", ""])
        text = chars if kind < 0.06 else f"{chars} {row['text']}" if kind < 0.12 else f"{row['text']}{space}{chars}"
        out.append({"text": text, "label": label, "src": "emoji"})
    return out


def shared_with_probes():
    """Frames with five words running that also stand in a probe, and texts that are one: known, they would say nothing."""

    def runs(text):
        for part in re.split(r"{\w+}", text.lower()):
            words = re.findall(r"[a-z']+", part)
            yield from (tuple(words[at : at + 5]) for at in range(len(words) - 4))

    probes = [pair[side]["text"] for pair in data.read(data.PROBES) for side in "ab"]
    known = {run for probe in probes for run in runs(probe)}
    whole = {data.folded(probe).rstrip(".!") for probe in probes}
    filled = [row["text"] for row in framed(50000, seed=0)]
    return [frame for frames in FRAMES for frame in frames if not known.isdisjoint(runs(frame))] + [
        text for text in filled if data.folded(text).rstrip(".!") in whole
    ]


if __name__ == "__main__":
    shared = shared_with_probes()
    print("\n".join(shared))
    sys.exit(bool(shared))
