#!/usr/bin/env bash
# imageproc 0.27.0 (images in Rust): a threshold of type ToZero sets what is bright to zero, and ToZeroInverted what is
# dark, which is what the other one should do.
#
# The documentation of the types has the formulas: ToZero keeps what is above the threshold, as OpenCV's THRESH_TOZERO
# does, whose names these are, and ToZeroInverted keeps the others. The functions threshold and threshold_mut do the
# opposite, as the example of threshold shows, so background becomes foreground and no error is returned. The types
# Binary, BinaryInverted and Truncate are right.
#
# Expected: the formulas of the documentation, which are evaluated here for comparison.
# What helps: the other one of the two types.
# Needs Rust 1.88 or newer with cargo, instead of Node.js.
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
image = { version = "=0.25.10", default-features = false }
imageproc = { version = "=0.27.0", default-features = false }
EOF

cat >src/main.rs <<'EOF'
use image::GrayImage;
use imageproc::contrast::{ThresholdType, threshold};

const LIMIT: u8 = 50;

fn compare(title: &str, kind: ThresholdType, formula: impl Fn(u8) -> u8) {
    let pixels = vec![10, 49, 50, 51, 90, 200];
    let image = GrayImage::from_raw(6, 1, pixels.clone()).unwrap();
    let expected: Vec<u8> = pixels.into_iter().map(formula).collect();
    println!("{title}: {:?}, expected {expected:?}", threshold(&image, LIMIT, kind).into_raw());
}

fn main() {
    compare("Binary", ThresholdType::Binary, |x| if x > LIMIT { 255 } else { 0 });
    compare("BinaryInverted", ThresholdType::BinaryInverted, |x| if x > LIMIT { 0 } else { 255 });
    compare("Truncate", ThresholdType::Truncate, |x| if x > LIMIT { LIMIT } else { x });
    compare("ToZero", ThresholdType::ToZero, |x| if x > LIMIT { x } else { 0 });
    compare("ToZeroInverted", ThresholdType::ToZeroInverted, |x| if x > LIMIT { 0 } else { x });
}
EOF

expected='Binary: [0, 0, 0, 255, 255, 255], expected [0, 0, 0, 255, 255, 255]
BinaryInverted: [255, 255, 255, 0, 0, 0], expected [255, 255, 255, 0, 0, 0]
Truncate: [10, 49, 50, 50, 50, 50], expected [10, 49, 50, 50, 50, 50]
ToZero: [10, 49, 50, 0, 0, 0], expected [0, 0, 0, 51, 90, 200]
ToZeroInverted: [0, 0, 0, 51, 90, 200], expected [10, 49, 50, 0, 0, 0]'
seen=$(cargo run --quiet --target-dir target)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
