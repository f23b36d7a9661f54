//! GGUF blocks to panels: weights in the order in which the tiles read them.

use half::f16;

use crate::{Error, Result};

/// Columns (output features) of a panel, and of a tile.
pub(crate) const COLUMNS: usize = 8;
/// Weights that share a scale, as in GGUF's Q4_0 and Q8_0; activations are quantized in the same blocks.
pub(crate) const BLOCK: usize = 32;
/// The largest magnitude of a quantized activation or 8-bit weight.
pub(crate) const MAX_INT8: f32 = 127.0;
/// Q4_0 stores its values -8..=7 as 0..=15.
pub(crate) const INT4_OFFSET: i8 = 8;

/// 7-bit weights, -63..=63, are stored as 1..=127.
pub(crate) const INT7_OFFSET: i8 = 64;
/// Their largest magnitude.
const MAX_INT7: i32 = 63;

/// The largest magnitude of a 4-bit weight's integer scale: its double is an i16 too.
const MAX_INT4_SCALE: i16 = i16::MAX / 2;

/// How a weight matrix is stored, in the terms of the GGUF specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockFormat {
    /// Little-endian f32.
    F32,
    /// Little-endian f16.
    F16,
    /// 32 i8 under one f16 scale.
    Q8_0,
    /// 32 values of -8..=7 in 16 bytes, the first half in the low nibbles, under one f16 scale.
    Q4_0,
}

impl BlockFormat {
    /// Bytes of a row of `k` weights; none where a row is not made of whole blocks.
    fn row_bytes(self, k: usize) -> Option<usize> {
        let (per_block, bytes) = match self {
            Self::F32 => (1, 4),
            Self::F16 => (1, 2),
            Self::Q8_0 => (BLOCK, 2 + BLOCK),
            Self::Q4_0 => (BLOCK, 2 + BLOCK / 2),
        };
        k.is_multiple_of(per_block).then(|| k / per_block * bytes)
    }

    /// Block `index` of a row of `k` weights as integers and their scale.
    ///
    /// Q4_0 and Q8_0 keep their values; F32 and F16 are rounded as Q8_0 would be, a short last block filled up with zeros.
    fn block(self, row: &[u8], index: usize, k: usize) -> ([i8; BLOCK], f32) {
        let start = index * BLOCK;
        let count = BLOCK.min(k - start);
        match self {
            Self::F32 => round(row[4 * start..][..4 * count].as_chunks().0, |b| {
                f32::from_le_bytes(*b)
            }),
            Self::F16 => round(row[2 * start..][..2 * count].as_chunks().0, |b| {
                f16::from_le_bytes(*b).to_f32()
            }),
            Self::Q8_0 => {
                let block = &row[index * (2 + BLOCK)..];
                let values = std::array::from_fn(|i| block[2 + i] as i8);
                (values, f16::from_le_bytes([block[0], block[1]]).to_f32())
            }
            Self::Q4_0 => {
                let block = &row[index * (2 + BLOCK / 2)..];
                let values = std::array::from_fn(|i| {
                    let byte = block[2 + i % 16];
                    let nibble = if i < 16 { byte & 15 } else { byte >> 4 };
                    nibble as i8 - INT4_OFFSET
                });
                (values, f16::from_le_bytes([block[0], block[1]]).to_f32())
            }
        }
    }
}

/// Up to a block of numbers as Q8_0 has them: a scale of amax / 127.
fn round<const N: usize>(
    bytes: &[[u8; N]],
    decode: impl Fn(&[u8; N]) -> f32,
) -> ([i8; BLOCK], f32) {
    let amax = bytes.iter().fold(0f32, |amax, b| amax.max(decode(b).abs()));
    let scale = amax / MAX_INT8;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut values = [0; BLOCK];
    for (value, b) in values.iter_mut().zip(bytes) {
        *value = (decode(b) * inverse).round() as i8;
    }
    (values, scale)
}

/// How many bits a weight of more than 4 bits is held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightBits {
    /// What relaxed SIMD's dot product takes. A block whose values need more is rounded to steps of twice the size.
    Seven,
    /// As in Q8_0.
    Eight,
}

/// A linear layer's weight `[n, k]` and bias `[n]`, packed for the kernels.
///
/// A matrix that is Q4_0 throughout stays in 4 bits; every other one is held in 7 or 8.
pub struct PackedLinear {
    pub(crate) n: usize,
    pub(crate) k: usize,
    /// Padded to whole panels.
    pub(crate) bias: Vec<f32>,
    pub(crate) weights: Panels,
}

pub(crate) enum Panels {
    Int4(Int4Panels),
    Int7(Int7Panels),
    Int8(Int8Panels),
}

