import Encoding

/// One member of a zip archive, as the central directory describes it.
public struct ZipMember: Sendable {
  /// What kind of file it stands for, by its Unix attributes where it has some.
  public enum Kind: Sendable {
    /// A file.
    case file
    /// A directory.
    case directory
    /// A symbolic link, whose target is the contents.
    case link
    /// A device, pipe or socket.
    case device
  }

  /// Its place among the members.
  public internal(set) var index = 0
  /// Its name.
  public let name: String
  /// Where its local header stands, counted from the first byte of the archive's bytes.
  public let headerOffset: Int
  /// How many bytes it unpacks to, as declared.
  public let size: Int
  /// How many bytes it takes up, as declared.
  public let compressedSize: Int

  let nameBytes: ArraySlice<UInt8>
  let flags: ZipFlags
  let method: UInt16
  let checksum: UInt32
  let externalAttributes: UInt32
  let extra: ArraySlice<UInt8>
  /// The offset of its entry in the central directory; nil for one that is not listed there.
  let entryOffset: Int?
  /// Where its contents stand; nil where the local header is none.
  var dataOffset: Int?

  /// What kind of file it stands for.
  public var kind: Kind {
    switch externalAttributes >> 16 & 0xF000 {
    case 0xA000: .link
    case 0x4000: .directory
    case 0, 0x8000: name.hasSuffix("/") ? .directory : .file
    // Info-ZIP calls what it packed from its standard input a pipe; a real one has no contents.
    case 0x1000: size > 0 ? .file : .device
    default: .device
    }
  }
}

/// The general purpose bits of a member (APPNOTE 4.4.4).
struct ZipFlags: OptionSet {
  let rawValue: UInt16

  static let encrypted = ZipFlags(rawValue: 1)
  /// For LZMA: the stream has an end marker.
  static let endMarker = ZipFlags(rawValue: 1 << 1)
  /// Checksum and sizes stand behind the contents.
  static let descriptor = ZipFlags(rawValue: 1 << 3)
  static let patch = ZipFlags(rawValue: 1 << 5)
  static let stronglyEncrypted = ZipFlags(rawValue: 1 << 6)
  static let utf8 = ZipFlags(rawValue: 1 << 11)
  static let masked = ZipFlags(rawValue: 1 << 13)

  /// The bits that change how the contents are read.
  static let obscuring: ZipFlags = [.encrypted, .patch, .stronglyEncrypted, .masked]
}

/// The extra field of a member: records of an id, a length and that many bytes (APPNOTE 4.5).
struct ZipExtra {
  /// The records by id; of an id that occurs twice the first.
  private(set) var records: [UInt16: ArraySlice<UInt8>] = [:]
  /// Whether a record claims more bytes than there are.
  private(set) var isOverrun = false

  init(_ bytes: ArraySlice<UInt8>) {
    var reader = ByteReader(bytes)
    // Writers that align the contents may leave up to three bytes over.
    while reader.remaining >= 4 {
      guard let id = try? reader.readLittleEndian(UInt16.self, "an id"),
        let count = try? reader.readLittleEndian(UInt16.self, "a length")
      else { return }
      guard let data = try? reader.read(Int(count), "a record") else {
        isOverrun = true
        return
      }
      if records[id] == nil { records[id] = data }
    }
  }

  /// The record with sizes of 64 bits.
  var zip64: ArraySlice<UInt8>? { records[0x0001] }
  /// WinZip's record of an AES-encrypted member.
  var aes: ArraySlice<UInt8>? { records[0x9901] }

  /// The name in UTF-8 that Info-ZIP keeps beside the raw one, where it belongs to that.
  func unicodeName(for raw: ArraySlice<UInt8>) -> String? {
    guard let record = records[0x7075], record.first == 1,
      let checksum = record.window(at: 1, count: 4),
      UInt32(littleEndianBytes: checksum) == Checksum.crc32(raw)
    else { return nil }
    return String(decoding: record.dropFirst(5), as: UTF8.self)
  }
}
