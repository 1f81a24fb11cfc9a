import Domain

// Rules about protocol buffers and FlatBuffers, whatever they hold.
extension Rule {
  static let protobuf = [protobufMalformed, protobufDuplicateField, flatBufferMalformed]

  static let protobufMalformed = Rule(
    "protobuf.malformed", .damage, .medium, .malformed, "a protocol buffer is damaged or breaks off",
    why: "A reader stops at the same place, or makes something else of the rest.",
    example: "expected a length within the message, which has 12 bytes more, found 4294967295",
    remedy: RuleText.checkWhole, RuleText.corrupt)
  static let flatBufferMalformed = Rule(
    "flatbuffer.malformed", .damage, .medium, .malformed, "a FlatBuffer is damaged or breaks off",
    why: "An offset leads out of the file; a reader that does not look follows it.",
    example: "expected a place within the file of 1372 bytes, found 4294967295",
    remedy: RuleText.checkWhole, RuleText.corrupt)
  static let protobufDuplicateField = Rule(
    "protobuf.duplicate-field", .differential, .high, .dangerous,
    "a field stands twice where the schema has one",
    why:
      "One reader takes the first, another the last, a third merges them: what was inspected is then not what"
      + " runs. No writer does so by accident.",
    example: "expected field 7 of the model once, found it again", remedy: RuleText.doNotLoad,
    RuleText.supplyChain + ["CWE-436"])
}
