import Domain

// Rules about compressed streams.
extension Rule {
  static let compression = [bomb, compressionMalformed, compressionUnsupported, compressionTrailing]

  static let bomb = Rule(
    "compression.bomb", .exhaustion, .high, .dangerous, "a small file unpacks to a huge one",
    why: "A few kilobytes fill the memory of whoever unpacks them.",
    example: "204800 bytes unpack to 209715200 and more, over 200 times their number",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-409"])
  static let compressionMalformed = Rule(
    "compression.malformed", .damage, .medium, .malformed, "a compressed stream is damaged or breaks off",
    why: "What cannot be unpacked cannot be looked at.",
    example: "expected the end of the zlib stream, found the end of the file", remedy: RuleText.checkWhole,
    RuleText.corrupt)
  static let compressionUnsupported = Rule(
    "compression.unsupported", .unknown, .medium, .notLiftable, "a compression that is not read",
    why: "What is inside was not looked at, and unknown is never clean.",
    example: "expected zlib or gzip, found zstd, which is not unpacked",
    remedy: "dump with joblib.dump(model, path, compress='gzip')", [])
  static let compressionTrailing = Rule(
    "compression.trailing-bytes", .unknown, .medium, .notLiftable, "bytes follow the compressed stream",
    why: "A loader never looks at them; another reader may.",
    example: "expected the end of the file after the compressed stream, found 7 bytes more",
    remedy: "dump one model into a file of its own", RuleText.corrupt)
}
