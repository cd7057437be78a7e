import type { EnumTypeDefinition } from '@grpc/proto-loader';
import { expect, it } from 'vitest';
import { PROTOCOL } from '../../../service/grpc/protocol.ts';

interface EnumType {
  readonly value: readonly { readonly name: string; readonly number: number }[];
}

it('leaves no gaps in its enums, whose values betterproto takes for places in a list', () => {
  const enums = Object.entries(PROTOCOL).flatMap(([name, definition]) =>
    isEnum(definition) ? [[name, (definition.type as EnumType).value.map(({ number }) => number)] as const] : [],
  );
  expect(enums.map(([name]) => name)).toContain('inference.DataType');
  for (const [name, numbers] of enums) expect(numbers, name).toEqual(numbers.map((_, place) => place));
});

function isEnum(definition: object): definition is EnumTypeDefinition {
  return 'format' in definition && definition.format === 'Protocol Buffer 3 EnumDescriptorProto';
}
