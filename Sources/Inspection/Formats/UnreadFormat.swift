import Artifacts

/// Formats that are recognised and not read.
enum UnreadFormat: InspectedFormat {
  static let name = "a format that is not read"

  private static let compressions: Set<String> = ["bzip2", "xz", "lzma", "lz4", "zstd"]

  private static let magics: [(offset: Int, magic: [UInt8], name: String)] = [
    (0, [0x42, 0x5A, 0x68], "bzip2"), (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
    (0, [0x5D, 0x00, 0x00], "lzma"), (0, [0x04, 0x22, 0x4D, 0x18], "lz4"),
    (0, [0x28, 0xB5, 0x2F, 0xFD], "zstd"), (0, Array("ZF".utf8), "joblib's format before version 0.10"),
    (0, Array("PK".utf8) + [3, 4], "zip"), (0, Array("PK".utf8) + [5, 6], "zip"),
    (0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7z"), (0, [0x89] + Array("HDF".utf8), "HDF5"),
    (0, Array("GGUF".utf8), "GGUF"), (0, Array("binf".utf8), "XGBoost"),
    (0, Array("{L".utf8), "XGBoost (UBJSON)"), (0, Array("tree\nversion=".utf8), "LightGBM"),
    (0, Array("Rar!".utf8), "rar"), (0, Array("%PDF".utf8), "PDF"), (0, [0x7F] + Array("ELF".utf8), "ELF"),
    (0, Array("PAR1".utf8), "Parquet"), (4, Array("TFL3".utf8), "TensorFlow Lite"),
    (257, Array("ustar".utf8), "tar"),
  ]

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? { recognised(bytes) == nil ? nil : .certain }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    guard let name = recognised(subject.bytes) else { return nil }
    if compressions.contains(name) {
      walk.report(
        .compressionUnsupported, "expected zlib or gzip, found \(name), which is not unpacked", subject, at: 0
      )
      return Inspected(name, .refused)
    }
    return Inspected(name, .model)
  }

  private static func recognised(_ bytes: ArraySlice<UInt8>) -> String? {
    magics.first { bytes.dropFirst($0.offset).starts(with: $0.magic) }?.name
  }
}
