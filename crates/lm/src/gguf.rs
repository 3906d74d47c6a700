//! What does the file of a model hold?
//!
//! In: a GGUF file of the llama architecture. Out: its numbers, its tensors as 32-bit
//! floats and its tokens. Quantized tensors are unpacked when they are read, because the
//! engine multiplies some of their kinds ten times slower as they are stored.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use backstory_model::Sha256;
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{Device, Tensor};
use sha2::{Digest as _, Sha256 as Hasher};

/// Says why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The engine cannot make a model of it.
    #[error("`{}` holds no model that can be read", path.display())]
    Engine {
        /// The file.
        path: PathBuf,
        /// What the engine says.
        #[source]
        source: candle_core::Error,
    },
    /// It is a model of another kind.
    #[error("`{}` {what}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What is different, as the end of a sentence.
        what: String,
    },
}

/// The numbers of a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) blocks: usize,
    pub(crate) width: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    /// The most tokens of a text.
    pub(crate) window: usize,
    pub(crate) rope_base: f32,
    pub(crate) epsilon: f32,
}

/// The tokens of a model, and how they are merged.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    /// How text is cut before tokens are merged.
    pub(crate) cut: String,
    pub(crate) tokens: Vec<String>,
    /// Two tokens with a blank between them, the first ones first.
    pub(crate) merges: Vec<String>,
    /// The token that ends a text.
    pub(crate) end: u32,
}

/// An opened file of a model.
pub(crate) struct ModelFile {
    path: PathBuf,
    reader: BufReader<File>,
    content: Content,
    /// The digest of the file.
    pub(crate) digest: Sha256,
}

impl ModelFile {
    /// Opens a file and reads what stands before its tensors.
    pub(crate) fn open(path: &Path) -> Result<Self, LoadError> {
        let read = |source| LoadError::Read { path: path.to_owned(), source };
        let mut reader = BufReader::new(File::open(path).map_err(read)?);
        let digest = digest(&mut reader).map_err(read)?;
        let content = Content::read(&mut reader)
            .map_err(|source| LoadError::Engine { path: path.to_owned(), source })?;
        let file = Self { path: path.to_owned(), reader, content, digest };
        let kind = file.text("general.architecture")?;
        if kind == "llama" {
            Ok(file)
        } else {
            Err(file.other(format!("is a `{kind}`, not a `llama`")))
        }
    }

    /// Returns the name that the model gives itself, else that of the file.
    pub(crate) fn name(&self) -> String {
        let stem = || self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        self.text("general.name").ok().or_else(stem).unwrap_or_default()
    }

    pub(crate) fn shape(&self) -> Result<Shape, LoadError> {
        let shape = Shape {
            blocks: self.count("llama.block_count")?,
            width: self.count("llama.embedding_length")?,
            heads: self.count("llama.attention.head_count")?,
            kv_heads: self.count("llama.attention.head_count_kv")?,
            window: self.count("llama.context_length")?,
            rope_base: self.float("llama.rope.freq_base")?,
            epsilon: self.float("llama.attention.layer_norm_rms_epsilon")?,
        };
        let divides = |part: usize, whole: usize| part > 0 && whole.is_multiple_of(part);
        if divides(shape.heads, shape.width) && divides(shape.kv_heads, shape.heads) {
            Ok(shape)
        } else {
            Err(self.other("has heads that do not share its width".to_owned()))
        }
    }

    pub(crate) fn vocabulary(&self) -> Result<Vocabulary, LoadError> {
        let kind = self.text("tokenizer.ggml.model")?;
        if kind != "gpt2" {
            return Err(self.other(format!("cuts text by `{kind}`, not by merging bytes")));
        }
        Ok(Vocabulary {
            cut: self.text("tokenizer.ggml.pre").unwrap_or_default(),
            tokens: self.texts("tokenizer.ggml.tokens")?,
            merges: self.texts("tokenizer.ggml.merges")?,
            end: u32::try_from(self.count("tokenizer.ggml.eos_token_id")?).unwrap_or(u32::MAX),
        })
    }

    /// Returns a tensor as 32-bit floats.
    pub(crate) fn tensor(&mut self, name: &str) -> Result<Tensor, LoadError> {
        let stored = self.content.tensor(&mut self.reader, name, &Device::Cpu);
        stored
            .and_then(|tensor| tensor.dequantize(&Device::Cpu))
            .map_err(|source| LoadError::Engine { path: self.path.clone(), source })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    /// Returns the error of a file that is a model of another kind.
    pub(crate) fn other(&self, what: String) -> LoadError {
        LoadError::Kind { path: self.path.clone(), what }
    }

    fn value(&self, key: &str) -> Result<&Value, LoadError> {
        let found = self.content.metadata.get(key);
        found.ok_or_else(|| self.other(format!("does not say its `{key}`")))
    }

    fn text(&self, key: &str) -> Result<String, LoadError> {
        let text = self.value(key)?.to_string().cloned();
        text.map_err(|_| self.other(format!("has a `{key}` that is no text")))
    }

    fn texts(&self, key: &str) -> Result<Vec<String>, LoadError> {
        let wrong = |_| self.other(format!("has `{key}` that are no texts"));
        let values = self.value(key)?.to_vec().map_err(wrong)?;
        values.iter().map(|value| value.to_string().cloned().map_err(wrong)).collect()
    }

    fn count(&self, key: &str) -> Result<usize, LoadError> {
        let count = self.value(key)?.to_u32().ok().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| self.other(format!("has a `{key}` that is no count")))
    }

    fn float(&self, key: &str) -> Result<f32, LoadError> {
        let float = self.value(key)?.to_f32();
        float.map_err(|_| self.other(format!("has a `{key}` that is no number")))
    }
}

/// Returns the digest of a file, and goes back to its beginning.
pub(crate) fn digest(reader: &mut BufReader<File>) -> std::io::Result<Sha256> {
    let (mut hasher, mut part) = (Hasher::new(), vec![0; 1 << 20]);
    loop {
        let count = reader.read(&mut part)?;
        if count == 0 {
            break;
        }
        hasher.update(&part[..count]);
    }
    reader.rewind()?;
    Ok(Sha256::from_digest(&hasher.finalize()))
}
