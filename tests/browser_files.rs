//! Tests that need a browser: the probe of its WebAssembly features, and fetching and caching of model files.
//!
//! `WASM_BINDGEN_USE_BROWSER=1 cargo test --target wasm32-unknown-unknown --no-default-features --features worker
//! --test browser_files`
#![cfg(all(target_arch = "wasm32", feature = "worker"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::cell::RefCell;
use std::io::{Cursor, Read, Seek, SeekFrom};

use js_sys::{Array, Uint8Array};
use live_sentiment::web::client::probe;
use live_sentiment::web::worker::files::{
    Chunks, Digest, Download, DownloadRequest, Manifest, ModelCache, Segment, digests, fetch_model,
    hold,
};
use live_sentiment::{Error, ErrorKind, Result};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{AbortController, Blob, BlobPropertyBag, Url};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A URL that returns `bytes` with the media type `kind`.
fn url_of(bytes: &[u8], kind: &str) -> String {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).unwrap();
    Url::create_object_url_with_blob(&blob).unwrap()
}

async fn fetch(url: &str) -> Result<Chunks> {
    fetch_with_progress(url, |_, _| {}).await
}

async fn fetch_with_progress(url: &str, on_bytes: impl Fn(u64, Option<u64>)) -> Result<Chunks> {
    let controller = AbortController::new().unwrap();
    let signal = controller.signal();
    let mut download = Download::begin(DownloadRequest::whole(url, 1 << 20), &signal).await?;
    on_bytes(download.position(), download.total());
    let mut chunks = Chunks::default();
    while let Some(chunk) = download.next().await? {
        chunks.push(chunk);
        on_bytes(download.position(), download.total());
    }
    Ok(chunks)
}

async fn error_of(url: &str) -> Error {
    fetch(url).await.unwrap_err()
}

#[wasm_bindgen_test]
fn this_browser_has_simd() {
    // Without SIMD128 this test could not run; and every browser that chromedriver supports has relaxed SIMD.
    assert!(probe::has_simd128());
    assert!(probe::has_relaxed_simd());
}

#[wasm_bindgen_test]
async fn a_file_is_complete_and_its_progress_correct() {
    let bytes: Vec<u8> = (0..300_000_u32).map(|i| (i * 31 % 251) as u8).collect();
    let url = url_of(&bytes, "application/octet-stream");
    let seen = RefCell::new(Vec::new());
    let on_bytes = |received, total| seen.borrow_mut().push((received, total));
    let chunks = fetch_with_progress(&url, on_bytes).await.unwrap();
    assert_eq!(chunks.length(), 300_000);
    assert_eq!(chunks.to_vec(), bytes);
    let seen = seen.into_inner();
    assert_eq!(seen.first(), Some(&(0, Some(300_000))));
    assert_eq!(seen.last(), Some(&(300_000, Some(300_000))));
    assert!(seen.is_sorted());
}

#[wasm_bindgen_test]
async fn a_web_page_is_rejected() {
    let url = url_of(b"<!doctype html><h1>Welcome</h1>", "text/html");
    let error = error_of(&url).await;
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("web page"), "{error}");
}

#[wasm_bindgen_test]
async fn an_empty_file_is_malformed() {
    let error = error_of(&url_of(b"", "application/json")).await;
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("empty"), "{error}");
}

#[wasm_bindgen_test]
async fn a_file_that_is_too_long_is_rejected() {
    let url = url_of(&[7; (1 << 20) + 1], "application/json");
    assert_eq!(error_of(&url).await.kind(), ErrorKind::Malformed);
}

#[wasm_bindgen_test]
async fn a_missing_file_is_not_found() {
    // The server of this test has no such file.
    let origin = js_sys::eval("location.origin")
        .unwrap()
        .as_string()
        .unwrap();
    let error = error_of(&format!("{origin}/no-such-model/model.gguf")).await;
    assert!(
        matches!(
            error,
            Error::NotFound {
                status: Some(404),
                ..
            }
        ),
        "{error}"
    );
}

#[wasm_bindgen_test]
async fn a_server_that_does_not_answer_is_unreachable() {
    let error = error_of("http://localhost:9/model.gguf").await;
    assert_eq!(error.kind(), ErrorKind::Network);
}

