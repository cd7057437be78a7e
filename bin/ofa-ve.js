#!/usr/bin/env node
// In a clone the sources run as they are, through tsx; an installed build has no sources beside it.
import { existsSync } from 'node:fs';

const sources = new URL('../cli/main.ts', import.meta.url);
if (existsSync(sources)) {
  const { register } = await import('tsx/esm/api');
  register();
  await import(sources.href);
} else {
  await import(new URL('../build/cli/main.js', import.meta.url).href);
}
