// Processor time, rate and latency of servers that answer forms at /predict in turn.
import { FORM_HEADERS, nextForm, sendForms } from './form-clients.ts';
import { processorMs, processTree } from '../../testing/process-usage.ts';
import { largestDifference } from '../../testing/graph-session.ts';

/** Forms of each server in each round. */
export const FORMS = 300;
/** Most by which a probability may differ from that of the first server: they round differently. */
const TOLERANCE = 1e-3;

/** A server that answers forms at /predict. */
export interface Subject {
  readonly name: string;
  readonly server: { readonly pid: number; readonly url: string; stop(): Promise<void> };
}

/** Processor time in milliseconds an answer, and what clients saw. */
export interface Round {
  readonly mainThread: number;
  readonly otherThreads: number;
  readonly children: number;
  readonly answersPerSecond: number;
  readonly latencies: readonly number[];
}

/**
 * Measures servers in turn.
 *
 * @returns the rounds of each, in the order of the subjects
 */
export async function measureInTurn(
  subjects: readonly Subject[],
  pictures: readonly Buffer[],
  { clients, warmUpForms, rounds }: { clients: number; warmUpForms: number; rounds: number },
): Promise<Round[][]> {
  const results = subjects.map((): Round[] => []);
  for (const { server } of subjects) await sendForms(server.url, pictures, clients, warmUpForms);
  for (let round = 0; round < rounds; round++) {
    console.error(`${clients} clients, round ${round + 1} of ${rounds}`);
    for (const [at, subject] of subjects.entries()) results[at]?.push(await measure(subject, pictures, clients));
  }
  return results;
}

/** @throws Error if a server's answers differ from those of the first: their times could not be compared */
export async function compareAnswers(subjects: readonly Subject[], pictures: readonly Buffer[]): Promise<void> {
  for (const form of pictures.map(() => nextForm(pictures))) {
    const [ours = [], ...others] = await Promise.all(subjects.map((subject) => scoresOf(subject, form)));
    for (const [at, scores] of others.entries()) {
      const difference = largestDifference(ours, scores);
      if (difference > TOLERANCE)
        throw new Error(`${subjects[at + 1]?.name ?? ''} answers differently: by ${difference}`);
    }
  }
}

interface Usage {
  readonly mainThread: number;
  readonly process: number;
  readonly children: number;
}

function usageOf(pid: number): Usage {
  const { all, mainThread } = processorMs(pid);
  const children = processTree(pid).slice(1);
  return {
    mainThread,
    process: all,
    children: children.reduce((sum, child) => sum + processorMs(child).all, 0),
  };
}

async function measure({ server }: Subject, pictures: readonly Buffer[], clients: number): Promise<Round> {
  const before = usageOf(server.pid);
  const { seconds, latencies } = await sendForms(server.url, pictures, clients, FORMS);
  const after = usageOf(server.pid);
  const each = (key: keyof Usage): number => (after[key] - before[key]) / FORMS;
  return {
    mainThread: each('mainThread'),
    // Both are rounded down to ticks.
    otherThreads: Math.max(0, each('process') - each('mainThread')),
    children: each('children'),
    answersPerSecond: FORMS / seconds,
    latencies,
  };
}

/** The probabilities that a server answers a form with, by their names. */
async function scoresOf({ server }: Subject, body: Buffer): Promise<number[]> {
  const response = await fetch(`${server.url}/predict`, { method: 'POST', headers: FORM_HEADERS, body });
  const { scores } = (await response.json()) as { scores: Record<string, number> };
  return Object.keys(scores)
    .sort()
    .map((name) => scores[name] ?? NaN);
}
