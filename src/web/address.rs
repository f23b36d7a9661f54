//! Addresses of models, as people paste them and as the program takes them. Next to no browser here, so that it is tested
//! natively.

/// What the addresses of models begin with that were dropped on the page. No server is asked for them.
pub const DROPPED: &str = "dropped:";

/// The address of a model's folder with a slash at its end, or that of its weights if they have a name of their own, for the
/// absolute URL of the folder, of a file in it, or of the page on which a hub shows either.
pub fn canonical(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let mut parts: Vec<&str> = url[..end].split('/').collect();
    // scheme, nothing, host, owner, name: then a hub has the page of a folder (tree) or file (blob) of a revision, and the file
    // itself.
    if let [_, _, _, _, _, part @ ("tree" | "blob"), revision, ..] = &mut parts[..]
        && !revision.is_empty()
    {
        *part = "resolve";
    }
    let is_known = |last: &&str| {
        [
            "config.json",
            "tokenizer.json",
            "files.json",
            "model.gguf",
            "model.safetensors",
            "",
        ]
        .contains(last)
    };
    let last = parts.pop_if(|last| is_known(last) || is_weights(last));
    match last.filter(|last| is_weights(last) && !is_known(last)) {
        Some(weights) => parts.push(weights),
        None => parts.push(""),
    }
    parts.join("/")
}

/// Whether a file is one of weights, by its name.
pub fn is_weights(name: &str) -> bool {
    name.ends_with(".gguf") || name.ends_with(".safetensors")
}

/// What to call the model at an address: its folder, or the owner and name that a hub knows it by.
pub fn name(address: &str) -> String {
    let path = address.strip_prefix(DROPPED).unwrap_or(address);
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    match parts[..] {
        [.., owner, name, "resolve", _] => format!("{owner}/{name}"),
        [.., owner, name, "resolve", _, file] => format!("{owner}/{name}/{file}"),
        [.., name] => name.to_owned(),
        [] => String::new(),
    }
}

/// As JavaScript's `encodeURIComponent`.
pub fn encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// Undoes [`encoded`], as far as it was done. A text that is none of its results stays as it is.
pub fn decoded(text: &str) -> String {
    decode(text).unwrap_or_else(|| text.to_owned())
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                // Two digits fit a byte.
                (digit()? << 4 | digit()?) as u8
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_what_lies_in_it_are_one_model() {
        for (pasted, address) in [
            ("https://a.example/m", "https://a.example/m/"),
            ("https://a.example/m/", "https://a.example/m/"),
            ("https://a.example/m/config.json", "https://a.example/m/"),
            ("https://a.example/m/model.gguf?x=1", "https://a.example/m/"),
            (
                "https://a.example/m/model.safetensors",
                "https://a.example/m/",
            ),
            (
                "https://a.example/m/my-q8_0.gguf#top",
                "https://a.example/m/my-q8_0.gguf",
            ),
            (
                "https://hub.example/o/n/tree/abc123",
                "https://hub.example/o/n/resolve/abc123/",
            ),
            (
                "https://hub.example/o/n/blob/main/model-q4.gguf",
                "https://hub.example/o/n/resolve/main/model-q4.gguf",
            ),
            (
                "https://hub.example/o/n/resolve/main/",
                "https://hub.example/o/n/resolve/main/",
            ),
            (
                "https://a.example/my/own/tree/",
                "https://a.example/my/own/tree/",
            ),
            ("dropped:my-model/", "dropped:my-model/"),
        ] {
            assert_eq!(canonical(pasted), address);
            assert_eq!(canonical(address), address, "it stays what it is");
        }
    }

    #[test]
    fn encoding_is_that_of_the_browser_and_can_be_undone() {
        for (text, expected) in [
            ("", ""),
            ("a-Z_0.~!*'()", "a-Z_0.~!*'()"),
            (
                "https://a.example/ü?x=1+2#%",
                "https%3A%2F%2Fa.example%2F%C3%BC%3Fx%3D1%2B2%23%25",
            ),
            ("😀", "%F0%9F%98%80"),
        ] {
            assert_eq!(encoded(text), expected);
            assert_eq!(decoded(expected), text);
        }
        for none in ["%", "%4", "100%", "%zz", "%C3", "%+1"] {
            assert_eq!(decoded(none), none);
        }
    }

    #[test]
    fn a_model_is_called_by_what_sets_it_apart() {
        for (address, expected) in [
            (
                "https://a.example/models/minilm-sentiment/",
                "minilm-sentiment",
            ),
            ("https://hub.example/o/n/resolve/abc123/", "o/n"),
            (
                "https://hub.example/o/n/resolve/main/q4.gguf",
                "o/n/q4.gguf",
            ),
            ("dropped:my-model/", "my-model"),
            ("", ""),
        ] {
            assert_eq!(name(address), expected);
        }
    }
}
