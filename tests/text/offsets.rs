//! UTF-8 indices to UTF-16 and back, against the slow way.

use live_sentiment::text::Offsets;
use proptest::prelude::*;

#[test]
fn surrogates_count_twice() {
    let offsets = Offsets::new("aé🙂b");
    assert_eq!([0, 1, 3, 7, 8].map(|i| offsets.utf16(i)), [0, 1, 2, 4, 5]);
    assert_eq!(offsets.utf16(5), 2, "inside the emoji");
    assert_eq!(offsets.utf16(99), 5, "behind the end");
    assert_eq!([0, 1, 2, 4, 5].map(|i| offsets.utf8(i)), [0, 1, 3, 7, 8]);
    assert_eq!(offsets.utf8(3), 3, "inside the emoji");
    assert_eq!(offsets.utf8(99), 8, "behind the end");
    assert_eq!(offsets.utf16_len(), 5);
}

#[test]
fn ascii_is_the_same_in_both() {
    let offsets = Offsets::new("plain");
    assert_eq!((offsets.utf16(3), offsets.utf8(3)), (3, 3));
    assert_eq!((offsets.utf16(9), offsets.utf8(9)), (5, 5));
    assert_eq!(Offsets::new("").utf16_len(), 0);
}

proptest! {
    #[test]
    fn every_index_is_right(parts in prop::collection::vec("[a-z]{0,40}|[éß]{0,9}|[好。]{0,60}|[🙂👍]{0,50}", 0..12)) {
        let text = parts.concat();
        let offsets = Offsets::new(&text);
        let mut units = 0;
        for (byte, character) in text.char_indices() {
            for inside in 0..character.len_utf8() {
                prop_assert_eq!(offsets.utf16(byte + inside), units);
            }
            for inside in 0..character.len_utf16() {
                prop_assert_eq!(offsets.utf8(units + inside), byte);
            }
            units += character.len_utf16();
        }
        prop_assert_eq!(offsets.utf16_len(), units);
    }
}
