//! What every backend computes alike: constants, and the few functions that define how numbers are rounded.

use super::pack::MAX_INT8;

/// Rows whose largest magnitude is below this are treated as zeros, so that no reciprocal overflows.
pub(crate) const TINY: f32 = 1e-30;

/// Adding 1.5 · 2²³ rounds an f32 of magnitude below 2²² to the nearest integer, ties to even, and leaves that integer in
/// the low bits: two's complement, relative to the bits of the constant itself.
pub(crate) const ROUND: f32 = 12_582_912.0;

/// A block's scale is `unit / SCALE_ONE` of its row's.
pub(crate) const SCALE_ONE: f32 = 32767.0;

/// How a row of activations is quantized, given its largest magnitude.
#[derive(Clone, Copy)]
pub(crate) struct RowScale {
    amax: f32,
    /// 127 · 32767 / amax.
    inverse: f32,
}

/// How a block of it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct BlockScale {
    /// The block's scale in 1/32767 of its row's, 0 if it is all zeros.
    pub(crate) unit: i16,
    /// What an activation is multiplied with before it is rounded.
    pub(crate) inverse: f32,
}

impl RowScale {
    pub(crate) fn new(amax: f32) -> Self {
        Self {
            amax: if amax < TINY { 0.0 } else { amax },
            inverse: MAX_INT8 * SCALE_ONE / amax,
        }
    }

    /// The scale of a block by its largest magnitude: rounded up, so that no activation exceeds 127.
    pub(crate) fn block(&self, amax: f32) -> BlockScale {
        if self.amax == 0.0 {
            return BlockScale::default();
        }
        // NaN and infinity end up as 0; the row's scale keeps them.
        let unit = (amax / self.amax * SCALE_ONE).ceil() as i16;
        if unit == 0 {
            return BlockScale::default();
        }
        BlockScale {
            unit,
            inverse: self.inverse / f32::from(unit),
        }
    }

    /// What one step of `scale · unit / 2¹⁵` is worth, in units of the weights' column scale.
    pub(crate) fn step(&self) -> f32 {
        self.amax * (32768.0 / (MAX_INT8 * SCALE_ONE))
    }

    /// What one unit of a block's scale is worth.
    pub(crate) fn unit(&self) -> f32 {
        self.amax / (MAX_INT8 * SCALE_ONE)
    }
}

/// Coefficients of x¹, x³, x⁵ … of erf(x / √2) for |x| <= [`GELU_LIMIT`], where it is 1. They were fitted so that
/// GELU has an absolute error below 4e-5 everywhere, an order below what quantizing its result adds.
pub(crate) const GELU: [f32; 9] = [
    0.797_523_2,
    -0.132_152_84,
    0.019_286_04,
    -0.002_109_980_2,
    0.000_168_585_25,
    -9.449_663e-6,
    3.481_655_2e-7,
    -7.507_985e-9,
    7.138_724e-11,
];
/// From here on erf(x / √2) is taken to be 1.
pub(crate) const GELU_LIMIT: f32 = 4.4;

/// Attention probabilities, relative to the likeliest key, in i16.
pub(crate) const PROBABILITY_ONE: f32 = 32767.0;
/// 2^r · 32767 for |r| <= 0.5, with a relative error below 3e-6.
pub(crate) const EXP2: [f32; 5] = [
    0.999_999_3 * PROBABILITY_ONE,
    0.693_121_8 * PROBABILITY_ONE,
    0.240_247_47 * PROBABILITY_ONE,
    0.055_917_855 * PROBABILITY_ONE,
    0.009_570_025 * PROBABILITY_ONE,
];
/// Below this power of two a probability rounds to 0.
pub(crate) const EXP2_MIN: f32 = -24.0;
/// Keys whose products with values sum up in i32 before they go on in f32: 64 · 32767 · 1023 < 2³¹.
pub(crate) const KEYS_PER_SUM: usize = 64;
/// The largest magnitude of a quantized value.
pub(crate) const MAX_VALUE: f32 = 1023.0;

/// The largest magnitude of quantized queries and keys: 11 bits and a sign, or fewer where `head_dim` products would exceed 2³⁰.
pub(crate) fn max_query(head_dim: usize) -> f32 {
    let limit = ((1 << 30) / head_dim.max(1)).isqrt();
    limit.min(2047) as f32
}

/// A tensor's quantization in attention: what to multiply it with, and what one step is worth.
pub(crate) fn symmetric(amax: f32, max: f32) -> (f32, f32) {
    if amax < TINY {
        (0.0, 0.0)
    } else {
        (max / amax, amax / max)
    }
}
