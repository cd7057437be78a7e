import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { checkModel, modelMetadata, SERVER } from '../open-inference/model.ts';
import type { PredictDeps } from '../requests/serve.ts';
import { toProblem } from '../requests/to-problem.ts';
import { statusOf } from './status.ts';

/** A request about the model. */
interface ModelRequest {
  /** Empty for the model served. */
  readonly name: string;
  /** Empty for the version served. */
  readonly version: string;
}

type Handler<Request> = (call: ServerUnaryCall<Request, object>, callback: sendUnaryData<object>) => void;

/** The calls of the protocol that are answered at once: all but ModelInfer. */
export function metadataHandlers({ health, predictor: { model } }: PredictDeps): UntypedServiceImplementation {
  const metadata = modelMetadata(model);
  const ready = (): object => ({ ready: health.ready().ok });
  const about = ({ name, version }: ModelRequest): void => {
    checkModel(model, name === '' ? undefined : name, version === '' ? undefined : version);
  };
  return {
    ServerLive: answering(() => ({ live: health.live().ok })),
    ServerReady: answering(ready),
    ModelReady: answering((request: ModelRequest) => {
      about(request);
      return ready();
    }),
    ServerMetadata: answering(() => ({ ...SERVER, extensions: [] })),
    ModelMetadata: answering((request: ModelRequest) => {
      about(request);
      return metadata;
    }),
  };
}

function answering<Request>(answer: (request: Request) => object): Handler<Request> {
  return (call, callback) => {
    try {
      callback(null, answer(call.request));
    } catch (error) {
      callback(statusOf(toProblem(error)));
    }
  };
}
