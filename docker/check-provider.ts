/**
 * Fails the build of an image if its base lacks libraries that ONNX Runtime's CUDA provider needs:
 * `node docker/check-provider.ts libonnxruntime_providers_cuda.so`. Otherwise a wrong version of CUDA or cuDNN would only
 * be noticed when a pod with a GPU starts.
 */
import { execFileSync } from 'node:child_process';

/** Libraries of the GPU driver, which the container runtime mounts from the host. */
const FROM_DRIVER = ['libcuda.so.1', 'libnvidia-ml.so.1'];
/** Loaded by name at run time, so that `ldd` may not list it. */
const LOADED_LATER = ['libcudnn.so.9'];

const [provider] = process.argv.slice(2);
if (!provider) {
  console.error('usage: node docker/check-provider.ts libonnxruntime_providers_cuda.so');
  process.exit(2);
}

/** Output of a program. The linker's tools are in folders that a normal user's PATH lacks. */
function outputOf(command: string, ...args: string[]): string {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  return execFileSync(command, args, { encoding: 'utf8', env });
}

const linked = outputOf('ldd', provider);
const missing = [...linked.matchAll(/^\s*(\S+) => not found$/gm)]
  .map(([, name]) => name ?? '')
  .filter((name) => !FROM_DRIVER.includes(name));
const known = outputOf('ldconfig', '-p');
const absent = LOADED_LATER.filter((name) => !linked.includes(name) && !known.includes(name));

const all = [...missing, ...absent];
if (all.length > 0) {
  console.error(
    `${provider} needs ${all.join(', ')}, which the base image does not have: give a base with the CUDA and cuDNN that the installed onnxruntime-node was built for.`,
  );
  process.exit(1);
}
console.log(`${provider}: all libraries it needs are present, except those of the driver.`);
