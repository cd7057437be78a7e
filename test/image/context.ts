import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readExamples } from '../../demo/examples.ts';
import { run } from './shell.ts';
import { ROOT } from '../../testing/root.ts';

/** What a clone has that an image never needs, and what is too large to copy for nothing. */
const LEFT_OUT = ['.git', 'node_modules', '.cache', 'build', 'dist', 'imports', 'coverage', 'test', 'bench'];

/** A copy of the sources that a test may change. */
export interface Context {
  readonly folder: string;
  readonly dockerfile: string;
  readonly remove: () => Promise<void>;
}

/** Copies the sources to build from. Nobody but their owner may read them, as in a clone that a umask of 077 made. */
export async function copyContext(): Promise<Context> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ofa-ve-context-'));
  for (const entry of await readdir(ROOT)) {
    if (LEFT_OUT.includes(entry)) continue;
    await cp(path.join(ROOT, entry), path.join(folder, entry), { recursive: true, preserveTimestamps: true });
  }
  await run('chmod', ['-R', 'go-rwx', folder]);
  return {
    folder,
    dockerfile: path.join(folder, 'Dockerfile'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A model to put into the image, and a question whose answer is known. */
export interface Subject {
  /** Arguments of the build that name the checkpoint; none: the one that the Dockerfile has. */
  readonly buildArguments: readonly string[];
  readonly questions: readonly Question[];
}

export interface Question {
  /** Path of the picture. */
  readonly image: string;
  readonly text: string;
  readonly label: string;
}

/** The demo model where its checkpoint is there, else the smallest fixture, handed in as a build context. */
export async function subject(): Promise<Subject> {
  if (existsSync(path.join(ROOT, 'demo/checkpoint/pytorch_model.bin'))) {
    return { buildArguments: [], questions: await demoQuestions() };
  }
  const fixture = path.join(ROOT, 'test/fixtures/ofa/mini-none');
  return {
    buildArguments: ['--build-context', `checkpoint=${fixture}`, '--build-arg', 'MODEL_NAME=mini-none'],
    questions: await fixtureQuestions(fixture),
  };
}

/** What the example pictures show for certain: their sentences without a premise. */
async function demoQuestions(): Promise<Question[]> {
  return (await readExamples()).flatMap(({ file, sentences }) =>
    sentences
      .filter(({ premise }) => premise === undefined)
      .map(({ hypothesis, answer }) => ({ image: file, text: hypothesis, label: answer })),
  );
}

/** What the reference implementation answered. */
async function fixtureQuestions(fixture: string): Promise<Question[]> {
  const cases = JSON.parse(await readFile(path.join(fixture, 'expected.json'), 'utf8')) as {
    image: string;
    text: string;
    label: string;
  }[];
  return cases.map(({ image, text, label }) => ({ image: path.join(fixture, image), text, label }));
}
