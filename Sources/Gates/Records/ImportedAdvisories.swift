public import Domain
public import Encoding

/// The advisories that a platform goes by, from when they were imported until others are.
public struct ImportedAdvisories: Equatable, Sendable {
  /// The digest of their document, which is a blob.
  public let digest: Digest
  /// How many there are.
  public let count: Int
  /// When any of them was last changed by who publishes it; nil where there is none.
  public let newest: Timestamp?
  /// Who imported them.
  public let by: Principal
  /// When.
  public let at: Timestamp

  /// Records an import.
  public init(digest: Digest, count: Int, newest: Timestamp?, by: Principal, at: Timestamp) {
    self.digest = digest
    self.count = count
    self.newest = newest
    self.by = by
    self.at = at
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "digest": .string(digest.description), "advisories": JSON(count),
      "newest": newest.map { .integer($0.milliseconds) } ?? .null, "by": .string(by.description),
      "at": .integer(at.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `advisories.malformed-record`.
  public init(json: JSON) throws(Problem) {
    let code = "advisories.malformed-record"
    let fields = RecordFields(json, "record of advisories", code: code)
    guard let count = try fields.value("advisories").int, count >= 0 else {
      throw Problem(.badInput, code, "expected a count as 'advisories', found another value")
    }
    self.init(
      digest: try fields.digest("digest"), count: count, newest: try fields.moment("newest"),
      by: try fields.principal("by"), at: try fields.requiredMoment("at"))
  }
}