#[wasm_bindgen_test]
async fn an_aborted_download_is_cancelled() {
    let controller = AbortController::new().unwrap();
    controller.abort();
    let url = url_of(b"{}", "application/json");
    let signal = controller.signal();
    let error = Download::begin(DownloadRequest::whole(&url, 1 << 20), &signal)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[wasm_bindgen_test]
async fn one_missing_file_cancels_the_others() {
    let origin = js_sys::eval("location.origin")
        .unwrap()
        .as_string()
        .unwrap();
    let controller = AbortController::new().unwrap();
    let result = fetch_model(
        &format!("{origin}/no-such-model/"),
        None,
        &controller,
        |_| {},
    )
    .await;
    let error = result.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(controller.signal().aborted());
}

/// Random reads and seeks, compared with the same bytes in one slice.
#[wasm_bindgen_test]
fn chunks_read_like_one_file() {
    let mut random = 1_u64;
    let mut draw = |below: u64| {
        // Knuth's MMIX generator; its high bits are good enough for a test.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for _ in 0..50 {
        let mut chunks = Chunks::default();
        let mut whole = Vec::new();
        for _ in 0..draw(8) {
            let piece: Vec<u8> = (0..draw(40)).map(|_| draw(256) as u8).collect();
            chunks.push(Uint8Array::from(piece.as_slice()));
            whole.extend(piece);
        }
        assert_eq!(chunks.to_vec(), whole);
        assert_eq!(chunks.length(), whole.len() as u64);
        let mut expected = Cursor::new(whole);
        for _ in 0..40 {
            let to = match draw(3) {
                0 => SeekFrom::Start(draw(200)),
                1 => SeekFrom::End(draw(400) as i64 - 200),
                _ => SeekFrom::Current(draw(100) as i64 - 50),
            };
            assert_eq!(chunks.seek(to).ok(), expected.seek(to).ok(), "{to:?}");
            let count = draw(60);
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            chunks.by_ref().take(count).read_to_end(&mut ours).unwrap();
            expected
                .by_ref()
                .take(count)
                .read_to_end(&mut theirs)
                .unwrap();
            assert_eq!(ours, theirs);
        }
    }
}

#[wasm_bindgen_test]
async fn digests_are_sha_256() {
    // Examples of FIPS 180-4.
    async fn hex(chunks: &[&[u8]]) -> String {
        let mut digest = Digest::default();
        for chunk in chunks {
            digest.update(&Uint8Array::from(*chunk));
        }
        digest.to_hex().await
    }
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex(&[b"abc"]).await, abc);
    assert_eq!(hex(&[b"a", b"", b"bc"]).await, abc);
    let million = vec![b'a'; 1_000_000];
    assert_eq!(
        hex(&[&million]).await,
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    );
    // More than is left to the browser: computed here, as by `hashlib.sha256(b"a" * (80 << 20))`.
    let mut large = Digest::default();
    let chunk = Uint8Array::from(vec![b'a'; 16 << 20].as_slice());
    for _ in 0..5 {
        large.update(&chunk);
    }
    assert_eq!(
        large.to_hex().await,
        "2b65c5f2bb2a75ccbc50ffd97c4a0cc45119bfe23f7b3887a22126e1daf8a2f1"
    );
}

