import Encoding

/// One member of a tar archive.
public struct TarMember: Sendable {
  /// What kind of file it is.
  public enum Kind: Sendable {
    /// A file.
    case file
    /// A directory.
    case directory
    /// A symbolic or hard link.
    case link
    /// A device or a pipe.
    case device
  }

  /// Its name, by whichever header has the last word.
  public let name: String
  /// What kind of file it is.
  public let kind: Kind
  /// Its contents; what there is of them where the archive breaks off.
  public let bytes: ArraySlice<UInt8>
  /// Where its header stands.
  public let headerOffset: Int
}

/// A tar archive in any of its dialects: v7, ustar, GNU, pax.
public struct TarArchive: Sendable {
  /// The members in their order.
  public internal(set) var members: [TarMember] = []
  /// What an honest archive does not have.
  public internal(set) var irregularities: [ArchiveIrregularity] = []

  /// Whether bytes begin as a tar archive: with a header whose checksum is right.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let header = TarHeader(bytes.prefix(TarHeader.blockCount)) else { return false }
    // Without a magic the checksum alone speaks for it.
    return header.format != .v7 || !header.nameField.isEmpty && header.size != nil
  }

  /// Whether bytes have the magic of a tar archive, whose first header may be damaged.
  public static func hasMagic(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.has(Array("ustar".utf8), at: 257) }

  /// Reads an archive.
  ///
  /// Never fails: what cannot be read is an irregularity.
  public init(_ bytes: ArraySlice<UInt8>, memberLimit: Int) {
    var reader = TarReader(bytes, memberLimit: memberLimit)
    self = reader.read()
  }

  init() {}
}
