//! Words that are written with a full stop, of several languages, in small letters and without the last stop. Each
//! table is sorted; the functions take words in small letters.

/// Titles and words that something always follows: no sentence ends there.
const NEVER_LAST: &[&str] = &[
    "abb",
    "abbé",
    "akad",
    "approx",
    "avda",
    "avv",
    "bd",
    "bijv",
    "blvd",
    "bspw",
    "bzw",
    "ca",
    "cca",
    "cf",
    "cmdr",
    "cpt",
    "d.h",
    "dhr",
    "dn",
    "dott",
    "dra",
    "drs",
    "e.g",
    "ebd",
    "ee",
    "evtl",
    "frl",
    "ggf",
    "hr",
    "hrn",
    "i.e",
    "inkl",
    "insb",
    "messrs",
    "mevr",
    "mgr",
    "mlle",
    "mme",
    "mr",
    "mrs",
    "ms",
    "msgr",
    "mt",
    "mw",
    "mx",
    "np",
    "p.ex",
    "prof",
    "sogn",
    "sra",
    "srta",
    "supt",
    "t.ex",
    "tzn",
    "tzw",
    "ul",
    "vgl",
    "viz",
    "vs",
    "z.b",
    "zzgl",
    "г-жа",
    "г-н",
    "им",
    "напр",
    "просп",
    "проф",
    "т.е",
    "ул",
    "डॉ",
    "प्रो",
    "श्री",
];

/// Words that a number follows, and that end a sentence otherwise: `No. 5`, but `Oh no. That hurts.`
const BEFORE_NUMBERS: &[&str] = &[
    "art", "arts", "cap", "ch", "fig", "figs", "no", "nos", "num", "n°", "nº", "op", "par", "tab",
    "ver", "§", "см", "ст", "№",
];

/// Words that stand before another one as well as at a sentence's end. What follows must tell.
const ANYWHERE: &[&str] = &[
    "abs", "adm", "admón", "al", "allg", "anm", "apr", "aprox", "apt", "arq", "assn", "assoc",
    "aufl", "aug", "av", "ave", "avr", "bd", "bearb", "betr", "bl.a", "bldg", "bros", "btw",
    "capt", "chap", "cia", "co", "col", "conf", "corp", "cpl", "cía", "dec", "dept", "dgl", "dir",
    "dpto", "dr", "déc", "ed", "eds", "ej", "eng", "engl", "eq", "esp", "esq", "est", "exc",
    "exkl", "ext", "fa", "fam", "feb", "ff", "fol", "fr", "févr", "geb", "gem", "gen", "gest",
    "godz", "gov", "govt", "gral", "hon", "hrsg", "hwy", "inc", "ing", "jan", "janv", "jh", "jhdt",
    "jr", "juil", "jul", "jur", "kap", "kl", "lat", "lic", "llc", "lt", "ltd", "maj", "med", "mio",
    "mrd", "nov", "nr", "núm", "obs", "oct", "okt", "phil", "pl", "plc", "pp", "pres", "prov",
    "pt", "pty", "pvt", "pág", "págs", "rd", "rep", "rer", "resp", "rev", "sec", "sect", "sen",
    "sep", "sept", "sgt", "sog", "sq", "sr", "st", "str", "tel", "tlf", "tsd", "tél", "ud", "uds",
    "univ", "uu", "vd", "vds", "verh", "vol", "vols", "vv", "ziff", "éd", "óp", "гл", "млн",
    "млрд", "обл", "пр", "рис", "руб", "стр", "тел", "тыс",
];

/// “And so on”, and units: the sentence ends if the next word has a capital.
const AND_SO_ON: &[&str] = &[
    "cm", "ecc", "enz", "etc", "ft", "hrs", "itd", "itp", "kg", "km", "lb", "lbs", "mg", "min",
    "mins", "mm", "osv", "oz", "secs", "std", "tbsp", "tsp", "usf", "usw", "yr", "yrs", "др",
];

/// Names that end with an exclamation mark.
const EXCLAIMED: &[&str] = &[
    "jeopardy", "joomla", "kahoot", "oklahoma", "wham", "yahoo", "yum",
];

