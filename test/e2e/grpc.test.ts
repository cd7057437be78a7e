import { status as codes } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { grpcClients, inferRequest } from './grpc-client.ts';
import { stubServices } from './stub-service.ts';

const stub = stubServices();
const connect = grpcClients();

it('answers an inference', async () => {
  const { infer } = connect(await stub.start({}));
  const { code, response } = await infer(await inferRequest(['a', 'b'])).answer;
  expect(code).toBe(codes.OK);
  expect(response?.outputs.map(({ name }) => name)).toEqual(['label', 'result', 'confidence', 'probabilities']);
});
