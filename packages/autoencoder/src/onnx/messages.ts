/**
 * The messages of ONNX (onnx.proto3, version 8 of its format) that a graph of ours needs, on protobuf's wire.
 *
 * @module
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A constant of the graph. */
export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** A step of the graph. */
export interface Operation {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole-number attributes. */
  readonly attributes?: Readonly<Record<string, number>>;
}

/** An input or output; a text is the name of a length that only the caller knows. */
export interface Port {
  readonly name: string;
  readonly type: "float" | "int64";
  readonly dims: readonly (number | string)[];
}

/** A whole graph. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly constants: readonly Tensor[];
  readonly operations: readonly Operation[];
}

const IR_VERSION = 8;
const OPERATORS_VERSION = 17;
const DATA_TYPE = { float: 1, int64: 7 } as const;
const INTEGER_ATTRIBUTE = 2;

const message = (writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};
const text = (writer: BinaryWriter, field: number, value: string): void => {
  writer.tag(field, WireType.LengthDelimited).string(value);
};
const number = (writer: BinaryWriter, field: number, value: number): void => {
  writer.tag(field, WireType.Varint).int64(value);
};

/** The bytes of an ONNX file. */
export function writeOnnx({ name, inputs, outputs, constants, operations }: Graph, documentation: string): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  number(writer, 1, IR_VERSION);
  text(writer, 2, "aiwaf");
  text(writer, 6, documentation);
  message(writer, 7, (graph) => {
    for (const operation of operations) message(graph, 1, (node) => writeOperation(node, operation));
    text(graph, 2, name);
    for (const constant of constants) message(graph, 5, (tensor) => writeTensor(tensor, constant));
    for (const port of inputs) message(graph, 11, (info) => writePort(info, port));
    for (const port of outputs) message(graph, 12, (info) => writePort(info, port));
  });
  message(writer, 8, (operators) => {
    text(operators, 1, "");
    number(operators, 2, OPERATORS_VERSION);
  });
  return writer.finish();
}

function writeOperation(writer: BinaryWriter, { type, inputs, outputs, attributes = {} }: Operation): void {
  for (const input of inputs) text(writer, 1, input);
  for (const output of outputs) text(writer, 2, output);
  text(writer, 4, type);
  for (const [name, value] of Object.entries(attributes)) {
    message(writer, 5, (attribute) => {
      text(attribute, 1, name);
      number(attribute, 3, value);
      number(attribute, 20, INTEGER_ATTRIBUTE);
    });
  }
}

function writeTensor(writer: BinaryWriter, { name, dims, data }: Tensor): void {
  for (const dim of dims) number(writer, 1, dim);
  number(writer, 2, data instanceof Float32Array ? DATA_TYPE.float : DATA_TYPE.int64);
  text(writer, 8, name);
  writer.tag(9, WireType.LengthDelimited).bytes(littleEndian(data));
}

/** ONNX keeps raw data with the low byte first, whatever the machine does. */
function littleEndian(data: Float32Array | BigInt64Array): Uint8Array {
  const bytes = new Uint8Array(data.byteLength);
  const view = new DataView(bytes.buffer);
  if (data instanceof Float32Array) for (const [at, value] of data.entries()) view.setFloat32(at * 4, value, true);
  else for (const [at, value] of data.entries()) view.setBigInt64(at * 8, value, true);
  return bytes;
}

function writePort(writer: BinaryWriter, { name, type, dims }: Port): void {
  text(writer, 1, name);
  message(writer, 2, (typed) =>
    message(typed, 1, (tensor) => {
      number(tensor, 1, DATA_TYPE[type]);
      message(tensor, 2, (shape) => {
        for (const dim of dims) {
          message(shape, 1, (one) => {
            if (typeof dim === "string") text(one, 2, dim);
            else number(one, 1, dim);
          });
        }
      });
    }),
  );
}
