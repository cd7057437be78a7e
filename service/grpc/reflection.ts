import { createRequire } from 'node:module';
import type { handleBidiStreamingCall, MethodDefinition, Server, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import type * as Reflection from '@grpc/reflection';
import { protoPath } from 'grpc-health-check';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { PROTOCOL } from './protocol.ts';

const { FileDescriptorProto } = descriptor;

type Message = descriptor.IDescriptorProto;

/** The one call of each version of reflection. */
const PATHS = ['v1', 'v1alpha'].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);

/** The call of one version as the library defines and handles it. */
interface ReflectionCall {
  readonly definition: MethodDefinition<object, object>;
  readonly handle: handleBidiStreamingCall<object, object>;
}

/**
 * Adds gRPC's reflection, by which tools learn the messages of the protocol and of health checking. Few services are
 * ever asked, and describing the messages takes a twentieth of a start, so the first call does it.
 */
export function addReflection(server: Pick<Server, 'addService'>): void {
  let calls: ReadonlyMap<string, ReflectionCall> | undefined;
  const callAt = (path: string): ReflectionCall => {
    calls ??= describe();
    const call = calls.get(path);
    if (call === undefined) throw new Error(`@grpc/reflection does not answer ${path}`);
    return call;
  };
  for (const path of PATHS) {
    const definition: MethodDefinition<object, object> = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (request) => callAt(path).definition.requestSerialize(request),
      requestDeserialize: (bytes) => callAt(path).definition.requestDeserialize(bytes),
      responseSerialize: (response) => callAt(path).definition.responseSerialize(response),
      responseDeserialize: (bytes) => callAt(path).definition.responseDeserialize(bytes),
    };
    const handle: ReflectionCall['handle'] = (stream) => {
      callAt(path).handle(stream);
    };
    server.addService({ ServerReflectionInfo: definition }, { ServerReflectionInfo: handle });
  }
}

/** The calls by their paths. */
function describe(): ReadonlyMap<string, ReflectionCall> {
  const { ReflectionService } = createRequire(import.meta.url)('@grpc/reflection') as typeof Reflection;
  const calls = new Map<string, ReflectionCall>();
  new ReflectionService(files()).addToServer({
    addService: (definitions: ServiceDefinition, handlers) => {
      for (const [name, definition] of Object.entries(definitions as Record<string, ReflectionCall['definition']>)) {
        calls.set(definition.path, { definition, handle: handlers[name] as ReflectionCall['handle'] });
      }
    },
  });
  return calls;
}

/** The files of the protocol and of health checking, by a message of each, since every message comes with all files. */
function files(): PackageDefinition {
  const described = [PROTOCOL, loadSync(protoPath)].flatMap((definitions) => {
    const [message] = Object.entries(definitions).filter(
      (entry): entry is [string, MessageTypeDefinition<object, object>] => 'fileDescriptorProtos' in entry[1],
    );
    return message ? [message] : [];
  });
  return Object.fromEntries(
    described.map(([name, message]) => [
      name,
      { ...message, fileDescriptorProtos: message.fileDescriptorProtos.map(withMapEntries) },
    ]),
  );
}

/**
 * Gives the entries of maps the names that they must have, as grpcurl and other programs in Go insist: protobufjs calls
 * those of `parameters` not `ParametersEntry` but `Parameters`.
 */
function withMapEntries(bytes: Uint8Array): Buffer {
  const file = FileDescriptorProto.decode(bytes);
  renameEntries((file as descriptor.IFileDescriptorProto).messageType ?? []);
  return Buffer.from(FileDescriptorProto.encode(file).finish());
}

function renameEntries(messages: readonly Message[]): void {
  for (const { field = [], nestedType = [] } of messages) {
    for (const entry of nestedType) {
      const { name, options } = entry;
      if (options?.mapEntry !== true || name === undefined || name.endsWith('Entry')) continue;
      entry.name = `${name}Entry`;
      for (const each of field) if (each.typeName === name) each.typeName = entry.name;
    }
    renameEntries(nestedType);
  }
}
