import Encoding

/// What an entry of the central directory and a local header say in the same bytes: from the version that is needed
/// to the lengths of name and extra field.
struct ZipHeaderFields {
  let flags: ZipFlags
  let method: UInt16
  let checksum: UInt32
  let compressedSize: UInt32
  let size: UInt32
  let nameCount: Int
  let extraCount: Int

  init?(_ reader: inout ByteReader) {
    guard (try? reader.read(2, "the version that is needed")) != nil,
      let flags = try? reader.readLittleEndian(UInt16.self, "flags"),
      let method = try? reader.readLittleEndian(UInt16.self, "a method"),
      (try? reader.read(4, "a time")) != nil,
      let checksum = try? reader.readLittleEndian(UInt32.self, "a checksum"),
      let compressed = try? reader.readLittleEndian(UInt32.self, "a size"),
      let size = try? reader.readLittleEndian(UInt32.self, "a size"),
      let nameCount = try? reader.readLittleEndian(UInt16.self, "a length"),
      let extraCount = try? reader.readLittleEndian(UInt16.self, "a length")
    else { return nil }
    self.flags = ZipFlags(rawValue: flags)
    self.method = method
    self.checksum = checksum
    compressedSize = compressed
    self.size = size
    self.nameCount = Int(nameCount)
    self.extraCount = Int(extraCount)
  }
}

/// One entry of the central directory (APPNOTE 4.3.12).
struct ZipEntry {
  /// The member that it describes.
  private(set) var member: ZipMember
  /// The offset behind it.
  let end: Int
  /// What contradicts itself.
  private(set) var irregularities: [ArchiveIrregularity] = []

  /// Reads an entry; nil where none stands.
  ///
  /// `shift` is by how many bytes every offset in the archive is off.
  init?(_ bytes: ArraySlice<UInt8>, at offset: Int, shift: Int) {
    var reader = bytes.reader(at: offset)
    guard let signature = try? reader.read(4, "a signature"),
      signature.elementsEqual(ZipArchive.entrySignature),
      (try? reader.read(2, "the version that made it")) != nil,
      let fields = ZipHeaderFields(&reader),
      let commentCount = try? reader.readLittleEndian(UInt16.self, "a length"),
      let disk = try? reader.readLittleEndian(UInt16.self, "a volume"),
      (try? reader.read(2, "internal attributes")) != nil,
      let attributes = try? reader.readLittleEndian(UInt32.self, "attributes"),
      let header = try? reader.readLittleEndian(UInt32.self, "an offset"),
      let name = try? reader.read(fields.nameCount, "a name"),
      let extra = try? reader.read(fields.extraCount, "an extra field"),
      (try? reader.read(Int(commentCount), "a comment")) != nil
    else { return nil }
    end = offset + reader.offset
    let text = ZipName(name, isUTF8: fields.flags.contains(.utf8))
    let records = ZipExtra(extra)
    var large = ZipLargeSizes(records.zip64)
    let fullSize = large.take(fields.size)
    let fullCompressed = large.take(fields.compressedSize)
    let fullHeader = large.take(header)
    let (start, overflow) = fullHeader.addingReportingOverflow(shift)
    member = ZipMember(
      name: text.value, headerOffset: overflow ? .max : start, size: fullSize,
      compressedSize: fullCompressed, nameBytes: name, flags: fields.flags, method: fields.method,
      checksum: fields.checksum, externalAttributes: attributes, extra: extra, entryOffset: offset)
    func note(_ kind: ArchiveIrregularity.Kind, _ message: String) {
      irregularities.append(ArchiveIrregularity(kind, message, member: text.value, at: offset))
    }
    if !text.isValid { note(.name, "expected a name in UTF-8, as its flag says, found other bytes") }
    if records.isOverrun {
      note(.header, "expected records that fill the extra field, found one that is longer")
    }
    if large.isShort { note(.header, "expected the sizes of 64 bits that the entry refers to, found none") }
    if large.contradicts(fields.size, fields.compressedSize) {
      note(.header, "expected sizes of 32 and of 64 bits that agree, found ones that do not")
    }
    if disk != 0, disk != .max { note(.unsupportedFeature, "expected one volume, found number \(disk)") }
    checkUnicodeName(records, offset)
  }

  /// Info-ZIP and 7z go by the name in UTF-8 beside the raw one, others by the raw one.
  private mutating func checkUnicodeName(_ extra: ZipExtra, _ offset: Int) {
    guard let name = extra.unicodeName(for: member.nameBytes), name != member.name else { return }
    if let irregular = ArchivePath.irregularity(of: name, at: offset) { irregularities.append(irregular) }
    // Written only where the raw name cannot say it: in an old code page, or spelled `#U00e9`.
    let raw = member.name.utf8
    if raw.allSatisfy({
      $0 < 0x80 && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "_")
    }) {
      irregularities.append(
        ArchiveIrregularity(
          .header, "expected one name, found another in its extra field: '\(name.escaped(limit: 100))'",
          member: member.name, at: offset))
    }
  }
}

/// The name of a member as text.
struct ZipName {
  let value: String
  /// Whether the bytes are what the flag says.
  let isValid: Bool

  init(_ bytes: ArraySlice<UInt8>, isUTF8: Bool) {
    if let text = String(validating: bytes, as: UTF8.self) {
      value = text
      isValid = true
    } else {
      // Which code page was meant nobody knows; one character for each byte keeps names apart.
      value = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      isValid = !isUTF8
    }
  }
}

/// The sizes of 64 bits of the extra field: those whose field of 32 bits is full, in a fixed order.
struct ZipLargeSizes {
  private let record: ArraySlice<UInt8>?
  private var rest: ArraySlice<UInt8>
  private var taken = 0
  /// Whether a size was asked for that is not there.
  private(set) var isShort = false

  init(_ record: ArraySlice<UInt8>?) {
    self.record = record
    rest = record ?? []
  }

  /// The size that a field of 32 bits stands for.
  mutating func take(_ small: UInt32) -> Int {
    guard small == .max else { return Int(small) }
    taken += 1
    guard let bytes = rest.window(at: 0, count: 8) else {
      isShort = true
      return Int(small)
    }
    rest = rest.dropFirst(8)
    return Int(clamping: UInt64(littleEndianBytes: bytes))
  }

  /// Whether sizes stand here that nobody refers to, and that differ from those in the header.
  func contradicts(_ size: UInt32, _ compressed: UInt32) -> Bool {
    guard taken == 0, let record, let first = record.window(at: 0, count: 8) else { return false }
    func differs(_ bytes: ArraySlice<UInt8>, _ small: UInt32) -> Bool {
      let large = UInt64(littleEndianBytes: bytes)
      return large != 0 && large != UInt64(small)
    }
    return differs(first, size) || record.window(at: 8, count: 8).map { differs($0, compressed) } ?? false
  }
}
