//! Packs weights from GGUF blocks into panels, in the order in which the tiles read them.

use half::f16;

use crate::{Error, Result};

/// Columns (output features) of a panel, and of a tile.
pub(crate) const COLUMNS: usize = 8;
/// Weights that share a scale, as in GGUF's Q4_0 and Q8_0; activations are quantized in the same blocks.
pub(crate) const BLOCK: usize = 32;
/// Largest magnitude of a quantized activation or 8-bit weight.
pub(crate) const MAX_INT8: f32 = 127.0;
/// Q4_0 stores the values -8..=7 as 0..=15.
pub(crate) const INT4_OFFSET: i8 = 8;

/// 7-bit weights, -63..=63, are stored as 1..=127.
pub(crate) const INT7_OFFSET: i8 = 64;
/// Largest magnitude of a 7-bit weight.
const MAX_INT7: i32 = 63;

/// Largest magnitude of a 4-bit block's integer scale: twice it must fit in i16.
const MAX_INT4_SCALE: i16 = i16::MAX / 2;

/// Storage format of a weight matrix, as defined by GGUF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockFormat {
    /// Little-endian f32.
    F32,
    /// Little-endian f16.
    F16,
    /// Blocks of one f16 scale and 32 i8.
    Q8_0,
    /// Blocks of one f16 scale and 32 values -8..=7 in 16 bytes, the first 16 in the low nibbles.
    Q4_0,
}

impl BlockFormat {
    /// Size in bytes of a row of `k` weights; `None` if `k` is not a multiple of the block size.
    fn row_bytes(self, k: usize) -> Option<usize> {
        let (per_block, bytes) = match self {
            Self::F32 => (1, 4),
            Self::F16 => (1, 2),
            Self::Q8_0 => (BLOCK, 2 + BLOCK),
            Self::Q4_0 => (BLOCK, 2 + BLOCK / 2),
        };
        k.is_multiple_of(per_block).then(|| k / per_block * bytes)
    }

    /// Block `index` of a row of `k` weights, as integers and their scale.
    ///
    /// Q4_0 and Q8_0 keep their values; F32 and F16 are quantized like Q8_0, with a short last block padded with zeros.
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

/// Quantizes at most one block like Q8_0, with the scale amax / 127.
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

/// Number of bits in which weights that are not Q4_0 are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightBits {
    /// For relaxed SIMD's dot product. A block with larger values is rescaled to 7 bits.
    Seven,
    /// As in Q8_0.
    Eight,
}

/// A linear layer's weight `[n, k]` and bias `[n]`, packed for the kernels.
///
/// A matrix that is entirely Q4_0 is packed in 4 bits, any other in 7 or 8.
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
/// A block's scale is `column_scale · scale`, where `scale` is an integer. So the sum over blocks is an integer sum too,
/// which is faster than f32 and independent of the order. `column_scale` is chosen per column, as fine as i32 sums allow:
/// with 48 blocks (k = 1536) `scale` has about 12 bits; f16 has 11.
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

/// One column of the packed matrix: a row of the stored one.
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
    /// Stacks one or several matrices, such as K and V of an attention, and packs them as one.
    ///
    /// Each part is a `[n, k]` matrix: its format, its bytes (row-major), and its `n`. `bias` has the sum of all `n` as its
    /// length. `bits` applies to matrices that are not Q4_0: [`super::Kernels::weight_bits`] of the backend that will run
    /// the layer.
    ///
    /// # Errors
    /// [`Error::Input`] if lengths do not match, or `k` is not a multiple of the block size.
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

    /// Number of output features.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Number of input features.
    pub fn k(&self) -> usize {
        self.k
    }
}

impl Int4Panels {
    fn pack(columns: &[Column], k: usize) -> Self {
        let (panels, blocks) = (columns.len().div_ceil(COLUMNS), k / BLOCK);
        // Padding of the last panel is 0: value 0 (stored as the offset) with scale 0.
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

/// The finest column scale for which the integer sum, at worst Σ_block |scale| · Σ 127 · |value|, does not overflow i32.
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
    // Rounding can raise each scale by half a step.
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

/// Rescales a block to values of at most [`MAX_INT7`]; unchanged if they already fit.
fn to_seven_bits(values: [i8; BLOCK], scale: f32) -> ([i8; BLOCK], f32) {
    let amax = values
        .iter()
        .map(|&v| i32::from(v).abs())
        .max()
        .unwrap_or(0);
    if amax <= MAX_INT7 {
        return (values, scale);
    }
    // Rounds to nearest, ties away from zero.
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
