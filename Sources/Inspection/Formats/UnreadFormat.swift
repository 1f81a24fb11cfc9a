import Artifacts

/// Formats that are recognised and not read.
enum UnreadFormat: InspectedFormat {
  static let name = "a format that is not read"

  private static let compressions: Set<String> = ["zstd"]
  private static let images: Set<String> = ["PNG", "JPEG", "GIF"]
  private static let archives: Set<String> = ["7z", "rar"]

  private static let magics: [(offset: Int, magic: [UInt8], name: String)] = [
    (0, [0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    (0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7z"),
    (0, Array("CBM1".utf8), "CatBoost"),
    (0, Array("Rar!".utf8), "rar"), (0, Array("%PDF".utf8), "PDF"),
    (0, Array("PAR1".utf8), "Parquet"),
    (0, [0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A], "PNG"), (0, [0xFF, 0xD8, 0xFF], "JPEG"),
    (0, Array("GIF8".utf8), "GIF"),
  ]

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? { recognised(bytes) == nil ? nil : .certain }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    guard let name = recognised(subject.bytes) else { return nil }
    if compressions.contains(name) {
      walk.report(
        .compressionUnsupported,
        "expected zlib, gzip, bzip2, xz, lzma or lz4, found \(name), which is not unpacked",
        subject, at: 0)
      return Inspected(name, .refused)
    }
    if archives.contains(name) {
      walk.report(
        .archiveUnsupported, "expected zip or tar, found \(name), which is not read", subject, at: 0)
      return Inspected(name, .refused)
    }
    if images.contains(name) { return Inspected(name, .data("a \(name) image")) }
    return Inspected(name, .model)
  }

  private static func recognised(_ bytes: ArraySlice<UInt8>) -> String? {
    magics.first { bytes.dropFirst($0.offset).starts(with: $0.magic) }?.name
  }
}
