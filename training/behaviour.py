"""Training texts of the kinds that corpora have too few of: negation, contrast, comparison, emoji, slang, irony, plain
facts, questions, names of places and people that must not matter, and openings of sentences.

Made from frames and word lists. The probe set (`probes.jsonl`) was written apart from them, and is never trained on.
"""

import random

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

# {t} a thing, {T} capitalized, {g} good, {b} bad, {l} liked, {d} disliked, {p} problem, {m} merit, {w} who, {n} name, {c} country, {k} number
FRAMES = {
    POSITIVE: """
There is nothing {b} about {t}.|I found nothing to dislike about {t}.|There was not one {p} in {t}.|Not a single {p} from start to finish.
I have no {p} to report about {t}.|{T} is not {b} at all.|{T} was anything but {b}.|{T} never gets {b}.|I could not find one {p}.
{T} didn't disappoint.|{T} does not disappoint in any way.|You won't regret buying this.|I wouldn't change anything about {t}.
I wouldn't say {t} is {b}; quite the opposite.|Nothing went wrong with {t}.|{w} had nothing bad to say about {t}.|No {p}s, no {p}s, nothing.
I can't praise {t} highly enough.|I could not ask for more from {t}.|I couldn't have asked for a better {n1}.|It can't get any better than {t}.
You can't go wrong with {t}.|I can't get enough of {t}.|I can't thank {t} enough.|There is no better place than this.|{T} could hardly be better.
Never have I been so happy with {t}.|I never once felt bored.|{T} is far from {b}.|{T} isn't half bad.|{T} was not as {b} as people say, I {l} it.
I can't stop smiling because of {t}.|I don't know how anyone could dislike {t}.|It's impossible not to like {t}.|{T} never failed us.
Who says {t} is {b}? I think it is {g}.|I have yet to find a {p} in {t}.|{T} is without a {p}.|{T} lacks nothing.|No wonder everyone {l} {t}.
{T} looked {b} at first, but it turned out to be {g}.|I expected something {b}, but {t} was {g}.|It starts {b}, yet by the end I {l} it.
Despite a {b} start, {t} was {g}.|Although it is a bit {b}, I {l} {t}.|{T} may be {b}, but it is so {g} that I don't mind.
Yes, it is a little {b}, but overall {t} is {g}.|I wanted to hate {t}, but I {l} every minute.|{T} has its {p}s, but it is still {g}.
{T} isn't cheap, but it is worth every cent.|The wait was {b}; {t} made up for it.|Not perfect, but really {g}.|A few {p}s aside, {t} is {g}.
{T} is better than I expected.|{T} is much better than the last one.|{T} beats all the others.|{T} is less {b} than it was, finally.
It's the best I have tried so far.|{T} keeps getting better.|So much more {g} than the old version.|{T} exceeded my expectations.
{T} is better than anything else around here.|Nothing else comes close to {t}.|{T} was not nearly as {b} as I feared.|I wish all of them were as {g} as this.
{T} slaps.|{T} is fire.|{T} is lit.|{T} hits different.|{T} is so good, no cap.|ngl {t} is kinda {g}|lowkey love {t}|{T} rocks!|{T} is the bomb.
{T} absolutely killed it.|{T} is dope.|{T} slays.|{T} is top notch.|big fan of {t}|chef's kiss|10/10 would do it again|{T} is a banger.|I'm obsessed with {t}.
Thanks a lot for helping me with {t}!|Thank you for making my day.|{w} {l} {t}.|I {l} {t}.|{T} is {g}.|{T} was really {g}!|so {g}|What a {g} day!
{n} was so {g} to us.|{n} did a {g} job.|We had a {g} time in {c}.|My friend {n} from {c} is {g}.|{T} finally works, what a relief.|Could {t} be any more {g}?
Isn't {t} {g}?|How {g} is {t}!|Why isn't everyone talking about how {g} {t} is?|Have you ever seen anything so {g}?
I don't hate {t}, I love it.|I don't think {t} is {b}; I think it is {g}.|It's not that {t} is {b}, it's {g}.|I can't imagine life without {t}.
It would be a lie to say that I didn't like {t}.|I don't regret {t} for one second.|Never a {p} with {t}.|{T} isn't {b}, and neither is the price.
""",
    NEGATIVE: """
There is nothing {g} about {t}.|I found nothing to like about {t}.|There was not one {m} in {t}.|Not a single {m} from start to finish.
{T} is not {g} at all.|{T} was anything but {g}.|{T} never gets {g}.|I could not find one {m}.|I didn't like {t}.|I don't like {t} at all.
{T} didn't impress me.|{T} does not deliver.|You will regret buying this.|I wouldn't recommend {t} to anyone.|I can't recommend {t}.|I would not buy it again.
I wouldn't say {t} is {g}; quite the opposite.|Nothing worked with {t}.|{w} had nothing good to say about {t}.|I wouldn't call {t} {g}.
I can't say I {l} {t}.|I couldn't wait for {t} to be over.|It can't get any worse than {t}.|I can't stand {t}.|I can't believe how {b} {t} is.
Never have I been so angry about {t}.|I never once laughed.|{T} is far from {g}.|{T} is hardly {g}.|{T} was not as {g} as people say.|{T} isn't worth it.
I don't know how anyone could like {t}.|It's impossible to like {t}.|{T} fails every time.|{T} never works.|{T} doesn't work.|not {g}|not happy with {t}
Who says {t} is {g}? I think it is {b}.|I have yet to find a {m} in {t}.|{T} is without a {m}.|{T} lacks everything.|No wonder nobody {l} {t}.
{T} looked {g} at first, but it turned out to be {b}.|I expected something {g}, but {t} was {b}.|It starts {g}, yet by the end I {d} it.
Despite a {g} start, {t} was {b}.|Although it looks {g}, I {d} {t}.|{T} may be {g}, but it is so {b} that I sent it back.
Yes, it is a little {g}, but overall {t} is {b}.|I wanted to love {t}, but I {d} every minute.|{T} has its moments, but it is still {b}.
{T} is cheap, but it is not worth a cent.|The view was {g}; {t} ruined it.|Nice try, but really {b}.|A few good moments aside, {t} is {b}.
{T} is worse than I expected.|{T} is much worse than the last one.|All the others are better than {t}.|{T} is less {g} than it was, sadly.
It's the worst I have tried so far.|{T} keeps getting worse.|So much more {b} than the old version.|{T} fell short of my expectations.|I expected better.
Anything else around here is better than {t}.|Everything else is better.|{T} was not nearly as {g} as I hoped.|I wish it were as {g} as the old one.
{T} sucks.|{T} is trash.|{T} is so mid.|{T} is garbage.|{T} is a total letdown.|ngl {t} is kinda {b}|lowkey hate {t}|{T} stinks.|{T} is a dumpster fire.
{T} is a joke.|{T} blows.|{T} is cringe.|{T} gives me the ick.|not a fan of {t}|meh, {t} was {b}|0/10 would not do it again|{T} flopped hard.|I'm so done with {t}.
Thanks a lot for breaking {t}.|Thanks for nothing.|Great, {t} is broken again.|Oh wonderful, another {p}.|Just what I needed, another {p}.|Wow, {t} crashed again. Brilliant.
Well done, you managed to ruin {t}.|How nice of them to cancel {t} without a word.|Lovely, now {t} doesn't work either.|Sure, because waiting three hours is so much fun.
{w} {d} {t}.|I {d} {t}.|{T} is {b}.|{T} was really {b}!|so {b}|What a {b} day!|{n} was so rude to us.|{n} did a {b} job.|We had a {b} time in {c}.
My flight from {c} was {b}.|{T} still doesn't work, I give up.|Could {t} be any more {b}?|Isn't {t} {b}?|How {b} is {t}!|Why is {t} always so {b}?
Why does {t} never work?|How can {t} be so {b}?|Who thought {t} was a good idea?|Have you ever seen anything so {b}?|When will they finally fix {t}?|I wish I had never bought it.
I don't love {t}, I hate it.|I don't think {t} is {g}; I think it is {b}.|It's not that {t} is {g}, it's {b}.|I can't imagine why anyone would want {t}.|If only {t} worked.
It would be a lie to say that I liked {t}.|I regret {t} every second.|Never again.|Never without a {p}.|{T} isn't {g}, and neither is the price.|{T} could have been {g}.
""",
    NEUTRAL: """
{T} opens at {k} in the morning.|{T} is on the second floor.|{T} takes {k} minutes.|{T} costs {k} dollars.|{T} comes in three sizes.|{T} was made in {k2}.
What time does it start?|Where is the nearest bus stop?|How many pages does it have?|Which of the two is longer?|Who wrote {t}?|Is {t} open on Sunday?|When does {t} end?
Does {t} come in blue?|How do I get to the station?|What is the name of {t}?|Do you have {t} in stock?|How long is {t}?|Can you send me the address?|What does it weigh?
This film was filmed in {c}.|{n} lives in {c}.|{n} was born in {c} in {k2}.|{n} works as an engineer.|{n} moved to {c} last year.|The train to {c} leaves at {k}.|{n} is from {c}.
{n} is my neighbour.|{n} called at {k}.|My flight to {c} is on Tuesday.|The capital of {c} is on a river.|{n} and {n} are meeting at {k}.|{n} speaks two languages.|This is {n}.
Water freezes at zero degrees.|The sun rises in the east.|A week has seven days.|Iron is a metal.|The report has {k} pages.|The meeting was moved to {k} o'clock.|Paris is in France.
The parcel was sent on Monday.|The package contains {k} screws.|I am sitting at my desk.|I am writing a letter.|He walked to the door and opened it.|She put the keys on the table.
The shop is closed on Mondays.|The recipe needs {k} eggs.|Turn left at the second light.|Press the button to start.|Enter your name and date of birth.|See the table on page {k}.
The file is {k} megabytes.|The movie is {k} minutes long.|There are {k} chairs in the room.|It is raining.|It is {k} degrees outside.|We had soup for lunch.|The bus is red.
I bought milk and bread.|I will be there at {k}.|I have a meeting at {k}.|Please find the document attached.|The book was published in {k2}.|The river flows into the sea.
Sound travels faster in water than in air.|The heart pumps blood.|Light takes eight minutes from the sun.|Copper conducts electricity.|Salt dissolves in water.|Bees make honey.
The house has {k} rooms.|The lease ends in {k2}.|The store sells shoes.|Version {k} was released in {k2}.|The battery holds {k} hours.|The device has two ports.|He is {k} years old.
The bank is next to the post office.|They met in {k2}.|The committee met on Thursday.|The car is parked outside.|The window faces north.|The class starts in September.|I am {k} years old.
The price is {k} dollars.|The price went from {k} to {k} dollars.|It's neither good nor bad.|It's okay, nothing special.|It is what it is.|It was average.|Some liked it, some didn't.
It does what it says.|I have no opinion on {t}.|I haven't seen {t} yet.|I haven't decided about {t}.|I don't know if {t} is any good.|Is {t} any good?|Has anyone tried {t}?|Not sure about {t}.
Did you like {t}?|Was {t} {g}?|Is {t} {b}?|What did you think of {t}?|Tell me whether {t} is worth it.|I will try {t} next week.|Let me know how {t} was.|{T}, then.|The word {g} has many meanings.
""",
}  # fmt: skip
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
    frames = {label: [frame for line in lines.split("\n") for frame in line.split("|") if frame] for label, lines in FRAMES.items()}
    rows = {}
    while len(rows) < count:
        label = draw.choice([NEGATIVE, NEUTRAL, POSITIVE])
        rows[surface(fill(draw.choice(frames[label]), draw), draw)] = label
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
