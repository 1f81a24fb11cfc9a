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
    if let archive = hiddenArchive(subject.bytes) {
      walk.report(
        .polyglot, "expected one format, found \(name) and \(ZipFormat.name) in the same bytes", subject,
        at: 0)
      _ = walk.inspectPart(archive, named: "(zip archive)", of: subject, unpacked: false)
    }
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

  /// A zip archive that ends shortly before the bytes do: readers of zip look for its end record from the back,
  /// and some do not mind what follows.
  private static func hiddenArchive(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let window = bytes.suffix(66_000)
    var end = window.endIndex
    for _ in 0..<16 {
      guard let place = window[..<end].lastIndex(of: UInt8(ascii: "P")) else { return nil }
      end = place
      let record = window[place...].prefix(22)
      guard record.count == 22, record.starts(with: Array("PK".utf8) + [5, 6]) else { continue }
      let comment = Int(record[place + 20]) | Int(record[place + 21]) << 8
      let archive = bytes[..<min(place + 22 + comment, bytes.endIndex)]
      if ZipArchive.ends(archive) { return archive }
    }
    return nil
  }

  private static func recognised(_ bytes: ArraySlice<UInt8>) -> String? {
    magics.first { bytes.dropFirst($0.offset).starts(with: $0.magic) }?.name
  }
}
