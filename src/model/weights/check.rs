//! Whether a file holds the model that `config.json` describes, which its header tells before any tensor is read.

use super::{Weights, expected_tensors, names};
use crate::model::config::Config;
use crate::{Error, Result};

impl<R> Weights<R> {
    /// That every tensor of the model is there, shaped as `config` says.
    ///
    /// # Errors
    /// [`Error::LabelCount`] if the classifier has another number of rows than there are labels, [`Error::MissingTensor`]
    /// and [`Error::Shape`].
    pub fn check(&self, config: &Config) -> Result<()> {
        self.check_head(config)?;
        for (name, shape) in expected_tensors(config) {
            self.find(&name, &shape)?;
        }
        Ok(())
    }

    /// The head first: that it is missing or another says more than a tensor somewhere in the encoder.
    fn check_head(&self, config: &Config) -> Result<()> {
        const CLASSIFIER: &str = "cls.output.weight";
        let Some((tensor, classifier)) = self.entry(CLASSIFIER) else {
            let square = |shape: &[usize]| shape.first() == Some(&config.encoder.hidden_size);
            let hint = match self.entry("cls.weight") {
                // llama.cpp's converter leaves a BERT's pooler out, and calls the classifier `cls` where labels have no names.
                Some((_, cls)) if !square(&cls.shape) => names::NO_POOLER_GGUF,
                _ => names::NO_HEAD,
            };
            return Err(self.missing(CLASSIFIER, hint));
        };
        let (labels, rows) = (config.labels.len(), classifier.shape.first().copied());
        match rows {
            // A single row may lie there without the dimension that says so.
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
