#!/usr/bin/env bash
# gonum 0.17.0: stat.Kendall takes pairs of equal numbers for agreement or disagreement, depending on their places, so
# constant numbers correlate by 1 or -1.
#
# The documentation says that it is Tau-a, the difference of concordant and discordant pairs by the number of all pairs.
# A pair with two equal numbers is neither. gonum compares the signs of the differences, and takes that of 0 for that of
# a positive number: an equal pair agrees where the other numbers rise and disagrees where they fall. So a model that
# gives one score to everything ranks perfectly if the labels happen to be sorted, and the result changes with the order
# of the samples. Grades, counts and classes have many equal numbers. With weights it is the same.
#
# Expected: Tau-a, in parentheses, whatever the order of the samples.
# What helps: montanaflynn/stats and its KendallTau (Tau-b), or an own loop with two comparisons.
# Needs Go 1.24 or newer, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GOPATH="$folder/path" GOFLAGS="-modcacherw -mod=mod"
mkdir "$folder/program"
cd "$folder/program"
go mod init program 2>/dev/null
go get gonum.org/v1/gonum@v0.17.0 2>/dev/null

cat >program.go <<'PROGRAM'
package main

import (
	"cmp"
	"fmt"

	"gonum.org/v1/gonum/stat"
)

func tauA(x, y []float64) float64 {
	sum, pairs := 0, 0
	for i := range x {
		for j := range i {
			sum += cmp.Compare(x[i], x[j]) * cmp.Compare(y[i], y[j])
			pairs++
		}
	}
	return float64(sum) / float64(pairs)
}

func main() {
	for _, pair := range [][2][]float64{
		{{1, 2, 3, 4}, {1, 3, 2, 4}},
		{{7, 7, 7, 7}, {1, 2, 3, 4}},
		{{7, 7, 7, 7}, {4, 3, 2, 1}},
		{{0, 0, 1, 1}, {1, 2, 3, 4}},
		{{1, 1, 0, 0}, {4, 3, 2, 1}},
		{{0, 0, 1, 1}, {4, 3, 2, 1}},
		{{1, 1, 0, 0}, {1, 2, 3, 4}},
	} {
		x, y := pair[0], pair[1]
		plain, weighted := stat.Kendall(x, y, nil), stat.Kendall(x, y, []float64{1, 1, 1, 1})
		fmt.Printf("%v and %v: %.2f, with weights of 1: %.2f (%.2f)\n", x, y, plain, weighted, tauA(x, y))
	}
}
PROGRAM

expected='[1 2 3 4] and [1 3 2 4]: 0.67, with weights of 1: 0.67 (0.67)
[7 7 7 7] and [1 2 3 4]: 1.00, with weights of 1: 1.00 (0.00)
[7 7 7 7] and [4 3 2 1]: -1.00, with weights of 1: -1.00 (0.00)
[0 0 1 1] and [1 2 3 4]: 1.00, with weights of 1: 1.00 (0.67)
[1 1 0 0] and [4 3 2 1]: 0.33, with weights of 1: 0.33 (0.67)
[0 0 1 1] and [4 3 2 1]: -1.00, with weights of 1: -1.00 (-0.67)
[1 1 0 0] and [1 2 3 4]: -0.33, with weights of 1: -0.33 (-0.67)'
seen=$(go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
