import path from 'node:path';
import * as ort from '../model/onnx-runtime.ts';
import { GRAPH_IO, PACKAGE_FILES } from '../model/package/layout.ts';

/** A question as the graph takes it. */
interface GraphQuestion {
  /** RGB bytes [size, size, 3]. */
  readonly pixels: Uint8Array;
  /** `<s>` and `</s>` included, without padding. */
  readonly inputIds: readonly number[];
}

/** What the graph answers, in the order of the questions. */
export interface GraphAnswer {
  readonly probabilities: number[];
  readonly logScores: number[];
}

/** Asks the graphs of a package directly, one batch a call, padded to its longest text. */
export interface GraphSession {
  ask(questions: readonly GraphQuestion[]): Promise<GraphAnswer[]>;
  close(): Promise<void>;
}

const PAD = 1n;

/** Opens the graphs of a package folder on the CPU. */
export async function openGraph(folder: string): Promise<GraphSession> {
  const open = (graph: string): Promise<ort.InferenceSession> =>
    ort.InferenceSession.create(path.join(folder, graph), {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      logSeverityLevel: 3,
    });
  const [images, answers] = [await open(PACKAGE_FILES.imageGraph), await open(PACKAGE_FILES.graph)];
  return {
    async ask(questions) {
      const { image, inputIds } = feeds(questions);
      const features = await images.run({ [GRAPH_IO.image]: image });
      const results = await answers.run({ ...features, [GRAPH_IO.inputIds]: inputIds });
      const rows = (name: string): number[][] => {
        const flat = [...((results[name]?.data ?? []) as Float32Array)];
        const width = flat.length / questions.length;
        return questions.map((_, at) => flat.slice(at * width, (at + 1) * width));
      };
      const [probabilities, logScores] = [rows(GRAPH_IO.probabilities), rows(GRAPH_IO.logScores)];
      return questions.map((_, at) => ({
        probabilities: probabilities[at] ?? [],
        logScores: logScores[at] ?? [],
      }));
    },
    close: async () => {
      await Promise.all([images.release(), answers.release()]);
    },
  };
}

function feeds(questions: readonly GraphQuestion[]): { image: ort.Tensor; inputIds: ort.Tensor } {
  const longest = Math.max(...questions.map(({ inputIds }) => inputIds.length));
  const side = Math.sqrt((questions[0]?.pixels.length ?? 0) / 3);
  const pixels = Uint8Array.from(questions.flatMap((question) => [...question.pixels]));
  const ids = new BigInt64Array(questions.length * longest).fill(PAD);
  questions.forEach(({ inputIds }, row) => {
    inputIds.forEach((id, column) => {
      ids[row * longest + column] = BigInt(id);
    });
  });
  return {
    image: new ort.Tensor('uint8', pixels, [questions.length, side, side, 3]),
    inputIds: new ort.Tensor('int64', ids, [questions.length, longest]),
  };
}

/** The largest absolute difference of two lists of the same length; infinite if the lengths differ. */
export function largestDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  // NaN must not pass for agreement.
  return a.reduce((worst, value, at) => {
    const difference = Math.abs(value - (b[at] ?? NaN));
    return Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }, 0);
}
