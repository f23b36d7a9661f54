//! What this device keeps, as the keys of the store tell. No browser here, so that it is tested natively.

use crate::web::address;

/// The models on this device, all together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// What to call each.
    pub names: Vec<String>,
    /// Their size, with what there is of files that were not fetched to the end.
    pub bytes: u64,
    /// Whether the browser has promised not to remove them by itself, or takes no such question.
    pub is_safe: bool,
}

impl Kept {
    /// Counts an entry by its key; see `src/web/store/shelf.rs`. `decode` undoes `encodeURIComponent`.
    pub fn add(&mut self, key: &str, decode: impl Fn(&str) -> String) {
        let mut parts = key.rsplit('/');
        let Some((name, folder)) = parts.next().zip(parts.next()) else {
            return;
        };
        if folder == "model" {
            // The address is encoded as a whole, and may have such parts of its own.
            self.names.push(address::name(&decode(&decode(name))));
        } else if let Some((_, length)) = name.split_once('+') {
            self.bytes += length.parse().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_counted_by_its_keys() {
        let mut kept = Kept::default();
        for key in [
            "https://a.example/live-sentiment/ab12/0+1000",
            "https://a.example/live-sentiment/ab12/1000+24",
            "https://a.example/live-sentiment/ab12/whole",
            "https://a.example/live-sentiment/cd34/0+300",
            "https://a.example/live-sentiment/coming/https%3A%2F%2Fa.example%2Fmodels%2Fnext%2F",
            "https://a.example/live-sentiment/model/https%3A%2F%2Fa.example%2Fmodels%2Fminilm%2F",
            "nonsense",
        ] {
            kept.add(key, |text| text.replace("%3A", ":").replace("%2F", "/"));
        }
        assert_eq!((kept.bytes, kept.names), (1_324, vec!["minilm".to_owned()]));
    }
}
