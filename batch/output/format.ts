/** The formats of part files and of merged files. */
export type ResultFormat = 'jsonl' | 'parquet';

/** The format that a user chooses by the ending of an output's name. */
export function resultFormatOf(output: string): ResultFormat {
  return /\.parquet\/*$/i.test(output) ? 'parquet' : 'jsonl';
}