/// Panels of 4-bit weights.
///
/// A weight's scale is `column_scale · scale`, where `scale` is an integer. That leaves the sum over the blocks of a row
/// to integers too, which is faster than f32 and the same on every machine in whatever order it is done. `column_scale` is
/// chosen per column, as fine as i32 sums allow: with 48 blocks (k = 1536) `scale` has about 12 bits, where f16 has 11.
pub(crate) struct Int4Panels {
    /// `[panel][block][k / 4]` vectors. Byte `4 * c + i` holds weight `4 * (k / 4) + i` of column `c` in the low nibble
    /// and of column `c + 4` in the high nibble, offset by [`INT4_OFFSET`].
    pub(crate) nibbles: Vec<[u8; 16]>,
    /// `[panel][block]`.
    pub(crate) scales: Vec<[i16; COLUMNS]>,
    /// `[panel]`.
    pub(crate) column_scales: Vec<[f32; COLUMNS]>,
}

/// Panels of 7-bit weights.
pub(crate) struct Int7Panels {
    /// `[panel][block][k / 4][column]` quads of consecutive k, offset by [`INT7_OFFSET`].
    pub(crate) values: Vec<[[u8; 4]; COLUMNS]>,
    /// `[panel][block]`.
    pub(crate) scales: Vec<[f32; COLUMNS]>,
}

/// Panels of 8-bit weights.
pub(crate) struct Int8Panels {
    /// `[panel][block][k / 2][column]` pairs of consecutive k.
    pub(crate) values: Vec<[[i8; 2]; COLUMNS]>,
    /// `[panel][block]`.
    pub(crate) scales: Vec<[f32; COLUMNS]>,
}

/// One column of the matrix: a row of the file.
#[derive(Clone, Copy)]
struct Column<'a> {
    format: BlockFormat,
    bytes: &'a [u8],
    k: usize,
}

impl Column<'_> {
    fn blocks(&self) -> impl Iterator<Item = ([i8; BLOCK], f32)> {
        (0..self.k.div_ceil(BLOCK)).map(|index| self.format.block(self.bytes, index, self.k))
    }
}

impl PackedLinear {
    /// Packs one matrix out of parts below each other, as Q, K and V of an attention are.
    ///
    /// Each part is a `[n, k]` matrix: its format, its bytes row by row, and its `n`. `bias` is as long as all `n` together.
    /// `bits` is for matrices that are not Q4_0: [`super::Kernels::weight_bits`], of the backend that will run them.
    ///
    /// # Errors
    /// [`Error::Input`] where lengths do not fit, or `k` is not made of whole blocks.
    pub fn pack(
        parts: &[(BlockFormat, &[u8], usize)],
        k: usize,
        bias: &[f32],
        bits: WeightBits,
    ) -> Result<Self> {
        let mut columns = Vec::new();
        for &(format, bytes, n) in parts {
            let row_bytes = format.row_bytes(k).filter(|&bytes| bytes > 0);
            let expected = row_bytes.and_then(|row_bytes| row_bytes.checked_mul(n));
            let (Some(row_bytes), Some(expected)) = (row_bytes, expected) else {
                return Err(Error::Input(format!(
                    "a matrix of {n} rows of {k} weights cannot be stored as {format:?}"
                )));
            };
            if bytes.len() != expected {
                return Err(Error::Input(format!(
                    "a matrix of {n} rows of {k} weights takes {expected} bytes as {format:?}, not {}",
                    bytes.len()
                )));
            }
            columns.extend(
                bytes
                    .chunks_exact(row_bytes)
                    .map(|bytes| Column { format, bytes, k }),
            );
        }
        let n = columns.len();
        if bias.len() != n {
            return Err(Error::Input(format!(
                "a linear layer of {n} outputs has a bias of {}",
                bias.len()
            )));
        }
        let mut padded_bias = bias.to_vec();
        padded_bias.resize(n.next_multiple_of(COLUMNS), 0.0);
        let int4 = parts.iter().all(|part| part.0 == BlockFormat::Q4_0);
        Ok(Self {
            n,
            k,
            bias: padded_bias,
            weights: match bits {
                _ if int4 => Panels::Int4(Int4Panels::pack(&columns, k)),
                WeightBits::Seven => Panels::Int7(Int7Panels::pack(&columns, k)),
                WeightBits::Eight => Panels::Int8(Int8Panels::pack(&columns, k)),
            },
        })
    }

    /// Output features.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Input features.
    pub fn k(&self) -> usize {
        self.k
    }
}

