//! Whether a text runs from left to right or the other way.
//!
//! The browser could tell by `dir="auto"`, but Chromium then takes seconds to lay out a long text without line ends.

/// How many characters are looked at.
const MAX_LOOKED_AT: usize = 1_000;

/// The direction of a text by its first letter, as `dir` has it: `ltr` or `rtl`.
pub fn direction(text: &str) -> &'static str {
    let strong = |c: char| match c {
        // Marks that are there to say it.
        '\u{200e}' => Some("ltr"),
        '\u{200f}' | '\u{61c}' => Some("rtl"),
        c if !c.is_alphabetic() => None,
        // Hebrew, Arabic, Syriac, Thaana, N'Ko, Samaritan, Mandaic, their further forms, and the scripts of the
        // supplementary planes that are set aside for this direction.
        '\u{590}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}' => Some("rtl"),
        _ => Some("ltr"),
    };
    let mut looked_at = text.chars().take(MAX_LOOKED_AT);
    looked_at.find_map(strong).unwrap_or("ltr")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_decides() {
        for (text, expected) in [
            ("", "ltr"),
            ("Hello שלום", "ltr"),
            ("שלום Hello", "rtl"),
            ("أنا سعيد", "rtl"),
            ("«1. 🙂 سلام»", "rtl"),
            ("١٢٣ abc", "ltr"),
            ("👍🏽 …", "ltr"),
            ("ދިވެހި", "rtl"),
            ("𞤀𞤣𞤤𞤢𞤥", "rtl"),
            ("\u{200f}abc", "rtl"),
            ("好", "ltr"),
        ] {
            assert_eq!(direction(text), expected, "{text}");
        }
    }

    #[test]
    fn only_the_beginning_is_looked_at() {
        let late = " ".repeat(MAX_LOOKED_AT) + "שלום";
        assert_eq!(direction(&late), "ltr");
        assert_eq!(direction(&late[1..]), "rtl");
    }
}
