/**
 * ONNX's messages, made by `deno task onnx:schema` from the schema of onnx==1.17.0 (Apache-2.0, Copyright (c) ONNX
 * Project Contributors).
 *
 * @module
 */
// deno-lint-ignore-file

import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import { enumDesc, fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";
import type { Message } from "@bufbuild/protobuf";

/**
 * Describes the file onnx.proto.
 */
export const file_onnx: GenFile = /*@__PURE__*/
  fileDesc(
    "Cgpvbm54LnByb3RvEgRvbm54ItsFCg5BdHRyaWJ1dGVQcm90bxIMCgRuYW1lGAEgASgJEhUKDXJlZl9hdHRyX25hbWUYFSABKAkSEgoKZG9jX3N0cmluZxgNIAEoCRIwCgR0eXBlGBQgASgOMiIub25ueC5BdHRyaWJ1dGVQcm90by5BdHRyaWJ1dGVUeXBlEgkKAWYYAiABKAISCQoBaRgDIAEoAxIJCgFzGAQgASgMEhwKAXQYBSABKAsyES5vbm54LlRlbnNvclByb3RvEhsKAWcYBiABKAsyEC5vbm54LkdyYXBoUHJvdG8SLgoNc3BhcnNlX3RlbnNvchgWIAEoCzIXLm9ubnguU3BhcnNlVGVuc29yUHJvdG8SGwoCdHAYDiABKAsyDy5vbm54LlR5cGVQcm90bxIOCgZmbG9hdHMYByADKAISDAoEaW50cxgIIAMoAxIPCgdzdHJpbmdzGAkgAygMEiIKB3RlbnNvcnMYCiADKAsyES5vbm54LlRlbnNvclByb3RvEiAKBmdyYXBocxgLIAMoCzIQLm9ubnguR3JhcGhQcm90bxIvCg5zcGFyc2VfdGVuc29ycxgXIAMoCzIXLm9ubnguU3BhcnNlVGVuc29yUHJvdG8SJAoLdHlwZV9wcm90b3MYDyADKAsyDy5vbm54LlR5cGVQcm90byLZAQoNQXR0cmlidXRlVHlwZRINCglVTkRFRklORUQQABIJCgVGTE9BVBABEgcKA0lOVBACEgoKBlNUUklORxADEgoKBlRFTlNPUhAEEgkKBUdSQVBIEAUSEQoNU1BBUlNFX1RFTlNPUhALEg4KClRZUEVfUFJPVE8QDRIKCgZGTE9BVFMQBhIICgRJTlRTEAcSCwoHU1RSSU5HUxAIEgsKB1RFTlNPUlMQCRIKCgZHUkFQSFMQChISCg5TUEFSU0VfVEVOU09SUxAMEg8KC1RZUEVfUFJPVE9TEA5KBAgMEA1KBAgQEBRSAXYihwEKDlZhbHVlSW5mb1Byb3RvEgwKBG5hbWUYASABKAkSHQoEdHlwZRgCIAEoCzIPLm9ubnguVHlwZVByb3RvEhIKCmRvY19zdHJpbmcYAyABKAkSNAoObWV0YWRhdGFfcHJvcHMYBCADKAsyHC5vbm54LlN0cmluZ1N0cmluZ0VudHJ5UHJvdG8i3gEKCU5vZGVQcm90bxINCgVpbnB1dBgBIAMoCRIOCgZvdXRwdXQYAiADKAkSDAoEbmFtZRgDIAEoCRIPCgdvcF90eXBlGAQgASgJEg4KBmRvbWFpbhgHIAEoCRIQCghvdmVybG9hZBgIIAEoCRInCglhdHRyaWJ1dGUYBSADKAsyFC5vbm54LkF0dHJpYnV0ZVByb3RvEhIKCmRvY19zdHJpbmcYBiABKAkSNAoObWV0YWRhdGFfcHJvcHMYCSADKAsyHC5vbm54LlN0cmluZ1N0cmluZ0VudHJ5UHJvdG8i1gEKEVRyYWluaW5nSW5mb1Byb3RvEigKDmluaXRpYWxpemF0aW9uGAEgASgLMhAub25ueC5HcmFwaFByb3RvEiMKCWFsZ29yaXRobRgCIAEoCzIQLm9ubnguR3JhcGhQcm90bxI8ChZpbml0aWFsaXphdGlvbl9iaW5kaW5nGAMgAygLMhwub25ueC5TdHJpbmdTdHJpbmdFbnRyeVByb3RvEjQKDnVwZGF0ZV9iaW5kaW5nGAQgAygLMhwub25ueC5TdHJpbmdTdHJpbmdFbnRyeVByb3RvIusCCgpNb2RlbFByb3RvEhIKCmlyX3ZlcnNpb24YASABKAMSLgoMb3BzZXRfaW1wb3J0GAggAygLMhgub25ueC5PcGVyYXRvclNldElkUHJvdG8SFQoNcHJvZHVjZXJfbmFtZRgCIAEoCRIYChBwcm9kdWNlcl92ZXJzaW9uGAMgASgJEg4KBmRvbWFpbhgEIAEoCRIVCg1tb2RlbF92ZXJzaW9uGAUgASgDEhIKCmRvY19zdHJpbmcYBiABKAkSHwoFZ3JhcGgYByABKAsyEC5vbm54LkdyYXBoUHJvdG8SNAoObWV0YWRhdGFfcHJvcHMYDiADKAsyHC5vbm54LlN0cmluZ1N0cmluZ0VudHJ5UHJvdG8SLgoNdHJhaW5pbmdfaW5mbxgUIAMoCzIXLm9ubnguVHJhaW5pbmdJbmZvUHJvdG8SJgoJZnVuY3Rpb25zGBkgAygLMhMub25ueC5GdW5jdGlvblByb3RvIjQKFlN0cmluZ1N0cmluZ0VudHJ5UHJvdG8SCwoDa2V5GAEgASgJEg0KBXZhbHVlGAIgASgJImsKEFRlbnNvckFubm90YXRpb24SEwoLdGVuc29yX25hbWUYASABKAkSQgoccXVhbnRfcGFyYW1ldGVyX3RlbnNvcl9uYW1lcxgCIAMoCzIcLm9ubnguU3RyaW5nU3RyaW5nRW50cnlQcm90byLUAwoKR3JhcGhQcm90bxIdCgRub2RlGAEgAygLMg8ub25ueC5Ob2RlUHJvdG8SDAoEbmFtZRgCIAEoCRImCgtpbml0aWFsaXplchgFIAMoCzIRLm9ubnguVGVuc29yUHJvdG8SMwoSc3BhcnNlX2luaXRpYWxpemVyGA8gAygLMhcub25ueC5TcGFyc2VUZW5zb3JQcm90bxISCgpkb2Nfc3RyaW5nGAogASgJEiMKBWlucHV0GAsgAygLMhQub25ueC5WYWx1ZUluZm9Qcm90bxIkCgZvdXRwdXQYDCADKAsyFC5vbm54LlZhbHVlSW5mb1Byb3RvEigKCnZhbHVlX2luZm8YDSADKAsyFC5vbm54LlZhbHVlSW5mb1Byb3RvEjcKF3F1YW50aXphdGlvbl9hbm5vdGF0aW9uGA4gAygLMhYub25ueC5UZW5zb3JBbm5vdGF0aW9uEjQKDm1ldGFkYXRhX3Byb3BzGBAgAygLMhwub25ueC5TdHJpbmdTdHJpbmdFbnRyeVByb3RvSgQIAxAESgQIBBAFSgQIBhAKUgppcl92ZXJzaW9uUhBwcm9kdWNlcl92ZXJzaW9uUgxwcm9kdWNlcl90YWdSBmRvbWFpbiLNBgoLVGVuc29yUHJvdG8SDAoEZGltcxgBIAMoAxIRCglkYXRhX3R5cGUYAiABKAUSKgoHc2VnbWVudBgDIAEoCzIZLm9ubnguVGVuc29yUHJvdG8uU2VnbWVudBIWCgpmbG9hdF9kYXRhGAQgAygCQgIQARIWCgppbnQzMl9kYXRhGAUgAygFQgIQARITCgtzdHJpbmdfZGF0YRgGIAMoDBIWCgppbnQ2NF9kYXRhGAcgAygDQgIQARIMCgRuYW1lGAggASgJEhIKCmRvY19zdHJpbmcYDCABKAkSEAoIcmF3X2RhdGEYCSABKAwSMwoNZXh0ZXJuYWxfZGF0YRgNIAMoCzIcLm9ubnguU3RyaW5nU3RyaW5nRW50cnlQcm90bxI1Cg1kYXRhX2xvY2F0aW9uGA4gASgOMh4ub25ueC5UZW5zb3JQcm90by5EYXRhTG9jYXRpb24SFwoLZG91YmxlX2RhdGEYCiADKAFCAhABEhcKC3VpbnQ2NF9kYXRhGAsgAygEQgIQARI0Cg5tZXRhZGF0YV9wcm9wcxgQIAMoCzIcLm9ubnguU3RyaW5nU3RyaW5nRW50cnlQcm90bxolCgdTZWdtZW50Eg0KBWJlZ2luGAEgASgDEgsKA2VuZBgCIAEoAyK5AgoIRGF0YVR5cGUSDQoJVU5ERUZJTkVEEAASCQoFRkxPQVQQARIJCgVVSU5UOBACEggKBElOVDgQAxIKCgZVSU5UMTYQBBIJCgVJTlQxNhAFEgkKBUlOVDMyEAYSCQoFSU5UNjQQBxIKCgZTVFJJTkcQCBIICgRCT09MEAkSCwoHRkxPQVQxNhAKEgoKBkRPVUJMRRALEgoKBlVJTlQzMhAMEgoKBlVJTlQ2NBANEg0KCUNPTVBMRVg2NBAOEg4KCkNPTVBMRVgxMjgQDxIMCghCRkxPQVQxNhAQEhAKDEZMT0FUOEU0TTNGThAREhIKDkZMT0FUOEU0TTNGTlVaEBISDgoKRkxPQVQ4RTVNMhATEhIKDkZMT0FUOEU1TTJGTlVaEBQSCQoFVUlOVDQQFRIICgRJTlQ0EBYiKQoMRGF0YUxvY2F0aW9uEgsKB0RFRkFVTFQQABIMCghFWFRFUk5BTBABImgKEVNwYXJzZVRlbnNvclByb3RvEiEKBnZhbHVlcxgBIAEoCzIRLm9ubnguVGVuc29yUHJvdG8SIgoHaW5kaWNlcxgCIAEoCzIRLm9ubnguVGVuc29yUHJvdG8SDAoEZGltcxgDIAMoAyKVAQoQVGVuc29yU2hhcGVQcm90bxItCgNkaW0YASADKAsyIC5vbm54LlRlbnNvclNoYXBlUHJvdG8uRGltZW5zaW9uGlIKCURpbWVuc2lvbhITCglkaW1fdmFsdWUYASABKANIABITCglkaW1fcGFyYW0YAiABKAlIABISCgpkZW5vdGF0aW9uGAMgASgJQgcKBXZhbHVlIs4ECglUeXBlUHJvdG8SLQoLdGVuc29yX3R5cGUYASABKAsyFi5vbm54LlR5cGVQcm90by5UZW5zb3JIABIxCg1zZXF1ZW5jZV90eXBlGAQgASgLMhgub25ueC5UeXBlUHJvdG8uU2VxdWVuY2VIABInCghtYXBfdHlwZRgFIAEoCzITLm9ubnguVHlwZVByb3RvLk1hcEgAEjEKDW9wdGlvbmFsX3R5cGUYCSABKAsyGC5vbm54LlR5cGVQcm90by5PcHRpb25hbEgAEjoKEnNwYXJzZV90ZW5zb3JfdHlwZRgIIAEoCzIcLm9ubnguVHlwZVByb3RvLlNwYXJzZVRlbnNvckgAEhIKCmRlbm90YXRpb24YBiABKAkaQgoGVGVuc29yEhEKCWVsZW1fdHlwZRgBIAEoBRIlCgVzaGFwZRgCIAEoCzIWLm9ubnguVGVuc29yU2hhcGVQcm90bxouCghTZXF1ZW5jZRIiCgllbGVtX3R5cGUYASABKAsyDy5vbm54LlR5cGVQcm90bxo8CgNNYXASEAoIa2V5X3R5cGUYASABKAUSIwoKdmFsdWVfdHlwZRgCIAEoCzIPLm9ubnguVHlwZVByb3RvGi4KCE9wdGlvbmFsEiIKCWVsZW1fdHlwZRgBIAEoCzIPLm9ubnguVHlwZVByb3RvGkgKDFNwYXJzZVRlbnNvchIRCgllbGVtX3R5cGUYASABKAUSJQoFc2hhcGUYAiABKAsyFi5vbm54LlRlbnNvclNoYXBlUHJvdG9CBwoFdmFsdWUiNQoST3BlcmF0b3JTZXRJZFByb3RvEg4KBmRvbWFpbhgBIAEoCRIPCgd2ZXJzaW9uGAIgASgDIoYDCg1GdW5jdGlvblByb3RvEgwKBG5hbWUYASABKAkSDQoFaW5wdXQYBCADKAkSDgoGb3V0cHV0GAUgAygJEhEKCWF0dHJpYnV0ZRgGIAMoCRItCg9hdHRyaWJ1dGVfcHJvdG8YCyADKAsyFC5vbm54LkF0dHJpYnV0ZVByb3RvEh0KBG5vZGUYByADKAsyDy5vbm54Lk5vZGVQcm90bxISCgpkb2Nfc3RyaW5nGAggASgJEi4KDG9wc2V0X2ltcG9ydBgJIAMoCzIYLm9ubnguT3BlcmF0b3JTZXRJZFByb3RvEg4KBmRvbWFpbhgKIAEoCRIQCghvdmVybG9hZBgNIAEoCRIoCgp2YWx1ZV9pbmZvGAwgAygLMhQub25ueC5WYWx1ZUluZm9Qcm90bxI0Cg5tZXRhZGF0YV9wcm9wcxgOIAMoCzIcLm9ubnguU3RyaW5nU3RyaW5nRW50cnlQcm90b0oECAIQA0oECAMQBFINc2luY2VfdmVyc2lvblIGc3RhdHVzKpcCCgdWZXJzaW9uEhIKDl9TVEFSVF9WRVJTSU9OEAASGQoVSVJfVkVSU0lPTl8yMDE3XzEwXzEwEAESGQoVSVJfVkVSU0lPTl8yMDE3XzEwXzMwEAISGAoUSVJfVkVSU0lPTl8yMDE3XzExXzMQAxIYChRJUl9WRVJTSU9OXzIwMTlfMV8yMhAEEhgKFElSX1ZFUlNJT05fMjAxOV8zXzE4EAUSGAoUSVJfVkVSU0lPTl8yMDE5XzlfMTkQBhIXChNJUl9WRVJTSU9OXzIwMjBfNV84EAcSGAoUSVJfVkVSU0lPTl8yMDIxXzdfMzAQCBIXChNJUl9WRVJTSU9OXzIwMjNfNV81EAkSDgoKSVJfVkVSU0lPThAKKi4KDk9wZXJhdG9yU3RhdHVzEhAKDEVYUEVSSU1FTlRBTBAAEgoKBlNUQUJMRRABQgJIAw",
  );

/**
 * @generated from message onnx.AttributeProto
 */
export type AttributeProto = Message<"onnx.AttributeProto"> & {
  /**
   * @generated from field: optional string name = 1;
   */
  name: string;

  /**
   * @generated from field: optional string ref_attr_name = 21;
   */
  refAttrName: string;

  /**
   * @generated from field: optional string doc_string = 13;
   */
  docString: string;

  /**
   * @generated from field: optional onnx.AttributeProto.AttributeType type = 20;
   */
  type: AttributeProto_AttributeType;

  /**
   * @generated from field: optional float f = 2;
   */
  f: number;

  /**
   * @generated from field: optional int64 i = 3;
   */
  i: bigint;

  /**
   * @generated from field: optional bytes s = 4;
   */
  s: Uint8Array;

  /**
   * @generated from field: optional onnx.TensorProto t = 5;
   */
  t?: TensorProto | undefined;

  /**
   * @generated from field: optional onnx.GraphProto g = 6;
   */
  g?: GraphProto | undefined;

  /**
   * @generated from field: optional onnx.SparseTensorProto sparse_tensor = 22;
   */
  sparseTensor?: SparseTensorProto | undefined;

  /**
   * @generated from field: optional onnx.TypeProto tp = 14;
   */
  tp?: TypeProto | undefined;

  /**
   * @generated from field: repeated float floats = 7;
   */
  floats: number[];

  /**
   * @generated from field: repeated int64 ints = 8;
   */
  ints: bigint[];

  /**
   * @generated from field: repeated bytes strings = 9;
   */
  strings: Uint8Array[];

  /**
   * @generated from field: repeated onnx.TensorProto tensors = 10;
   */
  tensors: TensorProto[];

  /**
   * @generated from field: repeated onnx.GraphProto graphs = 11;
   */
  graphs: GraphProto[];

  /**
   * @generated from field: repeated onnx.SparseTensorProto sparse_tensors = 23;
   */
  sparseTensors: SparseTensorProto[];

  /**
   * @generated from field: repeated onnx.TypeProto type_protos = 15;
   */
  typeProtos: TypeProto[];
};

/**
 * Describes the message onnx.AttributeProto.
 * Use `create(AttributeProtoSchema)` to create a new message.
 */
export const AttributeProtoSchema: GenMessage<AttributeProto> = /*@__PURE__*/
  messageDesc(file_onnx, 0);

/**
 * @generated from enum onnx.AttributeProto.AttributeType
 */
export enum AttributeProto_AttributeType {
  /**
   * @generated from enum value: UNDEFINED = 0;
   */
  UNDEFINED = 0,

  /**
   * @generated from enum value: FLOAT = 1;
   */
  FLOAT = 1,

  /**
   * @generated from enum value: INT = 2;
   */
  INT = 2,

  /**
   * @generated from enum value: STRING = 3;
   */
  STRING = 3,

  /**
   * @generated from enum value: TENSOR = 4;
   */
  TENSOR = 4,

  /**
   * @generated from enum value: GRAPH = 5;
   */
  GRAPH = 5,

  /**
   * @generated from enum value: SPARSE_TENSOR = 11;
   */
  SPARSE_TENSOR = 11,

  /**
   * @generated from enum value: TYPE_PROTO = 13;
   */
  TYPE_PROTO = 13,

  /**
   * @generated from enum value: FLOATS = 6;
   */
  FLOATS = 6,

  /**
   * @generated from enum value: INTS = 7;
   */
  INTS = 7,

  /**
   * @generated from enum value: STRINGS = 8;
   */
  STRINGS = 8,

  /**
   * @generated from enum value: TENSORS = 9;
   */
  TENSORS = 9,

  /**
   * @generated from enum value: GRAPHS = 10;
   */
  GRAPHS = 10,

  /**
   * @generated from enum value: SPARSE_TENSORS = 12;
   */
  SPARSE_TENSORS = 12,

  /**
   * @generated from enum value: TYPE_PROTOS = 14;
   */
  TYPE_PROTOS = 14,
}

/**
 * Describes the enum onnx.AttributeProto.AttributeType.
 */
export const AttributeProto_AttributeTypeSchema: GenEnum<AttributeProto_AttributeType> = /*@__PURE__*/
  enumDesc(file_onnx, 0, 0);

/**
 * @generated from message onnx.ValueInfoProto
 */
export type ValueInfoProto = Message<"onnx.ValueInfoProto"> & {
  /**
   * @generated from field: optional string name = 1;
   */
  name: string;

  /**
   * @generated from field: optional onnx.TypeProto type = 2;
   */
  type?: TypeProto | undefined;

  /**
   * @generated from field: optional string doc_string = 3;
   */
  docString: string;

  /**
   * @generated from field: repeated onnx.StringStringEntryProto metadata_props = 4;
   */
  metadataProps: StringStringEntryProto[];
};

/**
 * Describes the message onnx.ValueInfoProto.
 * Use `create(ValueInfoProtoSchema)` to create a new message.
 */
export const ValueInfoProtoSchema: GenMessage<ValueInfoProto> = /*@__PURE__*/
  messageDesc(file_onnx, 1);

/**
 * @generated from message onnx.NodeProto
 */
export type NodeProto = Message<"onnx.NodeProto"> & {
  /**
   * @generated from field: repeated string input = 1;
   */
  input: string[];

  /**
   * @generated from field: repeated string output = 2;
   */
  output: string[];

  /**
   * @generated from field: optional string name = 3;
   */
  name: string;

  /**
   * @generated from field: optional string op_type = 4;
   */
  opType: string;

  /**
   * @generated from field: optional string domain = 7;
   */
  domain: string;

  /**
   * @generated from field: optional string overload = 8;
   */
  overload: string;

  /**
   * @generated from field: repeated onnx.AttributeProto attribute = 5;
   */
  attribute: AttributeProto[];

  /**
   * @generated from field: optional string doc_string = 6;
   */
  docString: string;

  /**
   * @generated from field: repeated onnx.StringStringEntryProto metadata_props = 9;
   */
  metadataProps: StringStringEntryProto[];
};

/**
 * Describes the message onnx.NodeProto.
 * Use `create(NodeProtoSchema)` to create a new message.
 */
export const NodeProtoSchema: GenMessage<NodeProto> = /*@__PURE__*/
  messageDesc(file_onnx, 2);

/**
 * @generated from message onnx.TrainingInfoProto
 */
export type TrainingInfoProto = Message<"onnx.TrainingInfoProto"> & {
  /**
   * @generated from field: optional onnx.GraphProto initialization = 1;
   */
  initialization?: GraphProto | undefined;

  /**
   * @generated from field: optional onnx.GraphProto algorithm = 2;
   */
  algorithm?: GraphProto | undefined;

  /**
   * @generated from field: repeated onnx.StringStringEntryProto initialization_binding = 3;
   */
  initializationBinding: StringStringEntryProto[];

  /**
   * @generated from field: repeated onnx.StringStringEntryProto update_binding = 4;
   */
  updateBinding: StringStringEntryProto[];
};

/**
 * Describes the message onnx.TrainingInfoProto.
 * Use `create(TrainingInfoProtoSchema)` to create a new message.
 */
export const TrainingInfoProtoSchema: GenMessage<TrainingInfoProto> = /*@__PURE__*/
  messageDesc(file_onnx, 3);

/**
 * @generated from message onnx.ModelProto
 */
export type ModelProto = Message<"onnx.ModelProto"> & {
  /**
   * @generated from field: optional int64 ir_version = 1;
   */
  irVersion: bigint;

  /**
   * @generated from field: repeated onnx.OperatorSetIdProto opset_import = 8;
   */
  opsetImport: OperatorSetIdProto[];

  /**
   * @generated from field: optional string producer_name = 2;
   */
  producerName: string;

  /**
   * @generated from field: optional string producer_version = 3;
   */
  producerVersion: string;

  /**
   * @generated from field: optional string domain = 4;
   */
  domain: string;

  /**
   * @generated from field: optional int64 model_version = 5;
   */
  modelVersion: bigint;

  /**
   * @generated from field: optional string doc_string = 6;
   */
  docString: string;

  /**
   * @generated from field: optional onnx.GraphProto graph = 7;
   */
  graph?: GraphProto | undefined;

  /**
   * @generated from field: repeated onnx.StringStringEntryProto metadata_props = 14;
   */
  metadataProps: StringStringEntryProto[];

  /**
   * @generated from field: repeated onnx.TrainingInfoProto training_info = 20;
   */
  trainingInfo: TrainingInfoProto[];

  /**
   * @generated from field: repeated onnx.FunctionProto functions = 25;
   */
  functions: FunctionProto[];
};

/**
 * Describes the message onnx.ModelProto.
 * Use `create(ModelProtoSchema)` to create a new message.
 */
export const ModelProtoSchema: GenMessage<ModelProto> = /*@__PURE__*/
  messageDesc(file_onnx, 4);

/**
 * @generated from message onnx.StringStringEntryProto
 */
export type StringStringEntryProto = Message<"onnx.StringStringEntryProto"> & {
  /**
   * @generated from field: optional string key = 1;
   */
  key: string;

  /**
   * @generated from field: optional string value = 2;
   */
  value: string;
};

/**
 * Describes the message onnx.StringStringEntryProto.
 * Use `create(StringStringEntryProtoSchema)` to create a new message.
 */
export const StringStringEntryProtoSchema: GenMessage<StringStringEntryProto> = /*@__PURE__*/
  messageDesc(file_onnx, 5);

/**
 * @generated from message onnx.TensorAnnotation
 */
export type TensorAnnotation = Message<"onnx.TensorAnnotation"> & {
  /**
   * @generated from field: optional string tensor_name = 1;
   */
  tensorName: string;

  /**
   * @generated from field: repeated onnx.StringStringEntryProto quant_parameter_tensor_names = 2;
   */
  quantParameterTensorNames: StringStringEntryProto[];
};

/**
 * Describes the message onnx.TensorAnnotation.
 * Use `create(TensorAnnotationSchema)` to create a new message.
 */
export const TensorAnnotationSchema: GenMessage<TensorAnnotation> = /*@__PURE__*/
  messageDesc(file_onnx, 6);

/**
 * @generated from message onnx.GraphProto
 */
export type GraphProto = Message<"onnx.GraphProto"> & {
  /**
   * @generated from field: repeated onnx.NodeProto node = 1;
   */
  node: NodeProto[];

  /**
   * @generated from field: optional string name = 2;
   */
  name: string;

  /**
   * @generated from field: repeated onnx.TensorProto initializer = 5;
   */
  initializer: TensorProto[];

  /**
   * @generated from field: repeated onnx.SparseTensorProto sparse_initializer = 15;
   */
  sparseInitializer: SparseTensorProto[];

  /**
   * @generated from field: optional string doc_string = 10;
   */
  docString: string;

  /**
   * @generated from field: repeated onnx.ValueInfoProto input = 11;
   */
  input: ValueInfoProto[];

  /**
   * @generated from field: repeated onnx.ValueInfoProto output = 12;
   */
  output: ValueInfoProto[];

  /**
   * @generated from field: repeated onnx.ValueInfoProto value_info = 13;
   */
  valueInfo: ValueInfoProto[];

  /**
   * @generated from field: repeated onnx.TensorAnnotation quantization_annotation = 14;
   */
  quantizationAnnotation: TensorAnnotation[];

  /**
   * @generated from field: repeated onnx.StringStringEntryProto metadata_props = 16;
   */
  metadataProps: StringStringEntryProto[];
};

/**
 * Describes the message onnx.GraphProto.
 * Use `create(GraphProtoSchema)` to create a new message.
 */
export const GraphProtoSchema: GenMessage<GraphProto> = /*@__PURE__*/
  messageDesc(file_onnx, 7);

/**
 * @generated from message onnx.TensorProto
 */
export type TensorProto = Message<"onnx.TensorProto"> & {
  /**
   * @generated from field: repeated int64 dims = 1;
   */
  dims: bigint[];

  /**
   * @generated from field: optional int32 data_type = 2;
   */
  dataType: number;

  /**
   * @generated from field: optional onnx.TensorProto.Segment segment = 3;
   */
  segment?: TensorProto_Segment | undefined;

  /**
   * @generated from field: repeated float float_data = 4 [packed = true];
   */
  floatData: number[];

  /**
   * @generated from field: repeated int32 int32_data = 5 [packed = true];
   */
  int32Data: number[];

  /**
   * @generated from field: repeated bytes string_data = 6;
   */
  stringData: Uint8Array[];

  /**
   * @generated from field: repeated int64 int64_data = 7 [packed = true];
   */
  int64Data: bigint[];

  /**
   * @generated from field: optional string name = 8;
   */
  name: string;

  /**
   * @generated from field: optional string doc_string = 12;
   */
  docString: string;

  /**
   * @generated from field: optional bytes raw_data = 9;
   */
  rawData: Uint8Array;

  /**
   * @generated from field: repeated onnx.StringStringEntryProto external_data = 13;
   */
  externalData: StringStringEntryProto[];

  /**
   * @generated from field: optional onnx.TensorProto.DataLocation data_location = 14;
   */
  dataLocation: TensorProto_DataLocation;

  /**
   * @generated from field: repeated double double_data = 10 [packed = true];
   */
  doubleData: number[];

  /**
   * @generated from field: repeated uint64 uint64_data = 11 [packed = true];
   */
  uint64Data: bigint[];

  /**
   * @generated from field: repeated onnx.StringStringEntryProto metadata_props = 16;
   */
  metadataProps: StringStringEntryProto[];
};

/**
 * Describes the message onnx.TensorProto.
 * Use `create(TensorProtoSchema)` to create a new message.
 */
export const TensorProtoSchema: GenMessage<TensorProto> = /*@__PURE__*/
  messageDesc(file_onnx, 8);

/**
 * @generated from message onnx.TensorProto.Segment
 */
export type TensorProto_Segment = Message<"onnx.TensorProto.Segment"> & {
  /**
   * @generated from field: optional int64 begin = 1;
   */
  begin: bigint;

  /**
   * @generated from field: optional int64 end = 2;
   */
  end: bigint;
};

/**
 * Describes the message onnx.TensorProto.Segment.
 * Use `create(TensorProto_SegmentSchema)` to create a new message.
 */
export const TensorProto_SegmentSchema: GenMessage<TensorProto_Segment> = /*@__PURE__*/
  messageDesc(file_onnx, 8, 0);

/**
 * @generated from enum onnx.TensorProto.DataType
 */
export enum TensorProto_DataType {
  /**
   * @generated from enum value: UNDEFINED = 0;
   */
  UNDEFINED = 0,

  /**
   * @generated from enum value: FLOAT = 1;
   */
  FLOAT = 1,

  /**
   * @generated from enum value: UINT8 = 2;
   */
  UINT8 = 2,

  /**
   * @generated from enum value: INT8 = 3;
   */
  INT8 = 3,

  /**
   * @generated from enum value: UINT16 = 4;
   */
  UINT16 = 4,

  /**
   * @generated from enum value: INT16 = 5;
   */
  INT16 = 5,

  /**
   * @generated from enum value: INT32 = 6;
   */
  INT32 = 6,

  /**
   * @generated from enum value: INT64 = 7;
   */
  INT64 = 7,

  /**
   * @generated from enum value: STRING = 8;
   */
  STRING = 8,

  /**
   * @generated from enum value: BOOL = 9;
   */
  BOOL = 9,

  /**
   * @generated from enum value: FLOAT16 = 10;
   */
  FLOAT16 = 10,

  /**
   * @generated from enum value: DOUBLE = 11;
   */
  DOUBLE = 11,

  /**
   * @generated from enum value: UINT32 = 12;
   */
  UINT32 = 12,

  /**
   * @generated from enum value: UINT64 = 13;
   */
  UINT64 = 13,

  /**
   * @generated from enum value: COMPLEX64 = 14;
   */
  COMPLEX64 = 14,

  /**
   * @generated from enum value: COMPLEX128 = 15;
   */
  COMPLEX128 = 15,

  /**
   * @generated from enum value: BFLOAT16 = 16;
   */
  BFLOAT16 = 16,

  /**
   * @generated from enum value: FLOAT8E4M3FN = 17;
   */
  FLOAT8E4M3FN = 17,

  /**
   * @generated from enum value: FLOAT8E4M3FNUZ = 18;
   */
  FLOAT8E4M3FNUZ = 18,

  /**
   * @generated from enum value: FLOAT8E5M2 = 19;
   */
  FLOAT8E5M2 = 19,

  /**
   * @generated from enum value: FLOAT8E5M2FNUZ = 20;
   */
  FLOAT8E5M2FNUZ = 20,

  /**
   * @generated from enum value: UINT4 = 21;
   */
  UINT4 = 21,

  /**
   * @generated from enum value: INT4 = 22;
   */
  INT4 = 22,
}

/**
 * Describes the enum onnx.TensorProto.DataType.
 */
export const TensorProto_DataTypeSchema: GenEnum<TensorProto_DataType> = /*@__PURE__*/
  enumDesc(file_onnx, 8, 0);

/**
 * @generated from enum onnx.TensorProto.DataLocation
 */
export enum TensorProto_DataLocation {
  /**
   * @generated from enum value: DEFAULT = 0;
   */
  DEFAULT = 0,

  /**
   * @generated from enum value: EXTERNAL = 1;
   */
  EXTERNAL = 1,
}

/**
 * Describes the enum onnx.TensorProto.DataLocation.
 */
export const TensorProto_DataLocationSchema: GenEnum<TensorProto_DataLocation> = /*@__PURE__*/
  enumDesc(file_onnx, 8, 1);

/**
 * @generated from message onnx.SparseTensorProto
 */
export type SparseTensorProto = Message<"onnx.SparseTensorProto"> & {
  /**
   * @generated from field: optional onnx.TensorProto values = 1;
   */
  values?: TensorProto | undefined;

  /**
   * @generated from field: optional onnx.TensorProto indices = 2;
   */
  indices?: TensorProto | undefined;

  /**
   * @generated from field: repeated int64 dims = 3;
   */
  dims: bigint[];
};

/**
 * Describes the message onnx.SparseTensorProto.
 * Use `create(SparseTensorProtoSchema)` to create a new message.
 */
export const SparseTensorProtoSchema: GenMessage<SparseTensorProto> = /*@__PURE__*/
  messageDesc(file_onnx, 9);

/**
 * @generated from message onnx.TensorShapeProto
 */
export type TensorShapeProto = Message<"onnx.TensorShapeProto"> & {
  /**
   * @generated from field: repeated onnx.TensorShapeProto.Dimension dim = 1;
   */
  dim: TensorShapeProto_Dimension[];
};

/**
 * Describes the message onnx.TensorShapeProto.
 * Use `create(TensorShapeProtoSchema)` to create a new message.
 */
export const TensorShapeProtoSchema: GenMessage<TensorShapeProto> = /*@__PURE__*/
  messageDesc(file_onnx, 10);

/**
 * @generated from message onnx.TensorShapeProto.Dimension
 */
export type TensorShapeProto_Dimension = Message<"onnx.TensorShapeProto.Dimension"> & {
  /**
   * @generated from oneof onnx.TensorShapeProto.Dimension.value
   */
  value: {
    /**
     * @generated from field: int64 dim_value = 1;
     */
    value: bigint;
    case: "dimValue";
  } | {
    /**
     * @generated from field: string dim_param = 2;
     */
    value: string;
    case: "dimParam";
  } | { case: undefined; value?: undefined };

  /**
   * @generated from field: optional string denotation = 3;
   */
  denotation: string;
};

/**
 * Describes the message onnx.TensorShapeProto.Dimension.
 * Use `create(TensorShapeProto_DimensionSchema)` to create a new message.
 */
export const TensorShapeProto_DimensionSchema: GenMessage<TensorShapeProto_Dimension> = /*@__PURE__*/
  messageDesc(file_onnx, 10, 0);

/**
 * @generated from message onnx.TypeProto
 */
export type TypeProto = Message<"onnx.TypeProto"> & {
  /**
   * @generated from oneof onnx.TypeProto.value
   */
  value: {
    /**
     * @generated from field: onnx.TypeProto.Tensor tensor_type = 1;
     */
    value: TypeProto_Tensor;
    case: "tensorType";
  } | {
    /**
     * @generated from field: onnx.TypeProto.Sequence sequence_type = 4;
     */
    value: TypeProto_Sequence;
    case: "sequenceType";
  } | {
    /**
     * @generated from field: onnx.TypeProto.Map map_type = 5;
     */
    value: TypeProto_Map;
    case: "mapType";
  } | {
    /**
     * @generated from field: onnx.TypeProto.Optional optional_type = 9;
     */
    value: TypeProto_Optional;
    case: "optionalType";
  } | {
    /**
     * @generated from field: onnx.TypeProto.SparseTensor sparse_tensor_type = 8;
     */
    value: TypeProto_SparseTensor;
    case: "sparseTensorType";
  } | { case: undefined; value?: undefined };

  /**
   * @generated from field: optional string denotation = 6;
   */
  denotation: string;
};

/**
 * Describes the message onnx.TypeProto.
 * Use `create(TypeProtoSchema)` to create a new message.
 */
export const TypeProtoSchema: GenMessage<TypeProto> = /*@__PURE__*/
  messageDesc(file_onnx, 11);

/**
 * @generated from message onnx.TypeProto.Tensor
 */
export type TypeProto_Tensor = Message<"onnx.TypeProto.Tensor"> & {
  /**
   * @generated from field: optional int32 elem_type = 1;
   */
  elemType: number;

  /**
   * @generated from field: optional onnx.TensorShapeProto shape = 2;
   */
  shape?: TensorShapeProto | undefined;
};

/**
 * Describes the message onnx.TypeProto.Tensor.
 * Use `create(TypeProto_TensorSchema)` to create a new message.
 */
export const TypeProto_TensorSchema: GenMessage<TypeProto_Tensor> = /*@__PURE__*/
  messageDesc(file_onnx, 11, 0);

/**
 * @generated from message onnx.TypeProto.Sequence
 */
export type TypeProto_Sequence = Message<"onnx.TypeProto.Sequence"> & {
  /**
   * @generated from field: optional onnx.TypeProto elem_type = 1;
   */
  elemType?: TypeProto | undefined;
};

/**
 * Describes the message onnx.TypeProto.Sequence.
 * Use `create(TypeProto_SequenceSchema)` to create a new message.
 */
export const TypeProto_SequenceSchema: GenMessage<TypeProto_Sequence> = /*@__PURE__*/
  messageDesc(file_onnx, 11, 1);

/**
 * @generated from message onnx.TypeProto.Map
 */
export type TypeProto_Map = Message<"onnx.TypeProto.Map"> & {
  /**
   * @generated from field: optional int32 key_type = 1;
   */
  keyType: number;

  /**
   * @generated from field: optional onnx.TypeProto value_type = 2;
   */
  valueType?: TypeProto | undefined;
};

/**
 * Describes the message onnx.TypeProto.Map.
 * Use `create(TypeProto_MapSchema)` to create a new message.
 */
export const TypeProto_MapSchema: GenMessage<TypeProto_Map> = /*@__PURE__*/
  messageDesc(file_onnx, 11, 2);

/**
 * @generated from message onnx.TypeProto.Optional
 */
export type TypeProto_Optional = Message<"onnx.TypeProto.Optional"> & {
  /**
   * @generated from field: optional onnx.TypeProto elem_type = 1;
   */
  elemType?: TypeProto | undefined;
};

/**
 * Describes the message onnx.TypeProto.Optional.
 * Use `create(TypeProto_OptionalSchema)` to create a new message.
 */
export const TypeProto_OptionalSchema: GenMessage<TypeProto_Optional> = /*@__PURE__*/
  messageDesc(file_onnx, 11, 3);

/**
 * @generated from message onnx.TypeProto.SparseTensor
 */
export type TypeProto_SparseTensor = Message<"onnx.TypeProto.SparseTensor"> & {
  /**
   * @generated from field: optional int32 elem_type = 1;
   */
  elemType: number;

  /**
   * @generated from field: optional onnx.TensorShapeProto shape = 2;
   */
  shape?: TensorShapeProto | undefined;
};

/**
 * Describes the message onnx.TypeProto.SparseTensor.
 * Use `create(TypeProto_SparseTensorSchema)` to create a new message.
 */
export const TypeProto_SparseTensorSchema: GenMessage<TypeProto_SparseTensor> = /*@__PURE__*/
  messageDesc(file_onnx, 11, 4);

/**
 * @generated from message onnx.OperatorSetIdProto
 */
export type OperatorSetIdProto = Message<"onnx.OperatorSetIdProto"> & {
  /**
   * @generated from field: optional string domain = 1;
   */
  domain: string;

  /**
   * @generated from field: optional int64 version = 2;
   */
  version: bigint;
};

/**
 * Describes the message onnx.OperatorSetIdProto.
 * Use `create(OperatorSetIdProtoSchema)` to create a new message.
 */
export const OperatorSetIdProtoSchema: GenMessage<OperatorSetIdProto> = /*@__PURE__*/
  messageDesc(file_onnx, 12);

/**
 * @generated from message onnx.FunctionProto
 */
export type FunctionProto = Message<"onnx.FunctionProto"> & {
  /**
   * @generated from field: optional string name = 1;
   */
  name: string;

  /**
   * @generated from field: repeated string input = 4;
   */
  input: string[];

  /**
   * @generated from field: repeated string output = 5;
   */
  output: string[];

  /**
   * @generated from field: repeated string attribute = 6;
   */
  attribute: string[];

  /**
   * @generated from field: repeated onnx.AttributeProto attribute_proto = 11;
   */
  attributeProto: AttributeProto[];

  /**
   * @generated from field: repeated onnx.NodeProto node = 7;
   */
  node: NodeProto[];

  /**
   * @generated from field: optional string doc_string = 8;
   */
  docString: string;

  /**
   * @generated from field: repeated onnx.OperatorSetIdProto opset_import = 9;
   */
  opsetImport: OperatorSetIdProto[];

  /**
   * @generated from field: optional string domain = 10;
   */
  domain: string;

  /**
   * @generated from field: optional string overload = 13;
   */
  overload: string;

  /**
   * @generated from field: repeated onnx.ValueInfoProto value_info = 12;
   */
  valueInfo: ValueInfoProto[];

  /**
   * @generated from field: repeated onnx.StringStringEntryProto metadata_props = 14;
   */
  metadataProps: StringStringEntryProto[];
};

/**
 * Describes the message onnx.FunctionProto.
 * Use `create(FunctionProtoSchema)` to create a new message.
 */
export const FunctionProtoSchema: GenMessage<FunctionProto> = /*@__PURE__*/
  messageDesc(file_onnx, 13);

/**
 * @generated from enum onnx.Version
 */
export enum Version {
  /**
   * @generated from enum value: _START_VERSION = 0;
   */
  _START_VERSION = 0,

  /**
   * @generated from enum value: IR_VERSION_2017_10_10 = 1;
   */
  IR_VERSION_2017_10_10 = 1,

  /**
   * @generated from enum value: IR_VERSION_2017_10_30 = 2;
   */
  IR_VERSION_2017_10_30 = 2,

  /**
   * @generated from enum value: IR_VERSION_2017_11_3 = 3;
   */
  IR_VERSION_2017_11_3 = 3,

  /**
   * @generated from enum value: IR_VERSION_2019_1_22 = 4;
   */
  IR_VERSION_2019_1_22 = 4,

  /**
   * @generated from enum value: IR_VERSION_2019_3_18 = 5;
   */
  IR_VERSION_2019_3_18 = 5,

  /**
   * @generated from enum value: IR_VERSION_2019_9_19 = 6;
   */
  IR_VERSION_2019_9_19 = 6,

  /**
   * @generated from enum value: IR_VERSION_2020_5_8 = 7;
   */
  IR_VERSION_2020_5_8 = 7,

  /**
   * @generated from enum value: IR_VERSION_2021_7_30 = 8;
   */
  IR_VERSION_2021_7_30 = 8,

  /**
   * @generated from enum value: IR_VERSION_2023_5_5 = 9;
   */
  IR_VERSION_2023_5_5 = 9,

  /**
   * @generated from enum value: IR_VERSION = 10;
   */
  IR_VERSION = 10,
}

/**
 * Describes the enum onnx.Version.
 */
export const VersionSchema: GenEnum<Version> = /*@__PURE__*/
  enumDesc(file_onnx, 0);

/**
 * @generated from enum onnx.OperatorStatus
 */
export enum OperatorStatus {
  /**
   * @generated from enum value: EXPERIMENTAL = 0;
   */
  EXPERIMENTAL = 0,

  /**
   * @generated from enum value: STABLE = 1;
   */
  STABLE = 1,
}

/**
 * Describes the enum onnx.OperatorStatus.
 */
export const OperatorStatusSchema: GenEnum<OperatorStatus> = /*@__PURE__*/
  enumDesc(file_onnx, 1);
