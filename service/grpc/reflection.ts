import type { Server } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath } from 'grpc-health-check';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { PROTOCOL } from './protocol.ts';

const { FileDescriptorProto } = descriptor;

type Message = descriptor.IDescriptorProto;

/** Adds gRPC's reflection, by which tools learn the messages of the protocol and of health checking. */
export function addReflection(server: Server): void {
  const definitions = Object.entries<PackageDefinition[string]>({ ...PROTOCOL, ...loadSync(protoPath) });
  const described = definitions.map(([name, definition]) => [name, withMapEntries(definition)] as const);
  new ReflectionService(Object.fromEntries(described)).addToServer(server);
}

/**
 * Gives the entries of maps the names that they must have, as grpcurl and other programs in Go insist: protobufjs calls
 * those of `parameters` not `ParametersEntry` but `Parameters`.
 */
function withMapEntries(definition: PackageDefinition[string]): PackageDefinition[string] {
  // A service has no files.
  if (!('fileDescriptorProtos' in definition) || !Array.isArray(definition.fileDescriptorProtos)) return definition;
  const fileDescriptorProtos = (definition.fileDescriptorProtos as readonly Uint8Array[]).map((bytes) => {
    const file = FileDescriptorProto.decode(bytes);
    renameEntries((file as descriptor.IFileDescriptorProto).messageType ?? []);
    return Buffer.from(FileDescriptorProto.encode(file).finish());
  });
  return { ...definition, fileDescriptorProtos } as PackageDefinition[string];
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
