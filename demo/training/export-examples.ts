/** Renders the example pictures: `node bin/run.js demo/training/export-examples.ts`. */
import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { readExamples } from '../examples.ts';
import { pictureOf } from '../world/render.ts';
import { sceneOf } from '../world/scene.ts';

for (const { seed, file } of await readExamples()) {
  const picture = await pictureOf(sceneOf(seed, 'held-out'));
  await writeFile(file, await sharp(picture).jpeg({ quality: 92 }).toBuffer());
}
