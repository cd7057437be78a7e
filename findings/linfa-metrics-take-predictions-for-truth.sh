#!/usr/bin/env bash
# linfa 0.8.1 (machine learning in Rust): precision is recall and recall is precision, unless the predictions are an
# array and the truth a data set; the percentage error divides by the prediction; and an AUC lacks what is scored 0.
#
# - A confusion matrix of two arrays, or of two data sets, has the predictions as rows. precision() nevertheless divides
#   by the sum of a column, so by what is really of the class, and recall() by that of a row. With an array of
#   predictions and a data set of truth, the matrix is transposed and both are right. So the numbers change with the
#   types, and the F-score with them unless beta is 1. With more classes it is the same. The documentation says that
#   rows are targets.
# - mean_absolute_percentage_error divides by what it is called on, while r2 takes its argument for the truth. The
#   documentation has the usual formula, (y_hat - y) / y.
# - r2 adds 1e-10 to the sum of squares in the denominator, so numbers of some millionths (seconds, moles) always have a
#   good r2, even if the predictions run the wrong way.
# - The ROC curve does not start at the origin if samples have the score 0, and their share of the area is lost: scores
#   that are all 0 have an AUC of 0. log_loss is right.
#
# Expected: the numbers in parentheses, counted or calculated here.
# What helps: a data set for the truth of a confusion matrix; predictions as the argument for the percentage error;
# targets in other units; and scores above 0, as score + 1e-6.
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
linfa = "=0.8.1"
ndarray = "=0.16.1"
EOF

cat >src/main.rs <<'EOF'
use linfa::dataset::{Label, Pr};
use linfa::prelude::*;
use ndarray::{Array1, Array2, array};

/// The precision and recall of a class, of what was predicted and what is true.
fn count(predicted: &Array1<usize>, truth: &Array1<usize>, class: usize) -> (f32, f32) {
    let of = |x: &Array1<usize>| x.iter().filter(|label| **label == class).count() as f32;
    let pairs = predicted.iter().zip(truth);
    let both = pairs.filter(|(a, b)| **a == class && **b == class).count() as f32;
    (both / of(predicted), both / of(truth))
}

fn show<A: Label>(title: &str, matrix: ConfusionMatrix<A>, (precision, recall): (f32, f32)) {
    let f2 = 5.0 * precision * recall / (4.0 * precision + recall);
    let seen = (matrix.precision(), matrix.recall(), matrix.f_score(2.0));
    println!(
        "{title}: precision {:.3} ({precision:.3}), recall {:.3} ({recall:.3}), F2 {:.3} ({f2:.3})",
        seen.0, seen.1, seen.2
    );
}

/// The share of pairs of a true and a false sample in which the true one has the higher score.
fn auc(scores: &[f32], truth: &[bool]) -> f32 {
    let of = |value| scores.iter().zip(truth).filter(move |pair| *pair.1 == value).map(|pair| *pair.0);
    let pairs: Vec<f32> = of(true)
        .flat_map(|a| of(false).map(move |b| if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 }))
        .collect();
    pairs.iter().sum::<f32>() / pairs.len() as f32
}

fn main() -> Result<(), linfa::Error> {
    for (title, predicted, truth) in [
        ("two classes", array![1, 1, 1, 0, 1, 1, 0, 0, 0, 0], array![1, 1, 1, 1, 0, 0, 0, 0, 0, 0]),
        ("three", array![0, 0, 1, 1, 1, 2, 1, 1, 2, 2], array![0, 0, 0, 0, 1, 1, 1, 1, 1, 2]),
    ] {
        let classes = predicted.iter().max().unwrap() + 1;
        let expected = if classes == 2 {
            count(&predicted, &truth, 1)
        } else {
            let each: Vec<_> = (0..classes).map(|class| count(&predicted, &truth, class)).collect();
            let mean = |part: fn(&(f32, f32)) -> f32| each.iter().map(part).sum::<f32>() / classes as f32;
            (mean(|pair| pair.0), mean(|pair| pair.1))
        };
        let data = |labels: &Array1<usize>| Dataset::new(Array2::<f64>::zeros((10, 1)), labels.clone());
        show(&format!("{title}, arrays"), predicted.confusion_matrix(&truth)?, expected);
        show(&format!("{title}, data sets"), data(&predicted).confusion_matrix(&data(&truth))?, expected);
        show(&format!("{title}, array and data set"), predicted.confusion_matrix(&data(&truth))?, expected);
    }

    let (predicted, truth) = (array![150.0, 100.0], array![100.0, 200.0]);
    let expected = (&predicted - &truth).mapv(f64::abs) / &truth;
    println!(
        "percentage error of {predicted} for {truth}: {:.3} ({:.3})",
        predicted.mean_absolute_percentage_error(&truth)?,
        expected.mean().unwrap()
    );
    for unit in [1.0, 1e-5, 1e-6, 1e-7] {
        let truth = array![1.0, 2.0, 3.0, 4.0] * unit;
        let predicted = array![4.0, 3.0, 2.0, 1.0] * unit;
        let squares = |x: Array1<f64>| x.mapv(|number| number * number).sum();
        let expected = 1.0 - squares(&predicted - &truth) / squares(&truth - truth.mean().unwrap());
        println!("r2 in units of {unit}: {:.2} ({expected:.2})", predicted.r2(&truth)?);
    }
    for scores in [[0.1, 0.1, 0.9, 0.9], [0.0, 0.0, 0.9, 0.9], [0.0, 0.0, 0.0, 0.9], [0.0; 4]] {
        let truth = [true, false, false, true];
        let array: Array1<Pr> = scores.iter().map(|score| Pr::new(*score)).collect();
        let seen = array.roc(&truth)?.area_under_curve();
        println!("AUC of the scores {scores:?}: {seen:.3} ({:.3})", auc(&scores, &truth));
    }
    Ok(())
}
EOF

expected='two classes, arrays: precision 0.750 (0.600), recall 0.600 (0.750), F2 0.625 (0.714)
two classes, data sets: precision 0.750 (0.600), recall 0.600 (0.750), F2 0.625 (0.714)
two classes, array and data set: precision 0.600 (0.600), recall 0.750 (0.750), F2 0.714 (0.714)
three, arrays: precision 0.700 (0.644), recall 0.644 (0.700), F2 0.655 (0.688)
three, data sets: precision 0.700 (0.644), recall 0.644 (0.700), F2 0.655 (0.688)
three, array and data set: precision 0.644 (0.644), recall 0.700 (0.700), F2 0.688 (0.688)
percentage error of [150, 100] for [100, 200]: 0.667 (0.500)
r2 in units of 1: -3.00 (-3.00)
r2 in units of 0.00001: -2.33 (-3.00)
r2 in units of 0.000001: 0.81 (-3.00)
r2 in units of 0.0000001: 1.00 (-3.00)
AUC of the scores [0.1, 0.1, 0.9, 0.9]: 0.500 (0.500)
AUC of the scores [0.0, 0.0, 0.9, 0.9]: 0.375 (0.500)
AUC of the scores [0.0, 0.0, 0.0, 0.9]: 0.500 (0.750)
AUC of the scores [0.0, 0.0, 0.0, 0.0]: 0.000 (0.500)'
seen=$(cargo run --quiet --target-dir target)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
