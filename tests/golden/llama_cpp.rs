//! Files as llama.cpp's converter writes them.

use super::*;

fn llama_cpp(name: &str, format: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json"] {
        std::fs::copy(tiny(name).join(file), folder.path().join(file)).unwrap();
    }
    let gguf = cases::path(&format!("tests/golden/llama.cpp/{name}-{format}.gguf"));
    std::fs::copy(gguf, folder.path().join("model.gguf")).unwrap();
    folder
}

#[test]
fn files_of_llama_cpp_are_read() {
    // The checkpoint is in f16 too.
    let name = "distilbert-binary";
    let folder = llama_cpp(name, "f16");
    let classifier = Classifier::from_dir(folder.path(), Compute::Candle).unwrap();
    assert_eq!(classifier.info().name, name);
    assert_golden(&classifier, &golden(name), F32_BOUND);

    let name = "bert-gelu-new";
    let (folder, plain) = (llama_cpp(name, "q8_0"), tempfile::tempdir().unwrap());
    dequantize(folder.path(), plain.path());
    let plain = Classifier::from_dir(plain.path(), Compute::Candle).unwrap();
    for backend in backends() {
        let classifier =
            Classifier::from_dir_as(folder.path(), backend, Precision::Stored).unwrap();
        let what = format!("{name}, {backend:?}");
        let worst = assert_same_labels(&classifier, &plain, &golden(name), &what);
        assert!(worst < TINY_BOUND, "{what}: {worst}");
    }
}

/// Older converters drop dimensions of 1, as of a BERT with a single token type.
#[test]
fn dimensions_of_one_may_be_omitted() {
    let name = "bert-gelu-new";
    let folder = llama_cpp(name, "q8_0");
    let config = std::fs::read_to_string(folder.path().join("config.json")).unwrap();
    let config = config.replace("\"type_vocab_size\": 2", "\"type_vocab_size\": 1");
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let path = folder.path().join("model.gguf");
    let mut file = Cursor::new(std::fs::read(&path).unwrap());
    let content = gguf_file::Content::read(&mut file).unwrap();
    let tensors: Vec<_> = content
        .tensor_infos
        .keys()
        .map(|name| {
            let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
            if name != "token_types.weight" {
                return (name.as_str(), tensor);
            }
            let types: Vec<Vec<f32>> = tensor.dequantize(&Device::Cpu).unwrap().to_vec2().unwrap();
            let first = Tensor::new(types[0].as_slice(), &Device::Cpu).unwrap();
            (
                name.as_str(),
                QTensor::quantize(&first, GgmlDType::F32).unwrap(),
            )
        })
        .collect();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (*name, tensor))
        .collect();
    gguf_file::write(&mut std::fs::File::create(&path).unwrap(), &[], &tensors).unwrap();

    // Only the first of the two types is used.
    let whole = llama_cpp(name, "q8_0");
    let [one, two] = [folder.path(), whole.path()].map(|folder| {
        let classifier = Classifier::from_dir(folder, Compute::Candle).unwrap();
        classifier.classify("not bad").unwrap().logits
    });
    assert_eq!(one, two);
}
