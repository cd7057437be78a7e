import { version } from '../../version.ts';
import { type Attribute, type Graph, MICROSOFT, type Node, type Port } from './graph.ts';
import { ProtoWriter } from './protobuf.ts';
import { DATA_TYPES, type Initializer } from './tensor.ts';

/** Version of the ONNX format. */
const IR_VERSION = 10;
/** Version of ONNX's operator set. */
export const OPSET = 21;
/** Version of ONNX Runtime's own operators. */
const MICROSOFT_OPSET = 1;

/** Where the values of an initializer are: in the graph's own file, or in another file in the same folder. */
export type Placement =
  { readonly inline: Uint8Array } | { readonly location: string; readonly offset: number; readonly length: number };

/**
 * Encodes a ModelProto. Field numbers are those of onnx/onnx.proto in ONNX 1.17.
 *
 * @param placements where each initializer's values are, by name
 */
export function encodeModel(graph: Graph, placements: ReadonlyMap<string, Placement>): Uint8Array {
  const model = new ProtoWriter()
    .int(1, IR_VERSION)
    .string(2, 'ofa-ve')
    .string(3, version)
    .message(7, (w) => encodeGraph(w, graph, placements))
    .message(8, (w) => w.string(1, '').int(2, OPSET))
    .message(8, (w) => w.string(1, MICROSOFT).int(2, MICROSOFT_OPSET));
  return model.finish();
}

function encodeGraph(w: ProtoWriter, graph: Graph, placements: ReadonlyMap<string, Placement>): ProtoWriter {
  for (const node of graph.nodes) w.message(1, (part) => encodeNode(part, node));
  w.string(2, graph.name);
  for (const initializer of graph.initializers) {
    const placement = placements.get(initializer.name);
    if (!placement) throw new Error(`Constant ${initializer.name} was not written.`);
    w.message(5, (part) => encodeTensor(part, initializer, placement));
  }
  for (const port of graph.inputs) w.message(11, (part) => encodePort(part, port));
  for (const port of graph.outputs) w.message(12, (part) => encodePort(part, port));
  return w;
}

function encodeNode(w: ProtoWriter, node: Node): ProtoWriter {
  w.strings(1, node.inputs);
  for (const output of node.outputs) w.string(2, output.name);
  w.string(3, node.name).string(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    w.message(5, (part) => encodeAttribute(part, name, attribute));
  }
  return node.domain === '' ? w : w.string(7, node.domain);
}

/** AttributeProto.AttributeType. */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const INTS = 7;

function encodeAttribute(w: ProtoWriter, name: string, attribute: Attribute): ProtoWriter {
  w.string(1, name);
  if (typeof attribute === 'number') return w.int(3, attribute).int(20, INT);
  if (typeof attribute === 'string') return w.string(4, attribute).int(20, STRING);
  if ('float' in attribute) return w.float(2, attribute.float).int(20, FLOAT);
  return w.ints(8, attribute).int(20, INTS);
}

function encodeTensor(w: ProtoWriter, initializer: Initializer, placement: Placement): ProtoWriter {
  w.ints(1, initializer.shape).int(2, DATA_TYPES[initializer.type]).string(8, initializer.name);
  if ('inline' in placement) return w.bytes(9, placement.inline);
  for (const [key, value] of Object.entries(placement)) {
    w.message(13, (part) => part.string(1, key).string(2, String(value)));
  }
  return w.int(14, EXTERNAL);
}

/** TensorProto.DataLocation. */
const EXTERNAL = 1;

function encodePort(w: ProtoWriter, port: Port): ProtoWriter {
  return w.string(1, port.value.name).message(2, (type) =>
    type.message(1, (tensor) =>
      tensor.int(1, DATA_TYPES[port.value.type]).message(2, (shape) => {
        for (const dim of port.dims) {
          shape.message(1, (part) => (typeof dim === 'number' ? part.int(1, dim) : part.string(2, dim)));
        }
      }),
    ),
  );
}
