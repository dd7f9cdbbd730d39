/**
 * Reads and writes models in the Open Neural Network Exchange format, as far as networks of this library need it.
 *
 * Files have IR version 8 and opset 17, which runtimes of 2022 and later read.
 *
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import { FormatError } from "../format_error.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./messages.ts";

const IR_VERSION = 8n;
const OPSET = 17n;
const CHECKSUM_KEY = "sha256";

/** A constant of a model, row-major. */
export type OnnxTensor =
  | { readonly dtype: "f32"; readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> }
  | { readonly dtype: "u8"; readonly shape: readonly number[]; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly dtype: "i8"; readonly shape: readonly number[]; readonly data: Int8Array<ArrayBuffer> }
  | { readonly dtype: "i32"; readonly shape: readonly number[]; readonly data: Int32Array<ArrayBuffer> }
  | { readonly dtype: "i64"; readonly shape: readonly number[]; readonly data: BigInt64Array<ArrayBuffer> };

/** The element types of constants, inputs and outputs. */
export type OnnxDtype = OnnxTensor["dtype"];

/** The value of an attribute: a whole number, several, or a float. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number };

/** An operation. */
export interface OnnxNode {
  /** The operator, such as `Conv`. */
  readonly op: string;
  /** A name for people. */
  readonly name: string;
  /** Names of values and constants. */
  readonly inputs: readonly string[];
  /** Names of the values that it computes. */
  readonly outputs: readonly string[];
  /** Attributes by name. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output of a model. */
export interface OnnxValue {
  /** Its name. */
  readonly name: string;
  /** Its element type. */
  readonly dtype: OnnxDtype;
  /** Sizes of its axes; a name stands for a size that may vary. */
  readonly shape: readonly (number | string)[];
}

/** A model. */
export interface OnnxModel {
  /** The program that wrote it, and its version. */
  readonly producer: { readonly name: string; readonly version: string };
  /** The operations in an order in which they can run. */
  readonly nodes: readonly OnnxNode[];
  /** The constants by name. */
  readonly initialisers: ReadonlyMap<string, OnnxTensor>;
  /** The inputs. */
  readonly inputs: readonly OnnxValue[];
  /** The outputs. */
  readonly outputs: readonly OnnxValue[];
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

const dataTypes: Readonly<Record<OnnxDtype, DataType>> = {
  f32: DataType.FLOAT,
  u8: DataType.UINT8,
  i8: DataType.INT8,
  i32: DataType.INT32,
  i64: DataType.INT64,
};

/** The code of an element type, for the attribute of `Cast`. */
export function onnxTypeCode(dtype: OnnxDtype): number {
  return dataTypes[dtype];
}

function dtypeOf(code: number, of: string): OnnxDtype {
  for (const [dtype, own] of Object.entries(dataTypes)) if (own === code) return dtype as OnnxDtype;
  throw new FormatError(`ONNX: ${of} has the element type ${code}, which networks of sluice do not have`);
}

function toTensorMessage(name: string, { dtype, shape, data }: OnnxTensor): TensorProto {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: dataTypes[dtype], rawData });
}

function toAttributeMessage(name: string, attribute: OnnxAttribute): AttributeProto {
  if ("int" in attribute) {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(attribute.int) });
  }
  if ("ints" in attribute) {
    return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: attribute.ints.map(BigInt) });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: attribute.float });
}

function toValueMessage({ name, dtype, shape }: OnnxValue): ValueInfoProto {
  const dim = shape.map((size) => ({
    value: typeof size === "number"
      ? { case: "dimValue" as const, value: BigInt(size) }
      : { case: "dimParam" as const, value: size },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: dataTypes[dtype], shape: { dim } } } },
  });
}

function toMessage({ producer, nodes, initialisers, inputs, outputs, metadata }: OnnxModel): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    opsetImport: [{ domain: "", version: OPSET }],
    producerName: producer.name,
    producerVersion: producer.version,
    graph: {
      name: producer.name,
      node: nodes.map(({ op, name, inputs, outputs, attributes }) =>
        create(NodeProtoSchema, {
          opType: op,
          name,
          input: [...inputs],
          output: [...outputs],
          attribute: Object.entries(attributes).map(([name, attribute]) => toAttributeMessage(name, attribute)),
        })
      ),
      initializer: [...initialisers].map(([name, tensor]) => toTensorMessage(name, tensor)),
      input: inputs.map(toValueMessage),
      output: outputs.map(toValueMessage),
    },
    metadataProps: Object.entries(metadata).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  });
}

