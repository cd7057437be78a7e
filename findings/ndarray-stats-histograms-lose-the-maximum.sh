#!/usr/bin/env bash
# ndarray-stats 0.7.0 (statistics in Rust): for a quarter to a third of the sizes of data, a histogram does not count
# the largest numbers, however many they are, if a strategy of the crate makes the bins.
#
# A bin does not contain its right edge, so there must be one that reaches beyond the maximum. The strategies count the
# bins by adding up their width until the sum exceeds the maximum, but calculate the edges by multiplying the width.
# Often the sum's rounding errors exceed the maximum one bin too early. Then the last edge is the maximum itself, and
# what equals it is outside. Of the numbers from 0 to 99 one is lost; of shares, many of which are 1, a third, and
# nothing else looks unusual. The documentation says that a grid is inferred from the data, and its example has the bin
# beyond the maximum. It also says that points outside of a grid are ignored.
#
# Expected: as many counted as there are.
# What helps: Edges of one's own, the last one greater than the maximum; or to compare counts().sum() with the number of
# observations.
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
ndarray = "=0.17.2"
ndarray-stats = "=0.7.0"
noisy_float = "=0.2.1"
EOF

cat >src/main.rs <<'EOF'
use ndarray::prelude::*;
use ndarray_stats::HistogramExt;
use ndarray_stats::histogram::GridBuilder;
use ndarray_stats::histogram::strategies::{Auto, BinsBuildingStrategy, Rice, Sqrt, Sturges};
use noisy_float::types::{N64, n64};

/// The counts of a histogram of the data, and the last edge of its bins.
fn histogram<S: BinsBuildingStrategy<Elem = N64>>(data: &[f64]) -> (Vec<usize>, f64) {
    let observations = Array2::from_shape_fn((data.len(), 1), |(row, _)| n64(data[row]));
    let grid = GridBuilder::<S>::from_array(&observations).unwrap().build();
    let bins = &grid.projections()[0];
    let edge = bins.index(bins.len() - 1).end.raw();
    (observations.histogram(grid).counts().iter().copied().collect(), edge)
}

fn show(title: &str, data: &[f64], (counts, edge): (Vec<usize>, f64)) {
    let maximum = data.iter().copied().fold(f64::MIN, f64::max);
    let largest = data.iter().filter(|number| **number == maximum).count();
    let counted: usize = counts.iter().sum();
    println!("{title}: {counted} of {} counted, {largest} are {maximum}, the last edge is {edge}", data.len());
    println!("  {counts:?}");
}

/// For how many sizes from 5 to 1000 the histogram of all smaller integers lacks some.
fn lacking<S: BinsBuildingStrategy<Elem = N64>>() -> usize {
    let lacks = |size: &usize| {
        let data: Vec<f64> = (0..*size).map(|number| number as f64).collect();
        histogram::<S>(&data).0.iter().sum::<usize>() < *size
    };
    (5..=1000).filter(lacks).count()
}

fn main() {
    for size in [99, 100, 101] {
        let data: Vec<f64> = (0..size).map(|number| number as f64).collect();
        show(&format!("0 to {}, Sqrt", size - 1), &data, histogram::<Sqrt<N64>>(&data));
    }
    for size in [80, 90] {
        let share = |number| if number % 3 == 0 { 1.0 } else { (number % 7) as f64 / 7.0 };
        let data: Vec<f64> = (0..size).map(share).collect();
        show("shares, Sqrt", &data, histogram::<Sqrt<N64>>(&data));
        show("shares, Rice", &data, histogram::<Rice<N64>>(&data));
        show("shares, Sturges", &data, histogram::<Sturges<N64>>(&data));
        show("shares, Auto", &data, histogram::<Auto<N64>>(&data));
    }
    println!("of 996 sizes, Sqrt lacks {}", lacking::<Sqrt<N64>>());
    println!("of 996 sizes, Rice lacks {}", lacking::<Rice<N64>>());
    println!("of 996 sizes, Sturges lacks {}", lacking::<Sturges<N64>>());
}
EOF

expected='0 to 98, Sqrt: 99 of 99 counted, 1 are 98, the last edge is 107.80000000000001
  [10, 10, 10, 10, 9, 10, 10, 10, 10, 9, 1]
0 to 99, Sqrt: 99 of 100 counted, 1 are 99, the last edge is 99
  [10, 10, 10, 10, 10, 10, 10, 10, 10, 9]
0 to 100, Sqrt: 101 of 101 counted, 1 are 100, the last edge is 110
  [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 1]
shares, Sqrt: 53 of 80 counted, 27 are 1, the last edge is 1
  [8, 8, 8, 7, 0, 8, 7, 7, 0]
shares, Rice: 53 of 80 counted, 27 are 1, the last edge is 1
  [8, 8, 8, 7, 0, 8, 7, 7, 0]
shares, Sturges: 80 of 80 counted, 27 are 1, the last edge is 1.1428571428571428
  [8, 8, 8, 7, 8, 7, 7, 27]
shares, Auto: 80 of 80 counted, 27 are 1, the last edge is 1.1428571428571428
  [8, 8, 8, 7, 8, 7, 7, 27]
shares, Sqrt: 60 of 90 counted, 30 are 1, the last edge is 1
  [8, 9, 9, 8, 0, 9, 9, 8, 0]
shares, Rice: 60 of 90 counted, 30 are 1, the last edge is 1
  [8, 9, 9, 8, 0, 9, 9, 8, 0]
shares, Sturges: 90 of 90 counted, 30 are 1, the last edge is 1.1428571428571428
  [8, 9, 9, 8, 9, 9, 8, 30]
shares, Auto: 90 of 90 counted, 30 are 1, the last edge is 1.1428571428571428
  [8, 9, 9, 8, 9, 9, 8, 30]
of 996 sizes, Sqrt lacks 334
of 996 sizes, Rice lacks 306
of 996 sizes, Sturges lacks 237'
seen=$(cargo run --quiet --target-dir target)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
