#!/usr/bin/env node
// Runs a TypeScript file of this repository on any supported Node.js: node bin/run.js bench/pixels.ts [arguments]
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import './load-sources.js';

const [script] = process.argv.splice(2, 1);
if (script === undefined) {
  console.error('usage: node bin/run.js FILE.ts [arguments]');
  process.exit(2);
}
process.argv[1] = path.resolve(script);
await import(pathToFileURL(process.argv[1]).href);
