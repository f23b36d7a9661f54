//! Checks a weights file's header against `config.json`, before any tensor is read.

use super::{Weights, expected_tensors, names};
use crate::model::config::Config;
use crate::{Error, Result};

impl<R> Weights<R> {
    /// Checks that the file has every tensor of the model, with the shape that `config` implies.
    ///
    /// # Errors
    /// [`Error::LabelCount`] if the classifier's rows differ in number from the labels, [`Error::MissingTensor`],
    /// [`Error::Shape`], or [`Error::Unsupported`] for a tensor of an unsupported type.
    pub fn check(&self, config: &Config) -> Result<()> {
        self.check_head(config)?;
        for (name, shape) in expected_tensors(config) {
            self.find(&name, &shape)?;
        }
        Ok(())
    }

    /// Checks the head first: its absence tells the user more than that of some tensor in the encoder.
    fn check_head(&self, config: &Config) -> Result<()> {
        const CLASSIFIER: &str = "cls.output.weight";
        let Some((tensor, classifier)) = self.entry(CLASSIFIER) else {
            let square = |shape: &[usize]| shape.first() == Some(&config.encoder.hidden_size);
            let hint = match self.entry("cls.weight") {
                // llama.cpp's converter drops a BERT's pooler, and names the classifier `cls` if the labels have no names.
                Some((_, cls)) if !square(&cls.shape) => names::NO_POOLER_GGUF,
                _ => names::NO_HEAD,
            };
            return Err(self.missing(CLASSIFIER, hint));
        };
        let (labels, rows) = (config.labels.len(), classifier.shape.first().copied());
        match rows {
            // A single row may be stored as a vector.
            Some(rows) if rows != labels && classifier.shape.len() == 2 => Err(Error::LabelCount {
                labels,
                file: self.file.clone(),
                tensor,
                rows,
            }),
            _ => Ok(()),
        }
    }
}
