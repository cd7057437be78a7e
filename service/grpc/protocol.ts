import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';

/** The compiled program lies in build/, and the file where it is in the source tree. */
const PROTO = new URL(
  import.meta.url.endsWith('.ts') ? './inference.proto' : '../../../service/grpc/inference.proto',
  import.meta.url,
);

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
