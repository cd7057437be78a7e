import { decodeImage } from '../../requests/base64.ts';
import { checkBody, unknownFieldsOf } from '../../requests/check.ts';
import { parseJson } from '../body/json.ts';
import { workerOf, type JsonBody, type Parsed, type Parser } from '../../requests/parse.ts';
import { HttpProblem } from '../../requests/problem.ts';
import { hypothesesOf } from '../../requests/text.ts';
import { jsonBodySchema } from './schema.ts';
import { unknownFields, type Warning } from './warnings.ts';

/** A request to `/predict`. */
export interface PredictInput extends Parsed {
  /** Whether the client sent a list of hypotheses and so gets a list of judgements. */
  readonly isList: boolean;
  /** What the answer should say about the request. */
  readonly warnings: readonly Warning[];
}

/** Parses the JSON body of a prediction. */
export const parser: Parser<PredictInput> = { module: import.meta.url, parse };
export default workerOf(parse);

/** @throws HttpProblem `invalid-field` if an explanation is asked for more than one text */
export function checkExplain(explain: boolean, hypotheses: readonly string[]): void {
  if (!explain || hypotheses.length === 1) return;
  const detail = `The field "explain" needs exactly one text, not ${hypotheses.length}: send a request for each.`;
  throw new HttpProblem('invalid-field', detail, { field: 'explain' });
}

function parse(body: JsonBody): PredictInput {
  const json = parseJson(body);
  const unknown = unknownFieldsOf(jsonBodySchema, json);
  const { image, text, texts, premise, explain = false } = checkBody(jsonBodySchema, json, unknown);
  const question = { image: decodeImage(image, 'image'), hypotheses: hypothesesOf(text, texts, unknown), premise };
  checkExplain(explain, question.hypotheses);
  return { questions: [question], explain, isList: text === undefined, warnings: unknownFields(unknown) };
}
