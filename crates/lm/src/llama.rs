//! What does a llama-architecture model say of the tokens of a text?
//!
//! In: tokens behind those that were read before. Out: a vector for each, from which the
//! likelihood of the next token is computed. What was read is kept as keys and values, so
//! that a context shared by several texts is read once.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::{rms_norm, silu, softmax_last_dim};
use candle_nn::rotary_emb::rope_i;

use crate::gguf::{LoadError, ModelFile, Shape};

/// So many tokens are read at once, which bounds the memory of attention.
const AT_ONCE: usize = 256;

/// So many likelihoods are computed at once: each is a row over all tokens.
const ROWS: usize = 64;

struct Block {
    attention_norm: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    output: Tensor,
    feed_norm: Tensor,
    gate: Tensor,
    up: Tensor,
    down: Tensor,
}

/// What was read: keys and values of every block, and how many tokens.
#[derive(Clone)]
pub(crate) struct Memory {
    blocks: Vec<Option<(Tensor, Tensor)>>,
    /// How many tokens were read.
    pub(crate) length: usize,
}

impl Memory {
    /// Returns what was read of the first tokens.
    pub(crate) fn until(&self, length: usize) -> Result<Self> {
        let cut = |(keys, values): &(Tensor, Tensor)| {
            Ok((keys.narrow(1, 0, length)?, values.narrow(1, 0, length)?))
        };
        let cut = |kept: &Option<(Tensor, Tensor)>| match kept.as_ref().filter(|_| length > 0) {
            None => Ok(None),
            Some(kept) => cut(kept).map(Some),
        };
        let blocks = self.blocks.iter().map(cut).collect::<Result<_>>()?;
        Ok(Self { blocks, length: length.min(self.length) })
    }
}

/// A model.
pub(crate) struct Llama {
    pub(crate) shape: Shape,
    embedding: Tensor,
    blocks: Vec<Block>,
    norm: Tensor,
    head: Tensor,
    cosines: Tensor,
    sines: Tensor,
}

impl Llama {
    /// Reads the tensors of a file.
    pub(crate) fn load(file: &mut ModelFile) -> std::result::Result<Self, LoadError> {
        let shape = file.shape()?;
        let embedding = file.tensor("token_embd.weight")?;
        // A model without a head of its own uses its embedding.
        let head = if file.has("output.weight") {
            file.tensor("output.weight")?
        } else {
            embedding.clone()
        };
        let blocks = (0..shape.blocks).map(|number| Block::load(file, number));
        let blocks = blocks.collect::<std::result::Result<_, _>>()?;
        let norm = file.tensor("output_norm.weight")?;
        let turns = turns(&shape).map_err(|error| file.other(format!("cannot be used: {error}")));
        let (cosines, sines) = turns?;
        Ok(Self { shape, embedding, blocks, norm, head, cosines, sines })
    }

    /// Returns a memory of nothing.
    pub(crate) fn nothing(&self) -> Memory {
        Memory { blocks: vec![None; self.blocks.len()], length: 0 }
    }

    /// Reads tokens; returns a vector for each of them, in rows.
    pub(crate) fn read(&self, tokens: &[u32], memory: &mut Memory) -> Result<Tensor> {
        let parts = tokens.chunks(AT_ONCE).map(|part| self.read_part(part, memory));
        let parts: Vec<Tensor> = parts.collect::<Result<_>>()?;
        Tensor::cat(&parts, 0)
    }

    fn read_part(&self, tokens: &[u32], memory: &mut Memory) -> Result<Tensor> {
        let numbers = Tensor::new(tokens, &Device::Cpu)?;
        let mut state = self.embedding.index_select(&numbers, 0)?;
        let mask = mask(tokens.len(), memory.length)?;
        for (block, kept) in self.blocks.iter().zip(&mut memory.blocks) {
            let place = Place { model: self, start: memory.length, mask: mask.as_ref() };
            state = block.read(&state, &place, kept)?;
        }
        memory.length += tokens.len();
        rms_norm(&state, &self.norm, self.shape.epsilon)
    }

    /// Returns how likely the token behind each vector is, as natural logarithms.
    pub(crate) fn logprobs(&self, vectors: &Tensor, next: &[u32]) -> Result<Vec<f64>> {
        let mut found = Vec::with_capacity(next.len());
        for (number, tokens) in next.chunks(ROWS).enumerate() {
            let rows = vectors.narrow(0, number * ROWS, tokens.len())?;
            let rows = self.over_all(&rows)?;
            let whole = rows.log_sum_exp(D::Minus1)?;
            let index = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(1)?;
            let own = rows.gather(&index, 1)?.squeeze(1)?;
            found.extend((own - whole)?.to_vec1::<f32>()?.into_iter().map(f64::from));
        }
        Ok(found)
    }

    /// Returns the unscaled likelihoods of all tokens behind each vector.
    pub(crate) fn over_all(&self, vectors: &Tensor) -> Result<Tensor> {
        vectors.matmul(&self.head.t()?)
    }
}

/// Where a block reads: the model, how many tokens stand before, and who sees whom.
struct Place<'a> {
    model: &'a Llama,
    start: usize,
    mask: Option<&'a Tensor>,
}

