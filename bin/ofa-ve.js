#!/usr/bin/env node
// In a clone the sources run as they are; an installed build has no sources beside it.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

if (process.argv[2] === 'serve') {
  // As process 1 of a container it would not be ended by a signal that nobody handles, and the imports below take a
  // while. Until somebody else listens (service/lifecycle/run-service.ts, a compiler with things to tidy up) there is nothing to finish.
  const leave = (signal) => {
    if (process.listenerCount(signal) === 1) process.exit(0);
  };
  process.on('SIGTERM', leave).on('SIGINT', leave).on('SIGHUP', leave);
}

// Node.js from 22.8 on keeps what it compiled, if it can write here, for its next start and for the engine's process.
process.env.NODE_COMPILE_CACHE ||= fileURLToPath(new URL('../.cache/node', import.meta.url));
module.enableCompileCache?.();

const sources = existsSync(new URL('../cli/main.ts', import.meta.url));
const load = (name) => import(new URL(sources ? `../${name}.ts` : `../build/${name}.js`, import.meta.url).href);

if (sources) await import('./load-sources.js');
// Its help is printed as by any other command.
const serves = process.argv[2] === 'serve' && !process.argv.includes('--help') && !process.argv.includes('-h');
// The engine loads its modules while this process loads its own.
if (serves) (await load('service/engine/process/fork-engine')).forkSpareEngine();
// The service's log has its own way to outlive its reader.
else (await load('cli/output')).outliveOutput();
const { main } = await load('cli/main');
const code = await main(process.argv.slice(2));
// A command may have set an exit code itself.
if (code !== 0) process.exitCode = code;
