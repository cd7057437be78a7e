import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { ROOT } from '../../model/root.ts';

/** A build reads it from the sources. */
const PROTO = new URL('service/grpc/inference.proto', ROOT);

/** All messages and services of the protocol. */
export const PROTOCOL: PackageDefinition = loadSync(fileURLToPath(PROTO), { keepCase: true });

/** The full name of the protocol's service. */
export const SERVICE_NAME = 'inference.GRPCInferenceService';

/** The service's methods. An inference is handed over as bytes, which `readInferRequest` reads within bounds. */
export const SERVICE: ServiceDefinition = Object.fromEntries(
  Object.entries(PROTOCOL[SERVICE_NAME] as ServiceDefinition).map(([name, method]) => [
    name,
    name === 'ModelInfer' ? { ...method, requestDeserialize: (bytes) => bytes } : method,
  ]),
);

/** The path of an inference. */
export const INFER_METHOD = `/${SERVICE_NAME}/ModelInfer`;
/** The paths of the calls for which a client needs a key where there are keys: those for which REST asks for one. */
export const KEYED_METHODS: ReadonlySet<string> = new Set([INFER_METHOD, `/${SERVICE_NAME}/RepositoryIndex`]);
