import { UserError } from '../../model/errors.ts';
import type { Check, Context, Finding } from './check.ts';
import { machineCheck } from './machine.ts';
import { memoryCheck } from './memory.ts';
import { parityCheck } from './parity.ts';
import { peakCheck } from './peak.ts';
import { placementCheck } from './placement.ts';
import { titleOf, type Entry } from './report.ts';
import { serviceCheck } from './service-check.ts';
import { speedCheck, warmUpCheck } from './speed.ts';
import type { Compilation, Subject } from './subjects.ts';
import { watchdogCheck } from './watchdog.ts';

const OF_THE_MACHINE = [machineCheck, watchdogCheck, peakCheck];
const OF_A_SUBJECT = [parityCheck, warmUpCheck, speedCheck, placementCheck, memoryCheck, serviceCheck];

/** Called before each check with the findings so far and the check that is next. */
type Recorder = (entries: readonly Entry[], underWay: string) => Promise<unknown>;

/**
 * Runs all checks one after the other, even if some fail. A model that cannot be compiled is not checked further.
 */
export async function runChecks(
  subjects: readonly (Subject | Compilation)[],
  context: Context,
  record: Recorder,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  const run = async (check: Check): Promise<void> => {
    await record(entries, titleOf(check));
    const startMs = performance.now();
    const finding = await check.run(context).catch(asFinding);
    console.log(`${finding.verdict.padEnd(8)} ${titleOf(check)}: ${finding.summary}`);
    entries.push({ check, finding, seconds: (performance.now() - startMs) / 1000 });
  };
  for (const check of OF_THE_MACHINE) await run(check);
  for (const each of subjects) {
    const subject = 'compile' in each ? await compiled(each, run) : each;
    if (subject === undefined) continue;
    for (const make of OF_A_SUBJECT) await run(make(subject));
  }
  return entries;
}

function asFinding(error: unknown): Finding {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 500);
  const summary = error instanceof UserError ? message : `The check itself failed: ${message}`;
  return { verdict: 'failed', summary };
}

/** Compiles a model as a check of its own. @returns undefined if it failed */
async function compiled(compilation: Compilation, run: (check: Check) => Promise<void>): Promise<Subject | undefined> {
  let made: Subject | undefined;
  await run({
    name: 'compile',
    subject: compilation.name,
    async run() {
      const { subject, summary } = await compilation.compile();
      made = subject;
      return { verdict: 'passed', summary };
    },
  });
  return made;
}
