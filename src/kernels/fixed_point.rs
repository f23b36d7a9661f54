//! What every backend computes alike: constants, and the few functions that define how numbers are rounded.

use super::packing::MAX_INT8;

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

/// GELU by a polynomial for erf.
pub(crate) struct GeluConstants {
    /// Coefficients of x¹, x³, x⁵ … of erf(x / √2) for |x| <= `limit`.
    pub(crate) erf: [f32; 8],
    /// From here on erf(x / √2) is taken to be 1.
    pub(crate) limit: f32,
    pub(crate) half: f32,
}

/// Fitted so that the polynomial is 1 at the limit and GELU's absolute error is below 1e-4 everywhere, far below what
/// quantizing its result adds.
pub(crate) static GELU: GeluConstants = GeluConstants {
    erf: [
        0.796_931_74,
        -0.131_056_35,
        0.018_596_431,
        -0.001_901_308_4,
        0.000_133_780_56,
        -6.075_807e-6,
        1.588_248_3e-7,
        -1.803_479_1e-9,
    ],
    limit: 4.2,
    half: 0.5,
};

/// Attention probabilities, relative to the likeliest key, in i16.
pub(crate) const PROBABILITY_ONE: f32 = 32767.0;
/// Powers of two, in units of 1/32767.
pub(crate) struct Exp2Constants {
    /// Coefficients of 1, r, r² … of 2^r · 32767 for |r| <= 0.5.
    pub(crate) exp2: [f32; 4],
    /// Below this exponent a probability rounds to 0.
    pub(crate) min: f32,
    /// [`ROUND`].
    pub(crate) round: f32,
}

/// Fitted to a relative error below 8e-5.
pub(crate) static EXP2: Exp2Constants = Exp2Constants {
    exp2: [
        0.999_928_06 * PROBABILITY_ONE,
        0.693_261_1 * PROBABILITY_ONE,
        0.242_611_07 * PROBABILITY_ONE,
        0.055_171 * PROBABILITY_ONE,
    ],
    min: -24.0,
    round: ROUND,
};
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
pub(crate) fn symmetric_scale(amax: f32, max: f32) -> (f32, f32) {
    if amax < TINY {
        (0.0, 0.0)
    } else {
        (max / amax, amax / max)
    }
}
