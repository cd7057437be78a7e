#!/usr/bin/env bash
# nfnt/resize 0.0.0-20180221191011-83c6a9932646 (images in Go, its newest commit): a part of a JPEG gets the colors of
# the pixels beside if its left or upper edge has an odd coordinate.
#
# Most JPEGs have one pair of color values for 2 x 2 pixels (4:2:0), and Go decodes them to an image.YCbCr of that kind.
# SubImage takes a part of it without a copy, as for a face or a box that a detector found, and its pixels are right. To
# resize it, the package counts the pixels from the edge of the part to find their colors, so it pairs other pixels than
# the picture does: the colors move by one pixel against the brightness, in three of four boxes. At an edge between two
# colors some appear that are not between them, below a red of 203 with a blue of 13 where both are 127. With 4:4:4, at
# even coordinates, or copied as RGBA it is right. The documentation has nothing of it.
#
# Expected: the numbers for the same pixels as RGBA, give or take a few levels. Those of disintegration/imaging are
# there to compare; its filter differs a bit.
# What helps: image/draw to copy the part to an image.RGBA before; imaging.Resize; boxes with even coordinates.
# Needs Go 1.24 or newer, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GOPATH="$folder/path" GOFLAGS="-modcacherw -mod=mod"
mkdir "$folder/program"
cd "$folder/program"
go mod init program 2>/dev/null
go get github.com/nfnt/resize@v0.0.0-20180221191011-83c6a9932646 github.com/disintegration/imaging@v1.6.2 2>/dev/null

cat >program.go <<'PROGRAM'
package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/disintegration/imaging"
	"github.com/nfnt/resize"
)

// The red and blue values of all pixels, row by row.
func text(picture image.Image) (text string) {
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			red, _, blue, _ := picture.At(x, y).RGBA()
			text += fmt.Sprintf("%d/%d ", red>>8, blue>>8)
		}
		text += "| "
	}
	return text[:len(text)-3]
}

// Stripes of four columns each, red and blue by turns.
func stripes(ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	picture := image.NewYCbCr(image.Rect(0, 0, 16, 2), ratio)
	for x := range 16 {
		pixel := color.RGBA{255, 0, 0, 255}
		if x/4%2 == 1 {
			pixel = color.RGBA{0, 0, 255, 255}
		}
		for y := range 2 {
			at, chroma := picture.YOffset(x, y), picture.COffset(x, y)
			picture.Y[at], picture.Cb[chroma], picture.Cr[chroma] = color.RGBToYCbCr(pixel.R, pixel.G, pixel.B)
		}
	}
	return picture
}

func main() {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio420} {
		picture := stripes(ratio)
		for _, left := range []int{0, 1, 2, 3} {
			part := picture.SubImage(image.Rect(left, 0, left+8, 2))
			same := image.NewRGBA(image.Rect(0, 0, 8, 2))
			draw.Draw(same, same.Bounds(), part, part.Bounds().Min, draw.Src)
			fmt.Printf("%v, from %d\n", ratio, left)
			fmt.Println("  part      ", text(part))
			fmt.Println("  nfnt      ", text(resize.Resize(4, 1, part, resize.Bilinear)))
			fmt.Println("  nfnt, RGBA", text(resize.Resize(4, 1, same, resize.Bilinear)))
			fmt.Println("  imaging   ", text(imaging.Resize(part, 4, 1, imaging.Linear)))
		}
	}
}
PROGRAM

expected='YCbCrSubsampleRatio444, from 0
  part       254/0 254/0 254/0 254/0 0/254 0/254 0/254 0/254 | 254/0 254/0 254/0 254/0 0/254 0/254 0/254 0/254
  nfnt       254/0 221/31 29/220 0/254
  nfnt, RGBA 254/0 222/31 31/222 0/254
  imaging    254/0 222/32 32/222 0/254
YCbCrSubsampleRatio444, from 1
  part       254/0 254/0 254/0 0/254 0/254 0/254 0/254 254/0 | 254/0 254/0 254/0 0/254 0/254 0/254 0/254 254/0
  nfnt       254/0 126/126 0/254 126/126
  nfnt, RGBA 254/0 127/127 0/254 127/127
  imaging    254/0 127/127 0/254 109/145
YCbCrSubsampleRatio444, from 2
  part       254/0 254/0 0/254 0/254 0/254 0/254 254/0 254/0 | 254/0 254/0 0/254 0/254 0/254 0/254 254/0 254/0
  nfnt       221/31 29/220 29/220 221/31
  nfnt, RGBA 222/31 31/222 31/222 222/31
  imaging    218/36 32/222 32/222 218/36
YCbCrSubsampleRatio444, from 3
  part       254/0 0/254 0/254 0/254 0/254 254/0 254/0 254/0 | 254/0 0/254 0/254 0/254 0/254 254/0 254/0 254/0
  nfnt       126/126 0/254 126/126 254/0
  nfnt, RGBA 127/127 0/254 127/127 254/0
  imaging    109/145 0/254 127/127 254/0
YCbCrSubsampleRatio420, from 0
  part       254/0 254/0 254/0 254/0 0/254 0/254 0/254 0/254 | 254/0 254/0 254/0 254/0 0/254 0/254 0/254 0/254
  nfnt       254/0 221/31 29/220 0/254
  nfnt, RGBA 254/0 222/31 31/222 0/254
  imaging    254/0 222/32 32/222 0/254
YCbCrSubsampleRatio420, from 1
  part       254/0 254/0 254/0 0/254 0/254 0/254 0/254 254/0 | 254/0 254/0 254/0 0/254 0/254 0/254 0/254 254/0
  nfnt       254/0 203/13 24/215 22/255
  nfnt, RGBA 254/0 127/127 0/254 127/127
  imaging    254/0 127/127 0/254 109/145
YCbCrSubsampleRatio420, from 2
  part       254/0 254/0 0/254 0/254 0/254 0/254 254/0 254/0 | 254/0 254/0 0/254 0/254 0/254 0/254 254/0 254/0
  nfnt       221/31 29/220 29/220 221/31
  nfnt, RGBA 222/31 31/222 31/222 222/31
  imaging    218/36 32/222 32/222 218/36
YCbCrSubsampleRatio420, from 3
  part       254/0 0/254 0/254 0/254 0/254 254/0 254/0 254/0 | 254/0 0/254 0/254 0/254 0/254 254/0 254/0 254/0
  nfnt       203/13 24/215 47/238 227/37
  nfnt, RGBA 127/127 0/254 127/127 254/0
  imaging    109/145 0/254 127/127 254/0'
seen=$(go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
