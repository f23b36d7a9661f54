//! A model's way from servers of every kind, and from files that were dropped, to the worker. The servers are played by the test.
#![cfg(all(target_arch = "wasm32", feature = "worker"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use js_sys::{Array, Uint8Array};
use live_sentiment::types::Preflight;
use live_sentiment::web::worker::files::{
    Download, DownloadRequest, ModelCache, ModelFiles, PickedFiles, fetch_model, forget,
    inspect_remote,
};
use live_sentiment::{ErrorKind, Result};
use sha2::{Digest, Sha256};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::AbortController;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Answers the worker's requests for addresses that begin with `https://fake.example/` by a script: an async function of the
/// request and of its path, which returns a `Response`. Keeps the requests in `self.asked`, as method, path and range.
fn serve(script: &str) {
    let code = format!(
        r#"self.asked = [];
        self.realFetch ??= self.fetch;
        self.fetch = async (request, ...rest) => {{
            const url = new URL(request.url ?? request);
            if (url.host !== "fake.example") return self.realFetch(request, ...rest);
            const path = url.pathname + url.search, range = request.headers.get("range");
            self.asked.push(`${{request.method}} ${{path}}${{range ? " " + range : ""}}`);
            return (async () => {{ {script} }})();
        }};"#
    );
    js_sys::eval(&code).unwrap();
}

fn asked() -> Vec<String> {
    let asked: Array = js_sys::eval("self.asked").unwrap().unchecked_into();
    asked.iter().filter_map(|line| line.as_string()).collect()
}

/// Answers with the files of a folder, by the end of their paths; with what it lacks as `absent` says.
fn serve_folder(files: &[(&str, &[u8])], headers: &str, absent: &str) {
    let global = js_sys::global();
    let map = js_sys::Object::new();
    for (path, bytes) in files {
        js_sys::Reflect::set(&map, &(*path).into(), &Uint8Array::from(*bytes)).unwrap();
    }
    js_sys::Reflect::set(&global, &"folder".into(), &map).unwrap();
    serve(&format!(
        "const bytes = self.folder[url.pathname]; if (!bytes) {absent};
         return new Response(bytes, {{ headers: {headers} }});"
    ));
}

const MISSING: &str = "return new Response('', { status: 404 })";

macro_rules! golden {
    ($file:literal) => {
        include_bytes!(concat!("golden/models/bert-binary/", $file)).as_slice()
    };
}
const CONFIG: &[u8] = golden!("config.json");
const TOKENIZER: &[u8] = golden!("tokenizer.json");
const WEIGHTS: &[u8] = golden!("model.safetensors");

async fn load(model: &str) -> Result<ModelFiles> {
    let controller = AbortController::new().unwrap();
    let (files, _) = fetch_model(model, None, &controller, |_| {}).await?;
    Ok(files)
}

