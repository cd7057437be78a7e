import type { Server } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath } from 'grpc-health-check';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { PROTOCOL } from './protocol.ts';

const { FileDescriptorProto } = descriptor;

type Message = descriptor.IDescriptorProto;

/** Adds gRPC's reflection, by which tools learn the messages of the protocol and of health checking. */
export function addReflection(server: Server): void {
  new ReflectionService(files()).addToServer(server);
}

/**
 * The files of the protocol and of health checking, by a message of each: every message comes with all files, and the
 * library would decode them for each.
 */
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
