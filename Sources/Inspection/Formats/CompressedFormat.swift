import Artifacts

/// A compressed stream around anything else.
enum CompressedFormat: InspectedFormat {
  static let name = "compressed data"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    guard let compression = Compression(beginning: bytes) else { return nil }
    // Two bytes that are a multiple of 31 are little; joblib itself goes by the first alone.
    return compression == .zlib && bytes.first != UInt8(ascii: "x") ? .possible : .certain
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    guard let compression = Compression(beginning: subject.bytes) else { return nil }
    guard !walk.isExhausted else { return Inspected(compression.rawValue, .refused) }
    var budget = walk.budget
    budget.decompressedBytes = walk.remainingBytes
    let inner: Decompressed
    do throws(DecompressionFailure) {
      inner = try compression.decompress(subject.bytes, budget: budget)
    } catch {
      switch error {
      case .bomb(let detail, let offset):
        walk.report(.bomb, detail, subject, at: offset)
        walk.exhaust()
      case .malformed(_, let offset) where offset == 0 && claim(subject.bytes) == .possible: return nil
      case .malformed(let detail, let offset):
        walk.report(.compressionMalformed, detail, subject, at: offset)
      }
      return Inspected(compression.rawValue, .refused)
    }
    let after = subject.bytes.count - inner.compressedCount
    if after > 0 {
      walk.report(
        .compressionTrailing,
        "expected the end of the file after the compressed stream, found \(after) bytes more", subject,
        at: inner.compressedCount)
    }
    guard let part = walk.inspectPart(inner.bytes[...], of: subject, unpacked: true) else {
      return Inspected(compression.rawValue, .refused)
    }
    return Inspected("\(part.format)+\(compression.rawValue)", part.content)
  }
}
