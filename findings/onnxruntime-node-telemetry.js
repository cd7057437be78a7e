/**
 * onnxruntime-node 1.30.0: the release for Linux collects telemetry by default.
 *
 * The first session of a process leaves two files below the home folder: an identifier of the machine, and an SQLite database
 * that queues events to be sent. An event holds the operating system, the name of the program, the library's version, and the execution
 * provider that was used. Importing the package alone leaves nothing. ORT_DISABLE_TELEMETRY=1, set before the package is loaded,
 * prevents both files.
 *
 * This script does by default what every such program does, so on a machine with network access the events may be sent.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, run, verdict } from './finding.js';

const folder = install(['onnxruntime-node@1.30.0']);

// A graph for opset 21: Identity of a float32 tensor of shape [2].
const session = `
import { InferenceSession, Tensor } from 'onnxruntime-node';
const session = await InferenceSession.create(Buffer.from(
  'CAo6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggCYg8KAXkSCgoICAESBAoCCAJCBAoAEBU=', 'base64'));
await session.run({ x: new Tensor('float32', new Float32Array([1, 2]), [2]) });
`;

/** Runs a program with an empty home folder. Returns the files that it leaves there, by their paths. */
function filesLeftBy(name, source, env = {}) {
  const home = join(folder, name);
  mkdirSync(home);
  run(folder, source, { env: { HOME: home, XDG_CACHE_HOME: '', ORT_DISABLE_TELEMETRY: '', ...env } });
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: file.slice(home.length + 1), bytes: readFileSync(file) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const left = filesLeftBy('session', session);
const database = left.find(({ path }) => path.endsWith('.db'))?.bytes ?? Buffer.alloc(0);
const paths = (files) => files.map(({ path }) => path);
verdict(
  {
    'by a session': paths(left),
    'the database holds the provider': database.includes('CPUExecutionProvider'),
    'by the import alone': paths(filesLeftBy('import', "import 'onnxruntime-node';")),
    'with ORT_DISABLE_TELEMETRY=1': paths(filesLeftBy('off', session, { ORT_DISABLE_TELEMETRY: '1' })),
  },
  {
    'by a session': [
      '.cache/Microsoft/DeveloperTools/.onnxruntime/deviceid',
      '.cache/Microsoft/DeveloperTools/.onnxruntime/onnxruntime.db',
    ],
    'the database holds the provider': true,
    'by the import alone': [],
    'with ORT_DISABLE_TELEMETRY=1': [],
  },
);