impl Block {
    fn load(file: &mut ModelFile, number: usize) -> std::result::Result<Self, LoadError> {
        let mut tensor = |name: &str| file.tensor(&format!("blk.{number}.{name}.weight"));
        Ok(Self {
            attention_norm: tensor("attn_norm")?,
            query: tensor("attn_q")?,
            key: tensor("attn_k")?,
            value: tensor("attn_v")?,
            output: tensor("attn_output")?,
            feed_norm: tensor("ffn_norm")?,
            gate: tensor("ffn_gate")?,
            up: tensor("ffn_up")?,
            down: tensor("ffn_down")?,
        })
    }

    fn read(
        &self,
        state: &Tensor,
        place: &Place<'_>,
        kept: &mut Option<(Tensor, Tensor)>,
    ) -> Result<Tensor> {
        let epsilon = place.model.shape.epsilon;
        let seen = self.attend(&rms_norm(state, &self.attention_norm, epsilon)?, place, kept)?;
        let state = (state + seen)?;
        let normal = rms_norm(&state, &self.feed_norm, epsilon)?;
        let open = silu(&normal.matmul(&self.gate.t()?)?)?;
        let fed = (open * normal.matmul(&self.up.t()?)?)?.matmul(&self.down.t()?)?;
        state + fed
    }

    fn attend(
        &self,
        state: &Tensor,
        place: &Place<'_>,
        kept: &mut Option<(Tensor, Tensor)>,
    ) -> Result<Tensor> {
        let Shape { heads, kv_heads, width, .. } = place.model.shape;
        let (count, size) = (state.dim(0)?, width / heads);
        let query = turned(&by_head(&state.matmul(&self.query.t()?)?, heads)?, place)?;
        let key = turned(&by_head(&state.matmul(&self.key.t()?)?, kv_heads)?, place)?;
        let value = by_head(&state.matmul(&self.value.t()?)?, kv_heads)?;
        let (key, value) = match kept.take() {
            None => (key, value),
            Some((keys, values)) => {
                (Tensor::cat(&[&keys, &key], 1)?, Tensor::cat(&[&values, &value], 1)?)
            }
        };
        let all = key.dim(1)?;
        // Several heads of queries share one of keys.
        let shared = query.reshape((kv_heads, heads / kv_heads * count, size))?;
        #[expect(clippy::cast_precision_loss, reason = "heads are a few hundred wide")]
        let scale = 1.0 / (size as f64).sqrt();
        let weights = (shared.matmul(&key.transpose(1, 2)?)? * scale)?;
        let weights = weights.reshape((heads, count, all))?;
        let weights = match place.mask {
            None => weights,
            Some(mask) => weights.broadcast_add(mask)?,
        };
        let weights = softmax_last_dim(&weights)?;
        let weights = weights.reshape((kv_heads, heads / kv_heads * count, all))?;
        let seen = weights.matmul(&value)?.reshape((heads, count, size))?;
        *kept = Some((key, value));
        seen.transpose(0, 1)?.contiguous()?.reshape((count, width))?.matmul(&self.output.t()?)
    }
}

/// Splits rows into heads: `[tokens, heads * size]` to `[heads, tokens, size]`.
fn by_head(rows: &Tensor, heads: usize) -> Result<Tensor> {
    let (count, width) = rows.dims2()?;
    rows.reshape((count, heads, width / heads))?.transpose(0, 1)?.contiguous()
}

/// Turns vectors by their places in the text.
fn turned(vectors: &Tensor, place: &Place<'_>) -> Result<Tensor> {
    let count = vectors.dim(1)?;
    let cosines = place.model.cosines.narrow(0, place.start, count)?;
    let sines = place.model.sines.narrow(0, place.start, count)?;
    rope_i(&vectors.unsqueeze(0)?, &cosines, &sines)?.squeeze(0)
}

/// Returns cosines and sines for every place of the window.
fn turns(shape: &Shape) -> Result<(Tensor, Tensor)> {
    let size = shape.width / shape.heads;
    #[expect(clippy::cast_precision_loss, reason = "heads are a few hundred wide")]
    let speeds: Vec<f32> = (0..size / 2)
        .map(|pair| 1.0 / shape.rope_base.powf(2.0 * pair as f32 / size as f32))
        .collect();
    let speeds = Tensor::new(speeds, &Device::Cpu)?.unsqueeze(0)?;
    let window = u32::try_from(shape.window).unwrap_or(u32::MAX);
    let places = Tensor::arange(0, window, &Device::Cpu)?.to_dtype(DType::F32)?.unsqueeze(1)?;
    let angles = places.matmul(&speeds)?;
    Ok((angles.cos()?, angles.sin()?))
}

/// Returns what hides later tokens from earlier ones; one token has none behind it.
fn mask(count: usize, before: usize) -> Result<Option<Tensor>> {
    if count < 2 {
        return Ok(None);
    }
    let all = before + count;
    let hidden = (0..count).flat_map(|from| {
        (0..all).map(move |to| if to > before + from { f32::NEG_INFINITY } else { 0.0 })
    });
    let hidden: Vec<f32> = hidden.collect();
    Tensor::from_vec(hidden, (count, all), &Device::Cpu).map(Some)
}