async fn inspect(model: &str) -> Result<(String, Preflight)> {
    let controller = AbortController::new().unwrap();
    inspect_remote(model, None, &controller.signal()).await
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn list(files: &[(&str, &[u8])]) -> String {
    let entry = |(name, bytes): &(&str, &[u8])| {
        let (length, digest) = (bytes.len(), sha256(bytes));
        format!(r#""{name}": {{"bytes": {length}, "sha256": "{digest}"}}"#)
    };
    let entries: Vec<_> = files.iter().map(entry).collect();
    format!("{{{}}}", entries.join(", "))
}

#[wasm_bindgen_test]
async fn a_range_that_cannot_be_had_without_asking_for_one_is_an_error() {
    serve("return new Response('', { status: 416 })");
    let controller = AbortController::new().unwrap();
    let whole = DownloadRequest::whole("https://fake.example/m/model.gguf", 1 << 20);
    let error = Download::begin(whole, &controller.signal())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("416"), "{error}");
    assert_eq!(asked().len(), 1);
    // Where one was asked for, all of the file is, once.
    serve("return new Response('', { status: 416 })");
    let order = DownloadRequest {
        from: 5,
        ..DownloadRequest::whole("https://fake.example/m/model.gguf", 1 << 20)
    };
    let error = Download::begin(order, &controller.signal())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(asked(), ["GET /m/model.gguf bytes=5-", "GET /m/model.gguf"]);
}

#[wasm_bindgen_test]
async fn a_length_that_another_site_tells_is_not_relied_on() {
    // Content-Encoding is kept from us, so that Content-Length may be of the compressed file: shorter, longer, or not there.
    for length in ["'5'", "'100000000000'", "String(bytes.length - 1000)", "''"] {
        let headers = format!("{{ 'content-length': {length} }}");
        let folder = [
            ("/z/config.json", CONFIG),
            ("/z/tokenizer.json", TOKENIZER),
            ("/z/model.safetensors", WEIGHTS),
        ];
        serve_folder(&folder, &headers, MISSING);
        let (_, found) = inspect("https://fake.example/z/").await.unwrap();
        assert_eq!(found.refusal, None, "{length}");
        assert!(found.format.is_some(), "{length}");
        assert_ne!(found.file_size, Some(5), "{length}");
        let files = load("https://fake.example/z/").await.unwrap();
        assert_eq!(files.weights.to_vec(), WEIGHTS, "{length}");
        forget("https://fake.example/z/").await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn a_list_counts_more_than_the_length_that_another_site_tells() {
    let files = [
        ("config.json", CONFIG),
        ("tokenizer.json", TOKENIZER),
        ("model.safetensors", WEIGHTS),
    ];
    let json = list(&files);
    let folder = [
        ("/l/config.json", CONFIG),
        ("/l/tokenizer.json", TOKENIZER),
        ("/l/model.safetensors", WEIGHTS),
        ("/l/files.json", json.as_bytes()),
    ];
    serve_folder(
        &folder,
        "{ 'content-length': String(bytes.length + 23) }",
        MISSING,
    );
    let files = load("https://fake.example/l/").await.unwrap();
    assert_eq!(files.weights.to_vec(), WEIGHTS);
    // A list says all that there is: nothing else is asked for.
    assert_eq!(asked().len(), 4, "{:?}", asked());
    forget("https://fake.example/l/").await.unwrap();
}

#[wasm_bindgen_test]
async fn the_page_of_a_model_on_a_hub_leads_to_its_files() {
    for absent in [
        MISSING,
        "return new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })",
        "throw new TypeError('CORS')",
    ] {
        let folder = [
            ("/o/n/resolve/main/config.json", CONFIG),
            ("/o/n/resolve/main/tokenizer.json", TOKENIZER),
            ("/o/n/resolve/main/model.safetensors", WEIGHTS),
        ];
        serve_folder(&folder, "{}", absent);
        for page in [
            "https://fake.example/o/n/",
            "https://fake.example/o/n/tree/main/",
        ] {
            let (address, found) = inspect(page).await.unwrap();
            assert_eq!(address, "https://fake.example/o/n/resolve/main/");
            assert_eq!(found.refusal, None);
            assert_eq!(load(page).await.unwrap().weights.to_vec(), WEIGHTS);
            // From the device, too.
            assert_eq!(load(page).await.unwrap().weights.to_vec(), WEIGHTS);
            forget(page).await.unwrap();
        }
    }
    // The address itself comes first, and what it says is told.
    let folder = [
        ("/o/n/tree/oak/config.json", CONFIG),
        ("/o/n/tree/oak/tokenizer.json", TOKENIZER),
        ("/o/n/tree/oak/model.safetensors", WEIGHTS),
    ];
    serve_folder(&folder, "{}", MISSING);
    let oak = "https://fake.example/o/n/tree/oak/";
    assert_eq!(inspect(oak).await.unwrap().0, oak);
    assert!(asked().iter().all(|line| !line.contains("resolve")));
    let error = inspect("https://fake.example/o/n/").await.unwrap_err();
    assert!(error.to_string().contains("/o/n/config.json"), "{error}");
}

#[wasm_bindgen_test]
async fn every_file_is_asked_for_with_the_query_of_the_address() {
    let folder = [
        ("/s/config.json", CONFIG),
        ("/s/tokenizer.json", TOKENIZER),
        ("/s/MODEL.SafeTensors", WEIGHTS),
    ];
    serve_folder(&folder, "{}", MISSING);
    let signed = "https://fake.example/s/MODEL.SafeTensors?sig=a/b%2B";
    let files = load(signed).await.unwrap();
    assert_eq!(files.weights_name, "MODEL.SafeTensors");
    assert!(
        asked().iter().all(|line| line.ends_with("?sig=a/b%2B")),
        "{:?}",
        asked()
    );
    assert_eq!(inspect(signed).await.unwrap().1.refusal, None);
    forget(signed).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_half_finished_release_leaves_the_model_that_is_here_at_work() {
    let model = "https://fake.example/half/";
    let files = [
        ("config.json", CONFIG),
        ("tokenizer.json", TOKENIZER),
        ("model.safetensors", WEIGHTS),
    ];
    let (old, mut newer) = (list(&files), WEIGHTS.to_vec());
    newer.push(0);
    let next = list(&[files[0], files[1], ("model.safetensors", &newer)]);
    let larger = next.replace(r#""bytes": "#, r#""bytes": 9"#);
    let folder = |list: &str, weights: &[u8]| {
        let folder = [
            ("/half/config.json", CONFIG),
            ("/half/tokenizer.json", TOKENIZER),
            ("/half/model.safetensors", weights),
            ("/half/files.json", list.as_bytes()),
        ];
        serve_folder(&folder, "{}", MISSING);
    };
    folder(&old, WEIGHTS);
    load(model).await.unwrap();
    for bad in [&next, &larger] {
        folder(bad, WEIGHTS);
        assert_eq!(load(model).await.unwrap().weights.to_vec(), WEIGHTS);
    }
    // Once all of it is there, it is taken.
    folder(&next, &newer);
    assert_eq!(load(model).await.unwrap().weights.to_vec(), newer);
    forget(model).await.unwrap();
}

#[wasm_bindgen_test]
async fn what_stands_beside_the_tokenizer_counts() {
    let settings = br#"{"do_lower_case": false, "tokenizer_class": "BertTokenizer"}"#.as_slice();
    let is_cased = |files: &ModelFiles| {
        let json = String::from_utf8(files.tokenizer.clone()).unwrap();
        json.replace(' ', "").contains(r#""lowercase":false"#)
    };
    let model = "https://fake.example/t/";
    let mut files = vec![
        ("config.json", CONFIG),
        ("tokenizer.json", TOKENIZER),
        ("model.safetensors", WEIGHTS),
    ];
    let folder = |files: &[(&str, &[u8])], list: Option<&str>| {
        let paths: Vec<_> = files
            .iter()
            .map(|(name, bytes)| (format!("/t/{name}"), *bytes))
            .collect();
        let mut folder: Vec<_> = paths.iter().map(|(p, b)| (p.as_str(), *b)).collect();
        folder.extend(list.map(|list| ("/t/files.json", list.as_bytes())));
        serve_folder(&folder, "{}", MISSING);
    };
    folder(&files, None);
    let plain = load(model).await.unwrap();
    assert_eq!(plain.tokenizer, TOKENIZER, "byte by byte");
    forget(model).await.unwrap();
    files.push(("tokenizer_config.json", settings));
    let listed = list(&files);
    for list in [None, Some(listed.as_str())] {
        folder(&files, list);
        let loaded = load(model).await.unwrap();
        assert!(is_cased(&loaded), "listed: {}", list.is_some());
        let (_, found) = inspect(model).await.unwrap();
        assert!(found.vocabulary.unwrap().cased);
        // Without the network.
        serve("throw new TypeError('no network')");
        assert!(is_cased(&load(model).await.unwrap()));
        forget(model).await.unwrap();
    }
    // A vocabulary with a token that was added, in a folder with a list and without.
    let tokenizer: serde_json::Value = serde_json::from_slice(TOKENIZER).unwrap();
    let mut words: Vec<_> = tokenizer["model"]["vocab"]
        .as_object()
        .unwrap()
        .iter()
        .collect();
    words.sort_by_key(|(_, id)| id.as_u64());
    let words: String = words.iter().map(|(word, _)| format!("{word}\n")).collect();
    files[1] = ("vocab.txt", words.as_bytes());
    files.push(("added_tokens.json", br#"{"@user": 3000}"#));
    let listed = list(&files);
    for list in [None, Some(listed.as_str())] {
        folder(&files, list);
        let loaded = load(model).await.unwrap();
        let json = String::from_utf8(loaded.tokenizer.clone()).unwrap();
        assert!(is_cased(&loaded) && json.contains("@user"));
        forget(model).await.unwrap();
    }
    // Trouble that may be over the next time is not taken for a file that is not there.
    files[1] = ("tokenizer.json", TOKENIZER);
    folder(&files, None);
    js_sys::eval(
        "const answer = self.fetch; self.fetch = (request) =>
         request.url.endsWith('/tokenizer_config.json') ? Promise.resolve(new Response('', { status: 503 })) : answer(request)",
    )
    .unwrap();
    assert_eq!(load(model).await.unwrap_err().kind(), ErrorKind::Network);
    forget(model).await.unwrap();
}

/// `File`s with these names, as an array.
fn picked(files: &[(&str, &[u8])]) -> PickedFiles {
    let array = Array::new();
    for (name, bytes) in files {
        let parts = Array::of1(&Uint8Array::from(*bytes));
        let file = web_sys::File::new_with_u8_array_sequence(&parts, name).unwrap();
        array.push(&file);
    }
    PickedFiles::of(&array).unwrap()
}

#[wasm_bindgen_test]
async fn two_folders_of_one_name_that_were_dropped_are_two_models() {
    let mut other = WEIGHTS.to_vec();
    *other.last_mut().unwrap() ^= 1;
    let settings = br#"{"do_lower_case": false}"#.as_slice();
    let folder = |weights| {
        picked(&[
            ("config.json", CONFIG),
            ("tokenizer.json", TOKENIZER),
            ("model.safetensors", weights),
            ("tokenizer_config.json", settings),
        ])
    };
    let (first, second) = (folder(WEIGHTS), folder(&other));
    let controller = AbortController::new().unwrap();
    let signal = controller.signal();
    let mut addresses = Vec::new();
    for files in [&first, &second, &first, &second] {
        let name = "dropped:checkpoint-500/";
        let (address, found) = inspect_remote(name, Some(files), &signal).await.unwrap();
        assert_eq!(found.refusal, None);
        fetch_model(&address, Some(files), &controller, |_| {})
            .await
            .unwrap();
        addresses.push(address);
    }
    let [one, two] = ["dropped:checkpoint-500/", "dropped:checkpoint-500%20(2)/"];
    assert_eq!(
        addresses,
        [one, two, one, two],
        "one model is not kept twice"
    );
    assert_eq!(load(one).await.unwrap().weights.to_vec(), WEIGHTS);
    let second = load(two).await.unwrap();
    assert_eq!(second.weights.to_vec(), other);
    assert!(
        String::from_utf8(second.tokenizer)
            .unwrap()
            .contains(r#""lowercase":false"#)
    );
    forget(one).await.unwrap();
    assert_eq!(load(two).await.unwrap().weights.to_vec(), other);
    forget(two).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_seal_without_its_segments_is_noticed_and_mended() {
    let model = "dropped:sealed/";
    let files = picked(&[
        ("config.json", CONFIG),
        ("tokenizer.json", TOKENIZER),
        ("model.safetensors", WEIGHTS),
    ]);
    let cache = ModelCache::open().await.unwrap();
    let digest = sha256(WEIGHTS);
    cache.remove(&digest).await.unwrap();
    cache.seal(&digest).await.unwrap();
    assert!(!cache.has(&digest, WEIGHTS.len() as u64).await.unwrap());
    let controller = AbortController::new().unwrap();
    let (_, storage) = fetch_model(model, Some(&files), &controller, |_| {})
        .await
        .unwrap();
    assert!(storage.kept);
    assert!(cache.has(&digest, WEIGHTS.len() as u64).await.unwrap());
    assert_eq!(load(model).await.unwrap().weights.to_vec(), WEIGHTS);
    forget(model).await.unwrap();
}
