import Encoding

/// Where a zip archive says that its central directory is (APPNOTE 4.3.14 to 4.3.16).
struct ZipEndRecord {
  static let signature = Array("PK".utf8) + [5, 6]
  private static let zip64Signature = Array("PK".utf8) + [6, 6]
  private static let locatorSignature = Array("PK".utf8) + [6, 7]
  private static let byteCount = 22
  private static let locatorCount = 20
  private static let zip64Count = 56
  /// The record and the longest comment.
  private static let searchCount = 22 + 65_535

  /// The offset of the record.
  let offset: Int
  /// How many members there should be.
  private(set) var memberCount: Int
  /// How many bytes the central directory takes up.
  private(set) var directoryCount: Int
  /// Where it should begin.
  private(set) var directoryOffset: Int
  /// Where the central directory has to end: at this record, or at the one of 64 bits before it.
  private(set) var directoryEnd: Int
  /// How many bytes of comment there should be.
  let commentCount: Int
  /// Whether anything in it says that the archive has several volumes.
  private(set) var hasVolumes: Bool
  /// What contradicts itself.
  private(set) var irregularities: [ArchiveIrregularity] = []

  /// Where end records may stand, in ascending order.
  static func candidates(in bytes: ArraySlice<UInt8>) -> [Int] {
    bytes.zipSignatures([[5, 6]], within: max(0, bytes.count - searchCount)..<bytes.count, limit: 1_000)
      .filter { $0 + byteCount <= bytes.count }
  }

  /// The record whose comment runs exactly to the end, and whose central directory is where it says.
  static func exact(in bytes: ArraySlice<UInt8>) -> ZipEndRecord? {
    for offset in candidates(in: bytes).reversed() {
      guard let record = ZipEndRecord(bytes, at: offset), record.end == bytes.count else { continue }
      let start = record.directoryEnd - record.directoryCount
      if record.memberCount > 0, bytes.has(ZipArchive.entrySignature, at: start) { return record }
    }
    return nil
  }

  init?(_ bytes: ArraySlice<UInt8>, at offset: Int) {
    var reader = bytes.reader(at: offset)
    guard let signature = try? reader.read(4, "a signature"), signature.elementsEqual(Self.signature),
      let disk = try? reader.readLittleEndian(UInt16.self, "a volume"),
      let directoryDisk = try? reader.readLittleEndian(UInt16.self, "a volume"),
      let here = try? reader.readLittleEndian(UInt16.self, "a count"),
      let total = try? reader.readLittleEndian(UInt16.self, "a count"),
      let count = try? reader.readLittleEndian(UInt32.self, "a size"),
      let start = try? reader.readLittleEndian(UInt32.self, "an offset"),
      let comment = try? reader.readLittleEndian(UInt16.self, "a length")
    else { return nil }
    self.offset = offset
    memberCount = Int(total)
    directoryCount = Int(count)
    directoryOffset = Int(start)
    directoryEnd = offset
    commentCount = Int(comment)
    hasVolumes = disk != 0 && disk != .max || directoryDisk != 0 && directoryDisk != .max || here != total
    readZip64(bytes)
  }

  /// Where the comment should end.
  var end: Int { offset + Self.byteCount + commentCount }

  /// Takes the values of 64 bits, where there are some.
  private mutating func readZip64(_ bytes: ArraySlice<UInt8>) {
    let locator = offset - Self.locatorCount
    guard bytes.has(Self.locatorSignature, at: locator) else { return }
    var reader = bytes.reader(at: locator + 4)
    let start = locator - Self.zip64Count
    guard let disk = try? reader.readLittleEndian(UInt32.self, "a volume"),
      let declared = try? reader.readLittleEndian(UInt64.self, "an offset"),
      let disks = try? reader.readLittleEndian(UInt32.self, "a count"),
      bytes.has(Self.zip64Signature, at: start)
    else {
      irregularities.append(
        ArchiveIrregularity(
          .directory, "expected the end record of 64 bits before its locator, found something else",
          at: max(0, start)))
      return
    }
    reader = bytes.reader(at: start + 4)
    guard let length = try? reader.readLittleEndian(UInt64.self, "a length"),
      (try? reader.read(4, "versions")) != nil,
      let diskHere = try? reader.readLittleEndian(UInt32.self, "a volume"),
      let directoryDisk = try? reader.readLittleEndian(UInt32.self, "a volume"),
      let here = try? reader.readLittleEndian(UInt64.self, "a count"),
      let total = try? reader.readLittleEndian(UInt64.self, "a count"),
      let count = try? reader.readLittleEndian(UInt64.self, "a size"),
      let first = try? reader.readLittleEndian(UInt64.self, "an offset")
    else { return }
    hasVolumes = hasVolumes || disk != 0 || disks > 1 || diskHere != 0 || directoryDisk != 0 || here != total
    func agree(_ small: Int, _ maximum: Int, _ large: UInt64) -> Bool {
      small == maximum || UInt64(small) == large
    }
    if length != UInt64(Self.zip64Count - 12) || !agree(memberCount, 0xFFFF, total)
      || !agree(directoryCount, 0xFFFF_FFFF, count) || !agree(directoryOffset, 0xFFFF_FFFF, first)
    {
      irregularities.append(
        ArchiveIrregularity(
          .directory, "expected end records of 32 and of 64 bits that agree, found ones that do not",
          at: start
        ))
    }
    memberCount = Int(clamping: total)
    directoryCount = Int(clamping: count)
    directoryOffset = Int(clamping: first)
    directoryEnd = start
    // Where bytes were put before the archive every offset is off by their number.
    let shift = start - Int(clamping: declared)
    if shift < 0 || shift != directoryEnd.subtracting(directoryCount, directoryOffset) {
      irregularities.append(
        ArchiveIrregularity(
          .directory, "expected the end record of 64 bits at byte \(declared), found it at byte \(start)",
          at: locator))
    }
  }
}

extension Int {
  /// The difference of this and two others; -1 where it does not fit or is negative.
  fileprivate func subtracting(_ first: Int, _ second: Int) -> Int {
    let (difference, overflow) = subtractingReportingOverflow(first)
    let (rest, carry) = difference.subtractingReportingOverflow(second)
    return overflow || carry || rest < 0 ? -1 : rest
  }
}
