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
I can't name one thing I'd change about {t}.|Not one of us regretted {t}.|I wouldn't trade {t} for anything.|I have zero complaints about {t}.
{T} has never let me down.|You'd be hard pressed to find a {p} in {t}.|It's hard not to smile at {t}.|I couldn't put {t} down.|I couldn't be happier with {t}.
I can't say enough good things about {t}.|No one left {t} unhappy.|Not a {b} second in {t}.|I don't have a bad word to say about {t}.|I can't fault {t}.
There's no way I'd give {t} less than five stars.|Nobody could call {t} {b}.|There is hardly a {p} in {t}.|I was wrong to doubt {t}.|{T} was never {b}.
You can't beat {t}.|{T} didn't let us down.|It wasn't {b} in the slightest.|We had no trouble at all with {t}.|I wouldn't hesitate to come back.
You'll be sorry if you miss {t}.|What's not to like about {t}?|I can't complain.|I have nothing but praise for {t}.|{T} left nothing to be desired.
There wasn't one thing about {t} that I didn't enjoy.|There isn't anything {b} here.|I haven't found a {p} yet.|Nobody complained about {t}, and rightly so.
I never get tired of {t}.|{T} never gets old.|I don't want {t} to end.|We didn't want to leave.|I can't wait to go back.|I can't wait for {t}!|Can't stop listening to this.
{T} isn't just {g}, it's {g} and {g}.|Not only was {t} {g}, it was {g} too.|It doesn't get more {g} than this.|I wouldn't have missed {t} for the world.
It took a while to arrive, but I {l} it.|The first half was {b}, but the second half more than made up for it.|It's {b} at times, yet I keep coming back.
I was sceptical about {t}, but now I'm a fan.|The {b} reviews had me worried, but {t} was {g}.|Sure, it's a bit {b}, but who cares when it's this {g}?
Even though {t} was a bit {b}, we had a {g} evening.|The price is high, but you get what you pay for.|It rained all day, but {t} was still {g}.|Small, but so {g}.
It isn't fancy, but it is {g}.|I thought I'd hate {t}. I was wrong.|I nearly gave up on {t}; so glad I didn't.|My expectations were low, and {t} blew me away.
I'd take {t} over the competition any day.|{T} makes the others look {b}.|{T} is nowhere near as {b} as last year.|It used to be {b}; now it's {g}.
Far better than the old one.|More {g} than {b}.|An improvement in every way.|{T} gets more {g} every time.|Twice as {g} as the first one.|Better late than never, and so {g}.
{T} goes hard.|big W|W update|peak|this bangs|hell yeah|let's gooo|dope af|so hyped for {t}|damn that's {g}|holy crap this is {g}|{t} is {g} af|yay|woohoo, {t} is here
{T} is a gem.|you killed it out there|absolute legend|this made my day|im so here for this|{T} is elite.|underrated af, love it|{T} ate, no notes.|so damn {g}|yesss
Thanks so much for finding my luggage.|Thanks a lot for fixing {t}.|I just love waking up early for {t}.|Great, {t} is working again!|Love how quickly {t} starts.
So glad I paid a bit more for {t}.|Brilliant idea to add {t}.|The best part of my day was {t}.|The highlight of the week was {t}.|Thank you, {n}, for {t}.|Well done, everyone!
Proud of you.|Happy birthday!|Congratulations, you earned it.|We won!|I got the job!|Feeling {g} today.|Such a relief.|Worth every minute.|I'm in love with {t}.
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
I can't name one thing I'd keep about {t}.|Not one of us enjoyed {t}.|I wouldn't wish {t} on anyone.|I have nothing but complaints about {t}.
{T} always lets me down.|You'd be hard pressed to find a {m} in {t}.|It's hard not to yawn at {t}.|I couldn't finish {t}.|I couldn't be more disappointed with {t}.
I can't say anything good about {t}.|No one left {t} happy.|Not a {g} second in {t}.|I don't have a kind word to say about {t}.|I can't forgive {t} for that.
There's no way I'd give {t} more than one star.|Nobody could call {t} {g}.|There is hardly a {m} in {t}.|I was wrong to trust {t}.|{T} was never {g}.
You can do better than {t}.|{T} let us down.|It wasn't {g} in the slightest.|We had nothing but trouble with {t}.|I wouldn't go back if you paid me.
You'll be sorry if you buy {t}.|What's there to like about {t}?|I can't stop complaining about {t}.|I have nothing but contempt for {t}.|{T} leaves a lot to be desired.
There wasn't one thing about {t} that I enjoyed.|There isn't anything {g} here.|I haven't found a {m} yet.|Nobody praised {t}, and rightly so.
I'm tired of {t}.|{T} got old fast.|I wanted {t} to end.|We couldn't leave soon enough.|I won't be going back.|I dread {t}.|Can't listen to this.|Don't bother with {t}.
{T} isn't just {b}, it's {b} and {b}.|Not only was {t} {b}, it was {b} too.|It doesn't get more {b} than this.|I could have done without {t}.|{T} doesn't do what it says.
It arrived quickly, but it was {b}.|The first half was {g}, but the second half ruined it.|It's {g} at times, yet I won't be back.|I don't feel safe here.
I was excited about {t}, but now I'm just annoyed.|The {g} reviews had me hopeful, but {t} was {b}.|Sure, it's {g} to look at, but what's the point when it's this {b}?
Even though {t} was a bit {g}, we had a {b} evening.|The price is low, but you get what you pay for.|The weather was {g}, but {t} was still {b}.|Big, but so {b}.
It's fancy, but it isn't {g}.|I thought I'd love {t}. I was wrong.|I nearly skipped {t}; wish I had.|My expectations were high, and {t} crushed them.
I'd take anything over {t}.|{T} makes the others look {g}.|{T} is nowhere near as {g} as last year.|It used to be {g}; now it's {b}.|I've had better.
Far worse than the old one.|More {b} than {g}.|A step back in every way.|{T} gets more {b} every time.|Half as {g} as the first one.|I've seen better {n1}s.|Too little, too late.
{T} fell off.|big L|L update|this ain't it|trash tier|hell no|smh at {t}|wtf is wrong with {t}|ffs, {t} broke again|so cringe|yikes, {t}|hard pass|bruh {t} is {b}|ugh|ew
screw this|what a ripoff|total scam|so fed up with {t}|damn, {t} is {b}|holy crap this is {b}|nope|boo|{t} is straight up garbage|lame|im so over {t}|{T} is shit.|so damn {b}|gross
Great, just great.|Oh joy, another {p}.|Fantastic, {t} died on me again.|What a treat, two hours on hold.|I just love waiting {k} hours for {t}.|Bravo, you broke {t} again.
Thanks for wasting my afternoon.|Love how {t} crashes every five minutes.|So glad I paid {k} dollars for something this {b}.|Brilliant idea to remove the one thing that worked.
The best part of {t} was when it ended.|The highlight of {t} was leaving.|Good luck getting a refund.|As if {t} wasn't {b} enough already.|Thanks so much for losing my luggage.
Another day, another {p}.|Cheers for forgetting {t}.|Oh great, it's raining on my holiday.|Just perfect, the battery died.|Nice, another fee I didn't know about.|Yeah, right, super {g}.
I miss you so much.|We lost again.|I failed the exam.|Feeling {b} today.|I have a headache.|My dog died last night.|What a waste of an evening.|I got fired.|I hate {t}.
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
Sound travels faster in water than in air.|The heart pumps blood.|Light takes eight minutes from the sun.|Silver conducts heat.|Salt dissolves in water.|Bees make honey.
The house has {k} rooms.|The lease ends in {k2}.|The store sells shoes.|Version {k} was released in {k2}.|The battery holds {k} hours.|The device has two ports.|He is {k} years old.
The bank is next to the post office.|They met in {k2}.|The committee met on Thursday.|The car is parked outside.|The window faces north.|The class starts in September.|I am {k} years old.
The price is {k} dollars.|The price went from {k} to {k} dollars.|It's neither good nor bad.|It's okay, nothing special.|It is what it is.|It was average.|Some liked it, some didn't.
It does what it says.|I have no opinion on {t}.|I haven't seen {t} yet.|I haven't decided about {t}.|I don't know if {t} is any good.|Is {t} any good?|Has anyone tried {t}?|Not sure about {t}.
Did you like {t}?|Was {t} {g}?|Is {t} {b}?|What did you think of {t}?|Tell me whether {t} is worth it.|I will try {t} next week.|Let me know how {t} was.|{T}, then.|The word {g} has many meanings.
I don't eat meat.|I don't have a car.|{n} didn't come to the meeting.|It does not rain much in {c}.|We didn't change the address.|No parking after {k} o'clock.
I'm not from {c}.|She isn't home yet.|It's not blue, it's green.|The film isn't out yet.|There isn't a lift in the building.|I can't come on Monday, but Tuesday works.
I can't remember the name of {t}.|Nothing has changed since {k2}.|Neither train stops in {c}.|There is no train on Sundays.|The shop no longer sells stamps.|I never lived in {c}.
There are no seats left on the {k} o'clock bus.|Not all birds can fly.|He doesn't speak Spanish.|The house has no garden.|I haven't read {t}.|We don't open before {k}.
The blue one is longer than the red one.|{n} is taller than {n}.|The second edition has more pages than the first.|It takes longer by bus than by train.|{c} is larger than {c}.
This box is heavier than that one.|Tea contains less caffeine than coffee.|The new one has {k} buttons, the old one {k}.|March is longer than February.
The shop is closed today but opens tomorrow.|It is sunny in {c} but raining here.|{n} studied law but works as a teacher.|There is a train at {k}, but another one leaves later.
I ordered tea, and {n} ordered coffee.|It is small, but so is the other one.|The door is open, but the light is off.|We wanted to walk, but took the bus.
The war ended in {k2}.|{n} died in {k2}.|The hospital is on Main Street.|The court case begins in May.|The insurance covers fire and water damage.|Cancer cells divide quickly.
The best-by date is on the lid.|Love Street is two blocks from here.|{n} works at a place called Happy Donuts.|The winner will be announced on Friday.|The free version has {k} levels.
Press the like button to save the page.|The pain scale goes from one to ten.|The problem set is due on Friday.|The criminal code has {k} sections.|The Good Friday holiday is in April.
{T} got {k} stars from one critic and {k} from another.|The review is {k} words long.|The survey asks how happy people are.|The museum of bad art is in {c}.|The poison is stored in the cellar.
Can I bring my dog?|How much is {t}?|Which bus goes to {c}?|Who is {n}?|Does anyone know when {t} opens?|Why does water boil?|Should I get {t} or wait?|Has {t} started?
Is it better to go by train or by bus?|Could you tell me where {t} is?|Would {n} like tea or coffee?|Do I need a ticket for {t}?|How many people live in {c}?|What's the best way to {c}?
Is there a problem with {t}?|Did {n} enjoy {t}?|What is the worst that can happen?|Was it {g} or {b}?|Do you like {t}?|Which one is cheaper?|Are you coming?|What's for dinner?
Reminder: {t} is at {k}.|See you on Tuesday.|I'll call you back.|On my way.|ok|sure|brb|Meeting at {k}.|Update: {t} starts at {k}.|New version out now.|Just landed in {c}.|Watching {t}.
I am reading {t}.|I had eggs for breakfast.|Going to the gym.|At work until {k}.|Our next stop is {c}.|{n} asked about {t}.|I'm writing about {t}.|First of {k} parts.
Add two cups of flour and stir.|Store in a dry place.|Ages {k} and up.|Batteries not included.|Made in {c}.|Page {k} of 60.|To be continued.|Terms apply.|Sent from my phone.
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
        text = fill(draw.choice(frames[label]), draw)
        # A plain statement beside it changes nothing.
        if draw.random() < 0.15:
            beside = fill(draw.choice(frames[NEUTRAL]), draw)
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
