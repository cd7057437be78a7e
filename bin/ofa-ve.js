#!/usr/bin/env node
// In a clone the sources run as they are; an installed build has no sources beside it.
import { existsSync } from 'node:fs';

if (process.argv[2] === 'serve') {
  // As process 1 of a container it would not be ended by a signal that nobody handles, and the imports below take a
  // while. Until somebody else listens (service/lifecycle/run-service.ts, a compiler with things to tidy up) there is nothing to finish.
  const leave = (signal) => {
    if (process.listenerCount(signal) === 1) process.exit(0);
  };
  process.on('SIGTERM', leave).on('SIGINT', leave);
}

const sources = new URL('../cli/main.ts', import.meta.url);
if (existsSync(sources)) {
  await import('./load-sources.js');
  await import(sources.href);
} else {
  await import(new URL('../build/cli/main.js', import.meta.url).href);
}
