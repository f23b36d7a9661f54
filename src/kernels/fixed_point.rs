//! Fixed-point arithmetic shared by all backends: scales, rounding and the constants of GELU and exp2.

use super::packing::MAX_INT8;

/// Rows with a largest magnitude below this are treated as zeros, so that the reciprocal does not overflow.
pub(crate) const TINY: f32 = 1e-30;

/// 1.5 · 2²³. Adding it rounds an f32 of magnitude below 2²² to the nearest integer, ties to even; subtracting the bits of
/// the constant from those of the sum gives that integer in two's complement.
pub(crate) const ROUND: f32 = 12_582_912.0;

/// A block's scale is `unit / SCALE_ONE` times its row's scale.
pub(crate) const SCALE_ONE: f32 = 32767.0;

/// Quantization scale of a row of activations.
#[derive(Clone, Copy)]
pub(crate) struct RowScale {
    /// Largest magnitude of the row.
    amax: f32,
    /// 127 · 32767 / amax.
    inverse: f32,
}

/// Quantization scale of a block of activations.
#[derive(Clone, Copy, Default)]
pub(crate) struct BlockScale {
    /// The block's scale in units of 1/32767 of its row's scale; 0 if the block is all zeros.
    pub(crate) unit: i16,
    /// Factor by which an activation is multiplied before it is rounded.
    pub(crate) inverse: f32,
}

impl RowScale {
    pub(crate) fn new(amax: f32) -> Self {
        Self {
            amax: if amax < TINY { 0.0 } else { amax },
            inverse: MAX_INT8 * SCALE_ONE / amax,
        }
    }

    /// The scale of a block with largest magnitude `amax`. It is rounded up, so that no activation exceeds 127.
    pub(crate) fn block(&self, amax: f32) -> BlockScale {
        if self.amax == 0.0 {
            return BlockScale::default();
        }
        // NaN and infinity become 0 here; the row's scale propagates them.
        let unit = (amax / self.amax * SCALE_ONE).ceil() as i16;
        if unit == 0 {
            return BlockScale::default();
        }
        BlockScale {
            unit,
            inverse: self.inverse / f32::from(unit),
        }
    }

    /// The value of one step of `scale · unit / 2¹⁵`, in units of the weights' column scale.
    pub(crate) fn step(&self) -> f32 {
        self.amax * (32768.0 / (MAX_INT8 * SCALE_ONE))
    }

    /// The value of one unit of a block's scale.
    pub(crate) fn unit(&self) -> f32 {
        self.amax / (MAX_INT8 * SCALE_ONE)
    }
}

/// Constants of GELU, which approximates erf by a polynomial.
pub(crate) struct GeluConstants {
    /// Coefficients of x¹, x³, x⁵ … of erf(x / √2) for |x| <= `limit`.
    pub(crate) erf: [f32; 8],
    /// Beyond this magnitude, erf(x / √2) is approximated by ±1.
    pub(crate) limit: f32,
    pub(crate) half: f32,
}

/// Fitted so that the polynomial is 1 at the limit and GELU's absolute error is below 1e-4 everywhere, far below the error
/// of quantizing its result.
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

/// Fixed-point 1 of attention probabilities, which are i16 and relative to that of the highest-scoring key.
pub(crate) const PROBABILITY_ONE: f32 = 32767.0;
/// Constants of 2^x in units of 1/32767.
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
/// Number of keys whose products with values are summed in i32 before conversion to f32: 64 · 32767 · 1023 < 2³¹.
pub(crate) const KEYS_PER_SUM: usize = 64;
/// Largest magnitude of a quantized attention value.
pub(crate) const MAX_VALUE: f32 = 1023.0;

/// Largest magnitude of quantized queries and keys: 11 bits plus sign, or less if the sum of `head_dim` products would
/// exceed 2³⁰.
pub(crate) fn max_query(head_dim: usize) -> f32 {
    let limit = ((1 << 30) / head_dim.max(1)).isqrt();
    limit.min(2047) as f32
}

/// Symmetric quantization of attention inputs: the factor to multiply by, and the value of one step.
pub(crate) fn symmetric_scale(amax: f32, max: f32) -> (f32, f32) {
    if amax < TINY {
        (0.0, 0.0)
    } else {
        (max / amax, amax / max)
    }
}
