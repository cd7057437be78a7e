import type { FakeService } from '../fake-service.ts';

/** An image for the fake predictor: four bytes in base64. */
export const BASE64 = Buffer.from([1, 2, 3, 4]).toString('base64');
/** Another one. */
export const OTHER = Buffer.from([9, 9]).toString('base64');

/** An input; shape and datatype are right unless they are given. */
export interface Tensor {
  readonly name: string;
  readonly shape?: readonly number[];
  readonly datatype?: string;
  readonly data: unknown;
}

/** Sends an inference request in JSON. */
export function infer(
  { app }: FakeService,
  inputs: readonly Tensor[],
  more: object = {},
  { name = 'fake', headers = {} } = {},
): Promise<Response> {
  const body = {
    inputs: inputs.map((input) => ({
      shape: [Array.isArray(input.data) ? input.data.flat().length : 1],
      datatype: 'BYTES',
      ...input,
    })),
    ...more,
  };
  const init = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  };
  return Promise.resolve(app.request(`/v2/models/${name}/infer`, init));
}
