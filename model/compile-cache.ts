import module from 'node:module';

/**
 * Writes to disk what Node.js has compiled, if it keeps that: see bin/ofa-ve.js. It does so by itself only when a process
 * exits, but a service may run for months, and its engine process is killed.
 */
export function flushCompileCache(): void {
  // Node.js before 22.10 has no such function.
  (module as { flushCompileCache?: () => void }).flushCompileCache?.();
}
