// Calls the service with Triton's and KServe's gRPC clients from PyPI, in a virtual environment of their own, and keeps
// the output in RESULTS.md.
// usage: node bin/run.js test/clients/grpc/main.ts
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServiceProcess } from '../../../testing/service-process.ts';

const run = promisify(execFile);
const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const PICTURE = at('../../../demo/examples/3000001.jpg');

const folder = await mkdtemp(path.join(tmpdir(), 'ofa-ve-grpc-clients-'));
try {
  const python = path.join(folder, 'bin', 'python');
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', at('requirements.txt')]);
  const service = await startServiceProcess({ args: ['--demo'] });
  try {
    let stdout = '';
    for (const script of ['with_triton.py', 'with_kserve.py']) {
      const args = [at(script), service.grpcAddress, new URL(service.url).host, PICTURE];
      stdout += (await run(python, args, { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } })).stdout;
    }
    process.stdout.write(stdout);
    const versions = (await readFile(at('requirements.txt'), 'utf8')).trim().split('\n').join(', ');
    const text = [
      '# gRPC clients',
      '<!-- markdownlint-disable line-length -->',
      `Output of \`node bin/run.js test/clients/grpc/main.ts\` with ${versions}:`,
      `\`\`\`text\n${stdout}\`\`\`\n`,
    ].join('\n\n');
    await writeFile(at('RESULTS.md'), text);
  } finally {
    await service.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
