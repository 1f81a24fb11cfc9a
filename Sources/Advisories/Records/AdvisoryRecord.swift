public import Domain

/// An advisory as somebody published it, in the Open Source Vulnerability format.
///
/// https://ossf.github.io/osv-schema/
public struct AdvisoryRecord: Hashable, Sendable {
  /// What a record of another shape is refused with.
  public static let malformedCode = "advisory.malformed"
  /// The most bytes of one record.
  public static let sizeLimit = 16 << 20

  /// What its publisher calls it: `PYSEC-2024-110`.
  public let id: String
  /// What others call it, sorted.
  public let aliases: [String]
  /// When it was published; nil where nobody says.
  public let published: Timestamp?
  /// When it was last changed.
  public let modified: Timestamp
  /// Whether it was taken back.
  public let isWithdrawn: Bool
  /// What it is about, in one line; empty where it says nothing.
  public let summary: String
  /// How grave it is: the gravest of all that it says; nil where it says nothing that is known here.
  public let severity: Severity?
  /// What has it.
  public let affected: [AffectedPackage]

  /// States a record.
  public init(
    id: String, aliases: [String] = [], published: Timestamp?, modified: Timestamp,
    isWithdrawn: Bool = false, summary: String = "", severity: Severity?, affected: [AffectedPackage]
  ) {
    self.id = id
    self.aliases = Set(aliases).subtracting([id]).sorted()
    self.published = published
    self.modified = modified
    self.isWithdrawn = isWithdrawn
    self.summary = summary
    self.severity = severity
    self.affected = affected
  }
}
