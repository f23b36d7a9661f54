//! Addresses of models, as people paste them and as the program takes them. Next to no browser here, so that it is tested
//! natively.

use crate::model::folder::is_common;
pub use crate::model::folder::is_weights;

/// What the addresses of models begin with that were dropped on the page. No server is asked for them.
pub const DROPPED: &str = "dropped:";

/// Hubs whose pages are known not to be the files themselves.
const HUBS: [&str; 4] = [
    "huggingface.co",
    "www.huggingface.co",
    "hf.co",
    "hf-mirror.com",
];

/// The revision that a hub's page of a model shows.
const MAIN: &str = "main";

/// The address of a model's folder with a slash at its end, or that of its weights if they have a name of their own, for the
/// absolute URL of the folder, of a file in it, or of the page on which a well-known hub shows either. What the URL asks behind a
/// question mark stays: it may say who may have the files.
pub fn canonical(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let mut parts: Vec<&str> = path.split('/').collect();
    let is_hub = matches!(parts[..], [_, "", host, ..] if HUBS.contains(&host));
    let is_known = |last: &str| last.is_empty() || last == "files.json" || is_common(last);
    if is_hub {
        lead_behind_page(&mut parts);
    }
    let last = parts.pop_if(|last| is_known(last) || is_weights(last));
    match last.filter(|last| !is_known(last)) {
        Some(weights) => parts.push(weights),
        None => parts.push(""),
    }
    let mut address = parts.join("/");
    if !is_hub && query.len() > 1 {
        address.push_str(query);
    }
    address
}

/// Where the files are if an address, one that [`canonical`] gives, turns out to be that of a page on which a hub shows them. Not to
/// be tried before the address itself: any site may have such a path.
pub fn behind_page(address: &str) -> Option<String> {
    let path = address.split('?').next()?;
    let mut parts: Vec<&str> = path.split('/').collect();
    let is_page = path.starts_with("http") && lead_behind_page(&mut parts);
    is_page.then(|| parts.join("/"))
}

/// Turns the URL of a hub's page, in its parts, into that of what it shows; returns whether it may be one.
fn lead_behind_page(parts: &mut Vec<&str>) -> bool {
    match &mut parts[..] {
        // scheme, nothing, host, owner, name: then the page of a folder (tree) or file (blob) of a revision, and the file itself.
        [_, "", _, _, _, part @ ("tree" | "blob"), revision, ..] if !revision.is_empty() => {
            *part = "resolve";
            true
        }
        // The page of the model.
        [_, "", _, owner, name] | [_, "", _, owner, name, ""]
            if !owner.is_empty() && !name.is_empty() && !is_weights(name) && !is_common(name) =>
        {
            parts.truncate(5);
            parts.extend(["resolve", MAIN, ""]);
            true
        }
        _ => false,
    }
}

/// What to call the model at an address: its folder, or the owner and name that a hub knows it by.
pub fn name(address: &str) -> String {
    let path = match address.strip_prefix(DROPPED) {
        Some(name) => name,
        None => address.split('?').next().unwrap_or_default(),
    };
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
            ("https://a.example/m/model.gguf#x", "https://a.example/m/"),
            ("https://a.example/m/vocab.txt", "https://a.example/m/"),
            ("https://a.example/m?", "https://a.example/m/"),
            (
                "https://a.example/m/model.safetensors",
                "https://a.example/m/",
            ),
            (
                "https://a.example/m/my-q8_0.gguf#top",
                "https://a.example/m/my-q8_0.gguf",
            ),
            (
                "https://a.example/m/MODEL.GGUF",
                "https://a.example/m/MODEL.GGUF",
            ),
            // Who may have the files, as object stores and signed links say it.
            (
                "https://a.example/m/model.gguf?X-Amz-Signature=a/b",
                "https://a.example/m/?X-Amz-Signature=a/b",
            ),
            (
                "https://a.example/m/q4.gguf?sv=1&sig=%2B#top",
                "https://a.example/m/q4.gguf?sv=1&sig=%2B",
            ),
            ("https://a.example/m?sv=1", "https://a.example/m/?sv=1"),
            // A hub's pages.
            (
                "https://huggingface.co/o/n",
                "https://huggingface.co/o/n/resolve/main/",
            ),
            (
                "https://huggingface.co/o/n/?library=transformers#readme",
                "https://huggingface.co/o/n/resolve/main/",
            ),
            (
                "https://huggingface.co/o/n/tree/abc123",
                "https://huggingface.co/o/n/resolve/abc123/",
            ),
            (
                "https://huggingface.co/o/n/blob/main/model-q4.gguf",
                "https://huggingface.co/o/n/resolve/main/model-q4.gguf",
            ),
            (
                "https://huggingface.co/o/n/resolve/main/model.safetensors?download=true",
                "https://huggingface.co/o/n/resolve/main/",
            ),
            // Such paths are not a hub's everywhere.
            (
                "https://me.github.io/project/models/tree/oak/",
                "https://me.github.io/project/models/tree/oak/",
            ),
            (
                "https://a.example/my/own/blob/v1/q4.gguf",
                "https://a.example/my/own/blob/v1/q4.gguf",
            ),
            ("https://a.example/o/n", "https://a.example/o/n/"),
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
    fn what_may_be_a_page_of_a_hub_leads_to_its_files() {
        for (address, files) in [
            (
                "http://127.0.0.1:8302/o/n/",
                Some("http://127.0.0.1:8302/o/n/resolve/main/"),
            ),
            (
                "https://hub.example/o/n/?x=1",
                Some("https://hub.example/o/n/resolve/main/"),
            ),
            (
                "https://hub.example/o/n/tree/abc123/",
                Some("https://hub.example/o/n/resolve/abc123/"),
            ),
            (
                "https://hub.example/o/n/blob/main/q4.gguf",
                Some("https://hub.example/o/n/resolve/main/q4.gguf"),
            ),
            ("https://hub.example/o/n/resolve/main/", None),
            ("https://hub.example/models/", None),
            ("https://hub.example/m/q4.gguf", None),
            ("https://hub.example/a/b/c/", None),
            ("https://hub.example/", None),
            ("dropped:a/b/c/d/", None),
        ] {
            assert_eq!(behind_page(address).as_deref(), files, "{address}");
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
            ("https://a.example/m/?sig=a/b", "m"),
            ("https://a.example/m/q4.gguf?sig=a/b", "q4.gguf"),
            ("dropped:my-model/", "my-model"),
            ("dropped:really?/", "really?"),
            ("", ""),
        ] {
            assert_eq!(name(address), expected);
        }
    }
}
