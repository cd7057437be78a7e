#!/usr/bin/env bash
# candle-core 0.11.1 (tensors in Rust): the mean of integers is always 0, and comparisons of integers with a scalar drop
# its fraction and its range, so 5 is equal to 5.5 and the byte 255 is at least 300.
#
# - mean, mean_keepdim and mean_all multiply the sum by one over the number of values, as an integer, which is 0 from
#   two values on. It is neither the mean nor the mean rounded: that of eight ones is 0 as well. An accuracy or the
#   brightness of a picture that is calculated so is 0.
# - eq, lt, ge and the others take a scalar for one of the tensor's type: 5.5 becomes 5, 300 becomes the byte 255 and -1
#   the byte 0. So what should be true for no value is true for some.
#
# Their documentation does not say so, and nothing warns, while other functions return an error for integers. That of
# affine says that its operands are cast.
#
# Expected: what the same functions give for the same numbers as floats; or an error, as PyTorch has for these means.
# What helps: to_dtype(DType::F64) before.
# Needs Rust 1.87 or newer with cargo, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "program"
version = "0.0.0"
edition = "2024"
[dependencies]
candle-core = "=0.11.1"
EOF

cat >src/main.rs <<'EOF'
use candle_core::{DType, Device, Result, Tensor};

fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()
}

/// What an operation gives for integers, and for the same numbers as floats.
fn compare(title: &str, x: &Tensor, operation: impl Fn(&Tensor) -> Result<Tensor>) -> Result<()> {
    let of_floats = operation(&x.to_dtype(DType::F64)?)?;
    println!("{title}: {:?}, of floats {:?}", numbers(&operation(x)?)?, numbers(&of_floats)?);
    Ok(())
}

fn main() -> Result<()> {
    let x = Tensor::new(&[4i64, 5, 6, 7], &Device::Cpu)?;
    for dtype in [DType::I64, DType::U32, DType::U8] {
        let x = x.to_dtype(dtype)?;
        compare(&format!("sum of {dtype:?}"), &x, |x| x.sum_all())?;
        compare("mean", &x, |x| x.mean(0))?;
        compare("mean_keepdim", &x, |x| x.mean_keepdim(0))?;
        compare("mean_all", &x, |x| x.mean_all())?;
    }
    compare("mean of 8 ones", &Tensor::ones(8, DType::U8, &Device::Cpu)?, |x| x.mean(0))?;
    compare("mean of a single 8", &Tensor::new(&[8i64], &Device::Cpu)?, |x| x.mean(0))?;
    compare("x == 5", &x, |x| x.eq(5.0))?;
    compare("x == 5.5", &x, |x| x.eq(5.5))?;
    compare("x < 5.5", &x, |x| x.lt(5.5))?;
    compare("x >= 5.5", &x, |x| x.ge(5.5))?;
    let bytes = Tensor::new(&[0u8, 100, 255], &Device::Cpu)?;
    compare("bytes >= 300", &bytes, |x| x.ge(300.0))?;
    compare("bytes <= -1", &bytes, |x| x.le(-1.0))?;
    Ok(())
}
EOF

expected='sum of I64: [22.0], of floats [22.0]
mean: [0.0], of floats [5.5]
mean_keepdim: [0.0], of floats [5.5]
mean_all: [0.0], of floats [5.5]
sum of U32: [22.0], of floats [22.0]
mean: [0.0], of floats [5.5]
mean_keepdim: [0.0], of floats [5.5]
mean_all: [0.0], of floats [5.5]
sum of U8: [22.0], of floats [22.0]
mean: [0.0], of floats [5.5]
mean_keepdim: [0.0], of floats [5.5]
mean_all: [0.0], of floats [5.5]
mean of 8 ones: [0.0], of floats [1.0]
mean of a single 8: [8.0], of floats [8.0]
x == 5: [0.0, 1.0, 0.0, 0.0], of floats [0.0, 1.0, 0.0, 0.0]
x == 5.5: [0.0, 1.0, 0.0, 0.0], of floats [0.0, 0.0, 0.0, 0.0]
x < 5.5: [1.0, 0.0, 0.0, 0.0], of floats [1.0, 1.0, 0.0, 0.0]
x >= 5.5: [0.0, 1.0, 1.0, 1.0], of floats [0.0, 0.0, 1.0, 1.0]
bytes >= 300: [0.0, 0.0, 1.0], of floats [0.0, 0.0, 0.0]
bytes <= -1: [1.0, 0.0, 0.0], of floats [0.0, 0.0, 0.0]'
seen=$(cargo run --quiet --target-dir target)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
