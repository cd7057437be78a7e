#!/usr/bin/env bash
# bild 0.14.0 (images in Go): Rotate by 90, 180 or 270 degrees gives an empty picture, or one without a part, if the
# picture was cropped before, and loses a row and a column if of width and height one is odd and one even.
#
# - Crop returns a part of the picture with the coordinates that it had there, as is usual in Go, so its bounds do not
#   start at (0, 0). Rotate looks for the pixels as if they did. What lies outside becomes transparent, which is black
#   once it is a JPEG or a model's input: all of it, if the crop lies further right or down than it is large; else a
#   strip. By other angles it is right, as Rotate then resizes before, and so are other functions, such as FlipH.
# - With ResizeBounds, a picture of 3 x 2 pixels that is turned by 90 or 270 degrees becomes one of 2 x 3, as it should,
#   but its content is off by a pixel in both directions. One of 4 x 2 or 3 x 1 is right.
#
# No error is returned, and the documentation has nothing of it. The package disintegration/imaging does both rightly.
#
# Expected: the pixels that imaging gives.
# What helps: imaging's Rotate90, Rotate180 and Rotate270; or image/draw to bring the crop to (0, 0), and even sizes.
# Needs Go 1.24 or newer, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GOPATH="$folder/path" GOFLAGS="-modcacherw -mod=mod"
mkdir "$folder/program"
cd "$folder/program"
go mod init program 2>/dev/null
go get github.com/anthonynsimon/bild@v0.14.0 github.com/disintegration/imaging@v1.6.2 2>/dev/null

cat >program.go <<'PROGRAM'
package main

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"github.com/anthonynsimon/bild/transform"
	"github.com/disintegration/imaging"
)

// The red values of all pixels, row by row; a dot for a transparent pixel.
func text(picture image.Image) (text string) {
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			red, _, _, alpha := picture.At(x, y).RGBA()
			if alpha == 0 {
				text += ". "
			} else {
				text += fmt.Sprint(red>>8, " ")
			}
		}
		text += "| "
	}
	return strings.TrimSuffix(text, " | ")
}

func show(title string, picture image.Image) {
	fmt.Printf("%s: %s\n", title, text(picture))
	for _, angle := range []float64{90, 180} {
		turned := transform.Rotate(picture, angle, &transform.RotationOptions{ResizeBounds: true})
		fmt.Printf("  by %v: %s\n", angle, text(turned))
		fmt.Printf("  by %v, imaging: %s\n", angle, text(imaging.Rotate(picture, -angle, color.Transparent)))
	}
	fmt.Printf("  FlipH: %s\n", text(transform.FlipH(picture)))
}

func main() {
	picture := image.NewRGBA(image.Rect(0, 0, 5, 4))
	for index := range 20 {
		picture.Set(index%5, index/5, color.RGBA{uint8(10 + index), 0, 0, 255})
	}
	for _, area := range []image.Rectangle{
		image.Rect(0, 0, 2, 2), image.Rect(1, 0, 5, 2), image.Rect(2, 2, 4, 4),
		image.Rect(0, 0, 4, 2), image.Rect(0, 0, 3, 2), image.Rect(0, 0, 3, 1),
	} {
		show(fmt.Sprintf("crop %v", area), transform.Crop(picture, area))
	}
}
PROGRAM

expected='crop (0,0)-(2,2): 10 11 | 15 16
  by 90: 15 10 | 16 11
  by 90, imaging: 15 10 | 16 11
  by 180: 16 15 | 11 10
  by 180, imaging: 16 15 | 11 10
  FlipH: 11 10 | 16 15
crop (1,0)-(5,2): 11 12 13 14 | 16 17 18 19
  by 90: . . | 16 11 | 17 12 | 18 13
  by 90, imaging: 16 11 | 17 12 | 18 13 | 19 14
  by 180: 18 17 16 . | 13 12 11 .
  by 180, imaging: 19 18 17 16 | 14 13 12 11
  FlipH: 14 13 12 11 | 19 18 17 16
crop (2,2)-(4,4): 22 23 | 27 28
  by 90: . . | . .
  by 90, imaging: 27 22 | 28 23
  by 180: . . | . .
  by 180, imaging: 28 27 | 23 22
  FlipH: 23 22 | 28 27
crop (0,0)-(4,2): 10 11 12 13 | 15 16 17 18
  by 90: 15 10 | 16 11 | 17 12 | 18 13
  by 90, imaging: 15 10 | 16 11 | 17 12 | 18 13
  by 180: 18 17 16 15 | 13 12 11 10
  by 180, imaging: 18 17 16 15 | 13 12 11 10
  FlipH: 13 12 11 10 | 18 17 16 15
crop (0,0)-(3,2): 10 11 12 | 15 16 17
  by 90: . 16 | . 17 | . .
  by 90, imaging: 15 10 | 16 11 | 17 12
  by 180: 17 16 15 | 12 11 10
  by 180, imaging: 17 16 15 | 12 11 10
  FlipH: 12 11 10 | 17 16 15
crop (0,0)-(3,1): 10 11 12
  by 90: 10 | 11 | 12
  by 90, imaging: 10 | 11 | 12
  by 180: 12 11 10
  by 180, imaging: 12 11 10
  FlipH: 12 11 10'
seen=$(go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