impl Int4Panels {
    fn pack(columns: &[Column], k: usize) -> Self {
        let (panels, blocks) = (columns.len().div_ceil(COLUMNS), k / BLOCK);
        // What pads the last panel is worth 0: value 0 (stored as the offset) under scale 0.
        let zero = INT4_OFFSET as u8 * 0x11;
        let mut packed = Self {
            nibbles: vec![[zero; 16]; panels * blocks * (BLOCK / 4)],
            scales: vec![[0; COLUMNS]; panels * blocks],
            column_scales: vec![[0.0; COLUMNS]; panels],
        };
        for (n, column) in columns.iter().enumerate() {
            let (panel, c) = (n / COLUMNS, n % COLUMNS);
            let column_scale = column_scale(column);
            packed.column_scales[panel][c] = column_scale;
            for (block, (values, scale)) in column.blocks().enumerate() {
                let block = panel * blocks + block;
                if column_scale > 0.0 {
                    packed.scales[block][c] = (scale / column_scale).round() as i16;
                }
                let vectors = &mut packed.nibbles[block * (BLOCK / 4)..][..BLOCK / 4];
                for (vector, values) in vectors.iter_mut().zip(values.as_chunks::<4>().0) {
                    for (i, value) in values.iter().enumerate() {
                        let nibble = (value + INT4_OFFSET) as u8;
                        let byte = &mut vector[4 * (c % 4) + i];
                        *byte = if c < 4 {
                            *byte & 0xf0 | nibble
                        } else {
                            *byte & 0x0f | nibble << 4
                        };
                    }
                }
            }
        }
        packed
    }
}

/// The finest scale with which a row's sum, at worst Σ_block |scale| · Σ 127 · |value|, stays within i32.
fn column_scale(column: &Column) -> f32 {
    let (mut amax, mut weighted, mut total) = (0f64, 0f64, 0f64);
    for (values, scale) in column.blocks() {
        let sum: i32 = values.iter().map(|value| i32::from(*value).abs()).sum();
        let worst = f64::from(MAX_INT8) * f64::from(sum);
        amax = amax.max(f64::from(scale.abs()));
        weighted += worst * f64::from(scale.abs());
        total += worst;
    }
    if amax == 0.0 {
        return 0.0;
    }
    // Each scale may be rounded up by a half.
    let by_sum = (f64::from(i32::MAX) - total / 2.0 - 1.0) / (weighted / amax).max(1.0);
    let steps = by_sum.min(f64::from(MAX_INT4_SCALE)).floor();
    (amax / steps) as f32
}

impl Int7Panels {
    fn pack(columns: &[Column], k: usize) -> Self {
        let (panels, blocks) = (columns.len().div_ceil(COLUMNS), k.div_ceil(BLOCK));
        let mut packed = Self {
            values: vec![[[INT7_OFFSET as u8; 4]; COLUMNS]; panels * blocks * (BLOCK / 4)],
            scales: vec![[0.0; COLUMNS]; panels * blocks],
        };
        for (n, column) in columns.iter().enumerate() {
            let (panel, c) = (n / COLUMNS, n % COLUMNS);
            for (block, (values, scale)) in column.blocks().enumerate() {
                let (values, scale) = to_seven_bits(values, scale);
                let block = panel * blocks + block;
                packed.scales[block][c] = scale;
                let vectors = &mut packed.values[block * (BLOCK / 4)..][..BLOCK / 4];
                for (vector, quad) in vectors.iter_mut().zip(values.as_chunks::<4>().0) {
                    vector[c] = quad.map(|value| (value + INT7_OFFSET) as u8);
                }
            }
        }
        packed
    }
}

/// A block with its values within [`MAX_INT7`], as they are where they fit.
fn to_seven_bits(values: [i8; BLOCK], scale: f32) -> ([i8; BLOCK], f32) {
    let amax = values
        .iter()
        .map(|&v| i32::from(v).abs())
        .max()
        .unwrap_or(0);
    if amax <= MAX_INT7 {
        return (values, scale);
    }
    // To the nearest, ties away from zero.
    let round = |v: i8| {
        let twice = 2 * i32::from(v) * MAX_INT7;
        ((twice + twice.signum() * amax) / (2 * amax)) as i8
    };
    (values.map(round), scale * (amax as f32 / MAX_INT7 as f32))
}

impl Int8Panels {
    fn pack(columns: &[Column], k: usize) -> Self {
        let (panels, blocks) = (columns.len().div_ceil(COLUMNS), k.div_ceil(BLOCK));
        let mut packed = Self {
            values: vec![[[0; 2]; COLUMNS]; panels * blocks * (BLOCK / 2)],
            scales: vec![[0.0; COLUMNS]; panels * blocks],
        };
        for (n, column) in columns.iter().enumerate() {
            let (panel, c) = (n / COLUMNS, n % COLUMNS);
            for (block, (values, scale)) in column.blocks().enumerate() {
                let block = panel * blocks + block;
                packed.scales[block][c] = scale;
                let vectors = &mut packed.values[block * (BLOCK / 2)..][..BLOCK / 2];
                for (vector, pair) in vectors.iter_mut().zip(values.as_chunks().0) {
                    vector[c] = *pair;
                }
            }
        }
        packed
    }
}
