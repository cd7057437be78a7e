import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  checkModel,
  isModel,
  modelConfiguration,
  modelMetadata,
  repositoryIndex,
  SERVER,
} from '../open-inference/model.ts';
import type { ModelStatistics } from '../open-inference/statistics.ts';
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

/** Binary tensors are an extension of REST, and a part of gRPC. */
const EXTENSIONS = SERVER.extensions.filter((name) => name !== 'binary_tensor_data');

type Handler<Request> = (call: ServerUnaryCall<Request, object>, callback: sendUnaryData<object>) => void;

/** What the calls need that are answered at once. */
interface MetadataDeps extends Pick<PredictDeps, 'health' | 'predictor'> {
  readonly statistics: ModelStatistics;
}

/** The calls of the protocol that are answered at once: all but ModelInfer. */
export function metadataHandlers(deps: MetadataDeps): UntypedServiceImplementation {
  const { health, statistics, predictor } = deps;
  const { model } = predictor;
  const about = (answer: () => object): Handler<ModelRequest> =>
    answering((request) => {
      checkModel(model, ...named(request));
      return answer();
    });
  return {
    ServerLive: answering(() => ({ live: health.live().ok })),
    ServerReady: answering(() => ({ ready: health.ready().ok })),
    // As Triton answers: a client that waits for a model gets no error while there is none.
    ModelReady: answering((request: ModelRequest) => ({
      ready: isModel(model, ...named(request)) && health.ready().ok,
    })),
    ServerMetadata: answering(() => ({ ...SERVER, extensions: EXTENSIONS })),
    ModelMetadata: about(() => modelMetadata(model)),
    ModelConfig: about(() => ({ config: modelConfiguration(model) })),
    ModelStatistics: about(() => ({ model_stats: [statistics.of(model)] })),
    RepositoryIndex: answering(({ ready }: { readonly ready: boolean }) => ({
      models: repositoryIndex(model, health, ready),
    })),
  };
}

/** The name and version of a request, undefined where it leaves them to the service. */
function named({ name, version }: ModelRequest): [name: string | undefined, version: string | undefined] {
  return [name === '' ? undefined : name, version === '' ? undefined : version];
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
