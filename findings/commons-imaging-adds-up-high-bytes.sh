#!/usr/bin/env bash
# commons-imaging 1.0.0-alpha6 (images in Java, by Apache): TIFF pictures of 16 bits with a predictor get too dark or
# wrong colors, gray of 2 and 4 bits gets wrong levels, and rasters of several floating-point bands lose numbers.
#
# - A predictor of 2 stores the differences of neighboring samples, which are to be summed up in 16 bits. For a picture
#   the library sums up their upper 8 bits and drops what the lower ones carry, so an error grows from pixel to pixel:
#   500, 2500, 4500 and 6500 should become 1, 9, 17 and 25 of 255, and become 1, 8, 15 and 22. GDAL, libvips and
#   Photoshop write such files. getRasterData, which takes signed 16 bits, sums them up in 32, so numbers leave the
#   range once two neighbors are more than 32767 apart. Without a predictor, or of 8 bits, it is right.
# - Gray of 2 bits has the levels 0, 127, 128 and 255 instead of 0, 85, 170 and 255, and of 4 bits most
#   levels are wrong likewise: the lowest bit of a level is repeated instead of the level.
# - Of a raster of three floating-point bands getRasterData gives the first one. For float64 the end of each row is 0,
#   and for float32 with the predictor 3 all numbers are wrong. With one band both are right.
#
# What the library does not support, such as the predictor 3 for float64, it refuses with an exception. These it does
# not.
#
# Expected: what is written, by tifffile 2026.3.3; for pictures the upper 8 bits of 16.
# What helps: TwelveMonkeys' imageio-tiff for pictures, and float32 without a predictor for rasters of several bands.
# Needs Java 17 or newer, Maven, and Python 3.11 or newer with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6
cat >pom.xml <<'EOF'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>0</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.commons</groupId>
      <artifactId>commons-imaging</artifactId>
      <version>1.0.0-alpha6</version>
    </dependency>
  </dependencies>
</project>
EOF
mvn --quiet --batch-mode "-Dmaven.repo.local=$folder/repository" \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies >log 2>&1 || { cat log; exit 1; }

cat >Program.java <<'EOF'
import java.io.File;
import java.util.Locale;
import java.util.StringJoiner;
import org.apache.commons.imaging.FormatCompliance;
import org.apache.commons.imaging.Imaging;
import org.apache.commons.imaging.bytesource.ByteSource;
import org.apache.commons.imaging.formats.tiff.TiffImagingParameters;
import org.apache.commons.imaging.formats.tiff.TiffReader;

// Prints the first row of each file, as a picture (all colors, or one if it is gray) or as a raster of numbers.
public class Program {
  public static void main(String[] names) throws Exception {
    for (String name : names) {
      StringJoiner row = new StringJoiner(" ");
      if (name.startsWith("raster")) {
        var source = ByteSource.file(new File(name));
        var contents = new TiffReader(true).readDirectories(source, true, FormatCompliance.getDefault());
        var raster = contents.directories.get(0).getRasterData(new TiffImagingParameters());
        for (int x = 0; x < raster.getWidth(); x++)
          row.add(String.format(Locale.ROOT, "%.0f", raster.getValue(x, 0)));
      } else {
        var image = Imaging.getBufferedImage(new File(name));
        for (int x = 0; x < image.getWidth(); x++) {
          int color = image.getRGB(x, 0);
          String gray = String.valueOf(color & 255);
          row.add(name.contains("gray") ? gray : (color >> 16 & 255) + "," + (color >> 8 & 255) + "," + gray);
        }
      }
      System.out.println(row);
    }
  }
}
EOF

cat >program.py <<'PROGRAM'
import subprocess

import numpy as np
import tifffile

wide = np.arange(8, dtype=np.uint16).reshape(2, 4) * 2000 + 500
colors = np.stack([wide, wide * 2, wide * 3], -1)
files = {}


def write(title, data, shown, **options):
    name = f"{title}.tif"
    tifffile.imwrite(name, data, photometric="rgb" if data.ndim == 3 else "minisblack", **options)
    assert np.array_equal(tifffile.imread(name), data)
    files[name] = " ".join(",".join(map(str, np.atleast_1d(pixel).tolist())) for pixel in shown[0])


for suffix, options in (
    ("", {"compression": "lzw"}),
    (" predictor", {"compression": "lzw", "predictor": True}),
):
    write(f"gray 8{suffix}", (wide >> 8).astype(np.uint8), wide >> 8, **options)
    write(f"gray 16{suffix}", wide, wide >> 8, **options)
    write(f"rgb 16{suffix}", colors, colors >> 8, **options)
for bits in (2, 4):
    levels = np.tile(np.arange(4) * (2**bits - 1) // 3, (2, 1))
    write(f"gray {bits}", levels.astype(np.uint8), levels * 255 // (2**bits - 1), bitspersample=bits)
for suffix, swing in (("", 2000), (" apart", 20000)):
    signed = np.array([[-swing, swing, -swing, swing]] * 2, dtype=np.int16)
    write(f"raster int16{suffix} predictor", signed, signed, compression="lzw", predictor=True)
for kind in (np.float32, np.float64):
    for suffix, data in (("", wide), (" of three", colors)):
        write(f"raster {kind.__name__}{suffix}", data.astype(kind), wide)
for suffix, data in (("", wide), (" of three", colors)):
    options = {"compression": "lzw", "predictor": True}
    write(f"raster float32{suffix} predictor", data.astype(np.float32), wide, **options)

command = ["java", "-cp", "target/dependency/*", "Program.java", *files]
lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
for (name, expected), line in zip(files.items(), lines, strict=True):
    print(f"{name}: {line} ({'the same' if line == expected else expected})")
PROGRAM

expected='gray 8.tif: 1 9 17 25 (the same)
gray 16.tif: 1 9 17 25 (the same)
rgb 16.tif: 1,3,5 9,19,29 17,35,52 25,50,76 (the same)
gray 8 predictor.tif: 1 9 17 25 (the same)
gray 16 predictor.tif: 1 8 15 22 (1 9 17 25)
rgb 16 predictor.tif: 1,3,5 8,18,28 15,33,51 22,48,74 (1,3,5 9,19,29 17,35,52 25,50,76)
gray 2.tif: 0 127 128 255 (0 85 170 255)
gray 4.tif: 0 95 160 255 (0 85 170 255)
raster int16 predictor.tif: -2000 2000 -2000 2000 (the same)
raster int16 apart predictor.tif: -20000 -45536 -20000 -45536 (-20000 20000 -20000 20000)
raster float32.tif: 500 2500 4500 6500 (the same)
raster float32 of three.tif: 500 2500 4500 6500 (the same)
raster float64.tif: 500 2500 4500 6500 (the same)
raster float64 of three.tif: 500 2500 4500 0 (500 2500 4500 6500)
raster float32 predictor.tif: 500 2500 4500 6500 (the same)
raster float32 of three predictor.tif: 270 -219938816 -223170527232 -408491655168 (500 2500 4500 6500)'
seen=$(PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
