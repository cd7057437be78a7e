import { credentials, makeGenericClientConstructor, type Client } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { PROTOCOL, SERVICE_NAME } from '../../service/grpc/protocol.ts';

/** Elements of a BYTES tensor: each follows its length. */
export function raw(element: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(element.length);
  return Buffer.concat([length, element]);
}

/** A client of the service's gRPC port. @param address host and port */
export function grpcClient(address: string): Client {
  const Constructor = makeGenericClientConstructor({}, SERVICE_NAME);
  return new Constructor(address, credentials.createInsecure());
}

/** Prepares an inference. @param tensors the raw BYTES tensors of image and text */
export function askGrpc(client: Client, tensors: readonly Buffer[]): () => Promise<void> {
  const method = (PROTOCOL[SERVICE_NAME] as ServiceDefinition)['ModelInfer'];
  if (method === undefined) throw new Error('The protocol has no ModelInfer.');
  const { path, requestSerialize, responseDeserialize } = method;
  const inputs = ['image', 'text'].map((name) => ({ name, datatype: 'BYTES', shape: [1] }));
  const message = { inputs, raw_input_contents: tensors };
  return () =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
}