function checksumOf(message: ModelProto): string {
  return createHash("sha256").update(toBinary(ModelProtoSchema, message)).digest("hex");
}

/** Encodes a model. The metadata get a checksum of everything else, `sha256`, which decoding verifies. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const message = toMessage(model);
  const value = checksumOf(message);
  message.metadataProps.push(create(StringStringEntryProtoSchema, { key: CHECKSUM_KEY, value }));
  return toBinary(ModelProtoSchema, message);
}

/** The values of a constant. @throws {FormatError} if they are not raw bytes, or not as many as the shape needs. */
function fromTensorMessage({ name, dims, dataType, rawData }: TensorProto): OnnxTensor {
  const dtype = dtypeOf(dataType, name);
  const shape = dims.map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = { f32: 4, u8: 1, i8: 1, i32: 4, i64: 8 }[dtype];
  if (rawData.length !== count * bytes) {
    throw new FormatError(`ONNX: ${name} has ${rawData.length} bytes, and its shape [${shape}] needs ${count * bytes}`);
  }
  const { buffer } = Uint8Array.from(rawData);
  switch (dtype) {
    case "f32":
      return { dtype, shape, data: new Float32Array(buffer) };
    case "u8":
      return { dtype, shape, data: new Uint8Array(buffer) };
    case "i8":
      return { dtype, shape, data: new Int8Array(buffer) };
    case "i32":
      return { dtype, shape, data: new Int32Array(buffer) };
    case "i64":
      return { dtype, shape, data: new BigInt64Array(buffer) };
  }
}

function fromAttributeMessage({ name, type, i, ints, f }: AttributeProto): OnnxAttribute {
  switch (type) {
    case AttributeType.INT:
      return { int: Number(i) };
    case AttributeType.INTS:
      return { ints: ints.map(Number) };
    case AttributeType.FLOAT:
      return { float: f };
    default:
      throw new FormatError(`ONNX: attribute ${name} has a type that networks of sluice do not have`);
  }
}

function fromValueMessage({ name, type }: ValueInfoProto): OnnxValue {
  if (type?.value.case !== "tensorType") throw new FormatError(`ONNX: ${name} is no tensor`);
  const { elemType, shape } = type.value.value;
  const sizes = shape?.dim.map(({ value }) => value.case === "dimValue" ? Number(value.value) : value.value ?? "");
  return { name, dtype: dtypeOf(elemType, name), shape: sizes ?? [] };
}

/** Refuses a file whose checksum is missing or wrong, and takes it out of the metadata. */
function verifyChecksum(message: ModelProto): void {
  const expected = message.metadataProps.find(({ key }) => key === CHECKSUM_KEY)?.value;
  if (expected === undefined) throw new FormatError("ONNX: has no checksum, so sluice did not write it");
  message.metadataProps = message.metadataProps.filter(({ key }) => key !== CHECKSUM_KEY);
  if (checksumOf(message) !== expected) throw new FormatError("ONNX: its contents do not match their checksum");
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new FormatError(`ONNX: the bytes are no model (${cause instanceof Error ? cause.message : cause})`, {
      cause,
    });
  }
}

/**
 * Decodes a model that {@linkcode encodeOnnx} wrote.
 *
 * @throws {FormatError} if the bytes are damaged, or hold something that this library does not write.
 */
export function decodeOnnx(bytes: Uint8Array): OnnxModel {
  const message = parse(bytes);
  verifyChecksum(message);
  const { graph, producerName: name, producerVersion: version, opsetImport, metadataProps } = message;
  if (graph === undefined || opsetImport.some(({ domain, version }) => domain !== "" || version !== OPSET)) {
    throw new FormatError(`ONNX: has no graph of opset ${OPSET}`);
  }
  return {
    producer: { name, version },
    nodes: graph.node.map(({ opType, name, input, output, attribute }): OnnxNode => ({
      op: opType,
      name,
      inputs: input,
      outputs: output,
      attributes: Object.fromEntries(attribute.map((own) => [own.name, fromAttributeMessage(own)])),
    })),
    initialisers: new Map(graph.initializer.map((own) => [own.name, fromTensorMessage(own)])),
    inputs: graph.input.map(fromValueMessage),
    outputs: graph.output.map(fromValueMessage),
    metadata: Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])),
  };
}
