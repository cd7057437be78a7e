/**
 * `npm run test:clients`: generates a client with each generator, and runs the programs of docs/clients.md in Python and
 * Go; both ask the demo service. It needs Java 11, Maven, Go, Python 3, and the registries of their packages. Arguments
 * select clients and programs by parts of their names; without arguments, both RESULTS.md are written.
 */
import { selectByName } from '../../testing/selection.ts';
import { checkPrograms, PROGRAM_FILES } from './docs/check.ts';
import { checkClients } from './rest/check.ts';
import { CLIENTS } from './rest/clients.ts';

const args = process.argv.slice(2);
const all = args.length === 0;

try {
  const selected = selectByName(args, [...CLIENTS.map(({ name }) => name), ...PROGRAM_FILES]);
  const clients = CLIENTS.filter(({ name }) => selected.includes(name));
  const files = PROGRAM_FILES.filter((file) => selected.includes(file));
  const passed = [
    clients.length === 0 || (await checkClients(clients, all)),
    files.length === 0 || (await checkPrograms(files, all)),
  ];
  if (passed.includes(false)) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