/// Words that begin a sentence more often than a name goes on with them.
const STARTERS: &[&str] = &[
    "a",
    "aber",
    "after",
    "all",
    "also",
    "although",
    "and",
    "another",
    "anyone",
    "are",
    "as",
    "at",
    "aunque",
    "because",
    "both",
    "but",
    "ces",
    "cette",
    "could",
    "dann",
    "das",
    "depuis",
    "der",
    "despite",
    "did",
    "die",
    "dies",
    "diese",
    "do",
    "does",
    "each",
    "ein",
    "eine",
    "el",
    "ella",
    "elle",
    "elles",
    "en",
    "er",
    "es",
    "even",
    "every",
    "everybody",
    "everyone",
    "everything",
    "for",
    "from",
    "had",
    "has",
    "have",
    "he",
    "her",
    "here",
    "his",
    "how",
    "however",
    "i",
    "ich",
    "if",
    "il",
    "ils",
    "in",
    "is",
    "it",
    "its",
    "je",
    "jetzt",
    "just",
    "la",
    "las",
    "le",
    "les",
    "let",
    "los",
    "many",
    "mas",
    "maybe",
    "most",
    "my",
    "más",
    "nach",
    "never",
    "no",
    "nobody",
    "not",
    "nothing",
    "nous",
    "now",
    "of",
    "on",
    "once",
    "one",
    "only",
    "others",
    "our",
    "overall",
    "pero",
    "please",
    "she",
    "should",
    "si",
    "sie",
    "since",
    "so",
    "some",
    "someone",
    "such",
    "thanks",
    "that",
    "the",
    "their",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "though",
    "today",
    "und",
    "une",
    "uno",
    "very",
    "vous",
    "was",
    "we",
    "wenn",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "who",
    "why",
    "will",
    "wir",
    "with",
    "would",
    "yes",
    "yesterday",
    "yo",
    "you",
    "your",
    "а",
    "в",
    "вы",
    "как",
    "мы",
    "на",
    "но",
    "он",
    "она",
    "они",
    "оно",
    "это",
    "я",
];

/// What stands behind `a.m.` and `p.m.` within a sentence, and behind a German day's number.
const DATES: &[&str] = &[
    "apr",
    "april",
    "aug",
    "august",
    "dec",
    "december",
    "dez",
    "dezember",
    "eastern",
    "feb",
    "februar",
    "february",
    "friday",
    "jan",
    "januar",
    "january",
    "juli",
    "july",
    "june",
    "juni",
    "mai",
    "mar",
    "march",
    "may",
    "monday",
    "mountain",
    "mär",
    "märz",
    "nov",
    "november",
    "oct",
    "october",
    "okt",
    "oktober",
    "pacific",
    "saturday",
    "sep",
    "sept",
    "september",
    "sunday",
    "thursday",
    "tuesday",
    "wednesday",
];

/// What makes a number with a stop behind it an ordinal: `am 3. Oktober`, `der 2. Weltkrieg`.
const BEFORE_ORDINALS: &[&str] = &[
    "ab", "am", "beim", "bis", "das", "dem", "den", "der", "des", "die", "dieser", "im", "ins",
    "jeder", "seit", "vom", "zum", "zur",
];

/// Words that a sentence does not end with, at the end of a line.
const UNFINISHED: &[&str] = &[
    "a", "al", "an", "and", "are", "at", "au", "auf", "be", "by", "com", "con", "da", "das", "de",
    "dem", "den", "der", "des", "di", "die", "du", "ein", "eine", "el", "en", "et", "for", "from",
    "have", "her", "his", "im", "in", "is", "la", "las", "le", "les", "los", "mit", "my", "of",
    "on", "or", "our", "para", "por", "que", "sur", "than", "that", "the", "their", "to", "un",
    "una", "und", "une", "van", "von", "was", "were", "which", "with", "y", "your", "zu", "в", "и",
    "на", "с", "у",
];

/// Ends of addresses, which begin no sentence: `Booking.Com`.
const DOMAINS: &[&str] = &[
    "com", "de", "edu", "fr", "gov", "io", "js", "net", "org", "uk",
];

fn is_in(table: &[&str], word: &str) -> bool {
    table.binary_search(&word).is_ok()
}

pub(super) fn is_never_last(word: &str) -> bool {
    is_in(NEVER_LAST, word)
}

pub(super) fn stands_before_numbers(word: &str) -> bool {
    is_in(BEFORE_NUMBERS, word)
}

pub(super) fn stands_anywhere(word: &str) -> bool {
    is_in(ANYWHERE, word)
}

pub(super) fn is_and_so_on(word: &str) -> bool {
    is_in(AND_SO_ON, word)
}

pub(super) fn is_exclaimed(word: &str) -> bool {
    is_in(EXCLAIMED, word)
}

pub(super) fn is_starter(word: &str) -> bool {
    is_in(STARTERS, word)
}

pub(super) fn is_date(word: &str) -> bool {
    is_in(DATES, word)
}

pub(super) fn makes_ordinal(word: &str) -> bool {
    is_in(BEFORE_ORDINALS, word)
}

pub(super) fn is_unfinished(word: &str) -> bool {
    is_in(UNFINISHED, word)
}

pub(super) fn is_domain(word: &str) -> bool {
    is_in(DOMAINS, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_what_is_looked_up() {
        let tables = [
            NEVER_LAST,
            BEFORE_NUMBERS,
            ANYWHERE,
            AND_SO_ON,
            EXCLAIMED,
            STARTERS,
            DATES,
            BEFORE_ORDINALS,
            UNFINISHED,
            DOMAINS,
        ];
        for table in tables {
            assert!(table.is_sorted(), "{table:?}");
            for word in table {
                assert_eq!(*word, word.to_lowercase());
            }
        }
    }
}
