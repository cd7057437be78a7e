// The low and the high halves of two vectors, interleaved by words, double words and quad words.
// prettier-ignore
export function low16(a: v128, b: v128): v128 { return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
// prettier-ignore
export function high16(a: v128, b: v128): v128 { return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
// prettier-ignore
export function low32(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 0, 4, 1, 5); }
// prettier-ignore
export function high32(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 2, 6, 3, 7); }
// prettier-ignore
export function low64(a: v128, b: v128): v128 { return v128.shuffle<i64>(a, b, 0, 2); }
// prettier-ignore
export function high64(a: v128, b: v128): v128 { return v128.shuffle<i64>(a, b, 1, 3); }

/** Two factors with 13 fraction bits, for pairs of interleaved coefficients. */
export function factors(even: i32, odd: i32): v128 {
  return i32x4.splat((even & 0xffff) | (odd << 16));
}
