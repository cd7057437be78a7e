import { decodeImage } from '../../requests/base64.ts';
import { checkBody } from '../../requests/check.ts';
import { parseJson } from '../body/json.ts';
import { workerOf, type JsonBody, type Parsed, type Parser } from '../../requests/parse.ts';
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

function parse(body: JsonBody): PredictInput {
  const json = parseJson(body);
  const { image, text, texts, premise } = checkBody(jsonBodySchema, json);
  const question = { image: decodeImage(image, 'image'), hypotheses: hypothesesOf(text, texts), premise };
  const unknown = Object.keys(json as object).filter((name) => !Object.hasOwn(jsonBodySchema.shape, name));
  return { questions: [question], isList: text === undefined, warnings: unknownFields(unknown) };
}