#[wasm_bindgen_test]
fn malformed_manifests_are_rejected() {
    let digest = "0".repeat(64);
    let entry = format!(r#"{{"bytes": 5, "sha256": "{digest}"}}"#);
    let json = |weights: &str| {
        format!(r#"{{"config.json": {entry}, "tokenizer.json": {entry}, "model.gguf": {weights}}}"#)
    };
    let good = Manifest::parse(json(&entry).as_bytes(), "files.json").unwrap();
    assert!(good.entries().iter().all(|(_, entry)| entry.bytes == 5));
    let named = json(&entry).replace("model.gguf", "bert-q8_0.safetensors");
    let named = Manifest::parse(named.as_bytes(), "files.json").unwrap();
    assert_eq!(named.entries()[2].0, "bert-q8_0.safetensors");
    for bad in [
        "{}".to_owned(),
        "null".to_owned(),
        String::new(),
        "<!doctype html>".to_owned(),
        json("{}"),
        json(&entry).replace("model.gguf", "model.bin"),
        json(r#"{"bytes": -1, "sha256": "00"}"#),
        json(r#"{"bytes": 5, "sha256": "../../model"}"#),
        json(&entry.replace("00", "0A")),
        json(&entry.replace("00", "é")),
    ] {
        let error = Manifest::parse(bad.as_bytes(), "files.json").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{bad}");
    }
}

#[wasm_bindgen_test]
async fn the_cache_counts_only_contiguous_chunks() {
    let model_cache = ModelCache::open().await.unwrap();
    let digest = "ab".repeat(32);
    model_cache.remove(&digest).await.unwrap();
    let bytes = |text: &str| Uint8Array::from(text.as_bytes());
    model_cache
        .write(&digest, 0, &[bytes("one"), bytes("two")], Some("\"v1\""))
        .await
        .unwrap();
    // A gap: these two are unusable until the chunk between has arrived.
    model_cache
        .write(&digest, 9, &[bytes("four")], None)
        .await
        .unwrap();
    let cached = model_cache.cached(&digest).await.unwrap();
    assert_eq!((cached.length(), cached.is_whole), (6, false));
    model_cache
        .write(&digest, 6, &[bytes("...")], None)
        .await
        .unwrap();
    model_cache.seal(&digest).await.unwrap();
    let cached = model_cache.cached(&digest).await.unwrap();
    assert_eq!((cached.length(), cached.is_whole), (13, true));
    let first = model_cache
        .read(&digest, &cached.segments[0])
        .await
        .unwrap();
    let (read, etag) = first.unwrap();
    assert_eq!(read.to_vec(), b"onetwo");
    assert_eq!(etag.as_deref(), Some("\"v1\""));
    let missing = Segment {
        start: 99,
        length: 1,
    };
    assert!(model_cache.read(&digest, &missing).await.unwrap().is_none());
    model_cache.remove(&digest).await.unwrap();
    let cached = model_cache.cached(&digest).await.unwrap();
    assert_eq!((cached.length(), cached.is_whole), (0, false));
}

#[wasm_bindgen_test]
async fn a_new_release_of_a_model_replaces_the_old_one() {
    let model_cache = ModelCache::open().await.unwrap();
    let [old, new, others] = ["11", "22", "33"].map(|byte| byte.repeat(32));
    let (model, other) = ("https://a.example/m/", "https://a.example/other/");
    for digest in [&old, &new, &others] {
        let bytes = Uint8Array::from(digest.as_bytes());
        model_cache.write(digest, 0, &[bytes], None).await.unwrap();
        model_cache.seal(digest).await.unwrap();
    }
    let digests = |manifest: &str| Some(vec![manifest.to_owned()]);
    // Another model is being downloaded in another tab: its files stay.
    model_cache.begin(other, &others).await.unwrap();
    model_cache.begin(model, &old).await.unwrap();
    assert_eq!(model_cache.model(model).await.unwrap(), None, "not yet");
    model_cache.finish(model, &old, digests).await.unwrap();
    assert_eq!(model_cache.model(model).await.unwrap(), Some(old.clone()));
    assert!(
        !model_cache.cached(&new).await.unwrap().is_whole,
        "no model wants it"
    );
    let bytes = Uint8Array::from(new.as_bytes());
    model_cache.write(&new, 0, &[bytes], None).await.unwrap();
    model_cache.seal(&new).await.unwrap();
    model_cache.begin(model, &new).await.unwrap();
    assert!(
        model_cache.cached(&old).await.unwrap().is_whole,
        "until the new one is here"
    );
    model_cache.finish(model, &new, digests).await.unwrap();
    assert!(!model_cache.cached(&old).await.unwrap().is_whole);
    assert!(model_cache.cached(&new).await.unwrap().is_whole);
    assert!(model_cache.cached(&others).await.unwrap().is_whole);
    model_cache.remove(&others).await.unwrap();
    for model in [model, other] {
        model_cache
            .forget(model, |_| Some(Vec::new()))
            .await
            .unwrap();
    }
}

#[wasm_bindgen_test]
async fn forgetting_a_model_deletes_only_its_own_files() {
    let model_cache = ModelCache::open().await.unwrap();
    let [own, shared] = ["44", "55"].map(|byte| byte.repeat(32));
    let (model, other) = ("https://a.example/f/", "dropped:g/");
    for digest in [&own, &shared] {
        let bytes = Uint8Array::from(digest.as_bytes());
        model_cache.write(digest, 0, &[bytes], None).await.unwrap();
        model_cache.seal(digest).await.unwrap();
    }
    let digests = |list: &str| Some(list.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let list = format!("{own} {shared}");
    model_cache.begin(model, &list).await.unwrap();
    model_cache.begin(other, &shared).await.unwrap();
    model_cache.finish(model, &list, digests).await.unwrap();
    model_cache.finish(other, &shared, digests).await.unwrap();
    model_cache.forget(model, digests).await.unwrap();
    assert_eq!(model_cache.model(model).await.unwrap(), None);
    assert!(!model_cache.cached(&own).await.unwrap().is_whole);
    assert!(model_cache.cached(&shared).await.unwrap().is_whole);
    model_cache.forget(other, digests).await.unwrap();
    assert!(!model_cache.cached(&shared).await.unwrap().is_whole);
}

#[wasm_bindgen_test]
async fn a_lock_is_exclusive() {
    let never = || std::future::pending();
    let lock = hold("test", never()).await;
    assert!(lock.is_some());
    let at_once = std::future::ready(());
    assert!(hold("test", at_once).await.is_none(), "somebody has it");
    assert!(hold("another", never()).await.is_some());
    drop(lock);
    assert!(hold("test", never()).await.is_some());
}

#[wasm_bindgen_test]
async fn a_list_that_cannot_be_read_keeps_its_files() {
    let cache = ModelCache::open().await.unwrap();
    let [foreign, own] = ["66", "77"].map(|byte| byte.repeat(32));
    let (later, model) = ("https://a.example/later/", "https://a.example/now/");
    for digest in [&foreign, &own] {
        let bytes = Uint8Array::from(digest.as_bytes());
        cache.write(digest, 0, &[bytes], None).await.unwrap();
        cache.seal(digest).await.unwrap();
    }
    for unreadable in ["{}", "", "not JSON", "[1, 2]"] {
        cache.begin(later, unreadable).await.unwrap();
        let list = format!(r#"{{"a": {{"bytes": 64, "sha256": "{own}"}}}}"#);
        cache.finish(model, &list, digests).await.unwrap();
        assert!(
            cache.cached(&foreign).await.unwrap().is_whole,
            "{unreadable}"
        );
    }
    // Lists of a later form still tell their digests.
    let nested = format!(r#"{{"version": 2, "files": [{{"path": "x", "hash": "{foreign}"}}]}}"#);
    cache.begin(later, &nested).await.unwrap();
    cache.forget(model, digests).await.unwrap();
    assert!(cache.cached(&foreign).await.unwrap().is_whole);
    assert!(!cache.cached(&own).await.unwrap().is_whole);
    cache.forget(later, digests).await.unwrap();
    assert!(!cache.cached(&foreign).await.unwrap().is_whole);
}

#[wasm_bindgen_test]
async fn what_another_tab_announces_and_writes_meanwhile_is_not_swept_away() {
    let cache = ModelCache::open().await.unwrap();
    let [own, others] = ["88", "99"].map(|byte| byte.repeat(32));
    let announced = format!(r#"["{others}"]"#);
    let (model, next) = ("https://a.example/swept/", "https://a.example/next/");
    let tab = RefCell::new(Some((cache.clone(), others.clone(), announced.clone())));
    let read = |json: &str| {
        if let Some((cache, digest, announced)) = tab.borrow_mut().take() {
            wasm_bindgen_futures::spawn_local(async move {
                let bytes = [Uint8Array::from(digest.as_bytes())];
                let begun = cache.begin(next, &announced);
                let written = cache.write(&digest, 0, &bytes, None);
                // An earlier release's tab waits for nobody.
                _ = futures_util::future::join(begun, written).await;
            });
        }
        digests(json)
    };
    cache
        .finish(model, &format!(r#"["{own}"]"#), read)
        .await
        .unwrap();
    // Whatever is in the queue comes first.
    cache.begin(next, &announced).await.unwrap();
    assert_eq!(cache.cached(&others).await.unwrap().length(), 64);
    cache.forget(next, digests).await.unwrap();
    cache.forget(model, digests).await.unwrap();
}
