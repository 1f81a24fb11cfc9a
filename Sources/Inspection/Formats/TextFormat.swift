/// Text that is no format with a reader of its own.
enum TextFormat: InspectedFormat {
  static let name = "text"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    !bytes.isEmpty && isText(bytes.prefix(512)) ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let start = String(decoding: subject.bytes.prefix(64), as: UTF8.self).lowercased()
    if start.hasPrefix("version https://git-lfs") {
      return Inspected(name, .unknown("a Git LFS pointer, not the file itself"))
    }
    walk.reportSecrets(in: subject.bytes, of: subject)
    return Inspected(name, .data("text"))
  }

  /// Whether there is no control character but white space.
  static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || 0x09...0x0D ~= $0 }
  }
}
