import Encoding

/// A zip archive (PKWARE's APPNOTE 6.3.10), read from its end and compared with what a reader would see that
/// begins at its start.
///
/// Reading the directory unpacks nothing; `contents(of:budget:)` unpacks one member.
public struct ZipArchive: Sendable {
  static let entrySignature = Array("PK".utf8) + [1, 2]
  static let localSignature = Array("PK".utf8) + [3, 4]

  /// The whole archive, and whatever is before and behind it.
  public let bytes: ArraySlice<UInt8>
  /// The members, in the order of the central directory.
  public internal(set) var members: [ZipMember] = []
  /// Members that only a reader would see that goes by their local headers.
  public internal(set) var unlisted: [ZipMember] = []
  /// What an honest archive does not have.
  public internal(set) var irregularities: [ArchiveIrregularity] = []
  /// How many bytes there are before the archive begins.
  public internal(set) var prefixCount = 0
  /// Whether there is a record that says where the members are.
  public internal(set) var hasEndRecord = false

  var indices: [String: Int] = [:]

  /// Whether bytes begin as a zip archive.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.starts(with: localSignature) || bytes.starts(with: ZipEndRecord.signature)
      || bytes.starts(with: Array("PK".utf8) + [7, 8] + localSignature)
  }

  /// Whether bytes end as a zip archive whose directory is where its end record says, whatever they begin with.
  public static func ends(_ bytes: ArraySlice<UInt8>) -> Bool { ZipEndRecord.exact(in: bytes) != nil }

  /// Reads the directory of an archive.
  ///
  /// Never fails: what cannot be read is an irregularity.
  public init(_ bytes: ArraySlice<UInt8>, memberLimit: Int) {
    var reader = ZipReader(bytes, memberLimit: memberLimit)
    self = reader.read()
  }

  init(empty bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
  }

  /// The member of this name; of several the first.
  public func member(named name: String) -> ZipMember? {
    indices[name].map { members[$0] }
  }

  /// The bytes before the archive.
  public var prefix: ArraySlice<UInt8> { bytes.prefix(prefixCount) }
}
