/// Something about an archive that an honest one does not have, or that is not read.
public struct ArchiveIrregularity: Error, Sendable, Equatable {
  /// What is wrong.
  public enum Kind: Sendable, CaseIterable {
    /// The archive breaks off.
    case truncated
    /// The archive ends without the mark of its end.
    case unterminated
    /// What says where the members are contradicts itself, or there is more than one of it.
    case directory
    /// The two headers of a member disagree.
    case header
    /// A flag says what is not so.
    case flags
    /// A method says what is not so.
    case method
    /// A compression method that is not read.
    case unsupportedMethod
    /// A feature of the format that is not read.
    case unsupportedFeature
    /// A member is encrypted.
    case encrypted
    /// Two members share bytes.
    case overlap
    /// A member lies outside the archive.
    case outside
    /// A member that the directory does not list.
    case hidden
    /// Bytes between the members that belong to none.
    case gap
    /// Bytes before the first member.
    case prefix
    /// Bytes behind the end.
    case trailing
    /// Two members with one name.
    case duplicate
    /// Two names that only some file systems tell apart.
    case similarName
    /// A name that leads out of the place where the archive is unpacked.
    case path
    /// A name that no honest archive needs and that leads nowhere.
    case name
    /// A link that leads out of the archive.
    case linkOutside
    /// A link to a place inside the archive.
    case link
    /// A device, a pipe or a socket.
    case device
    /// A directory with contents of its own.
    case directoryData
    /// The checksum is not that of the contents.
    case checksum
    /// The contents are not as long as was said.
    case size
    /// The contents cannot be unpacked.
    case damaged
    /// The contents unpack to more than the budget.
    case bomb
    /// There are more members than are read.
    case members
  }

  /// What is wrong.
  public let kind: Kind
  /// What was expected and what was found, one line; quoted text is escaped.
  public let message: String
  /// The name of the member; nil where it is about the archive as a whole.
  public let member: String?
  /// Where in the archive.
  public let offset: Int?

  init(_ kind: Kind, _ message: String, member: String? = nil, at offset: Int? = nil) {
    self.kind = kind
    self.message = message
    self.member = member
    self.offset = offset
  }
}
