public import Domain
public import Encoding

/// A policy that somebody would have in force, before somebody else has agreed.
public struct PolicyProposal: Equatable, Sendable {
  /// The digest of its file, which is a blob.
  public let digest: Digest
  /// What it is called.
  public let name: String
  /// Who proposes it.
  public let by: Principal
  /// Since when.
  public let since: Timestamp

  /// Records a proposal.
  public init(digest: Digest, name: String, by: Principal, since: Timestamp) {
    self.digest = digest
    self.name = name
    self.by = by
    self.since = since
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "digest": .string(digest.description), "name": .string(name), "by": .string(by.description),
      "since": .integer(since.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `policy.malformed-record`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "proposal", code: "policy.malformed-record")
    self.init(
      digest: try fields.digest("digest"), name: try fields.text("name"), by: try fields.principal("by"),
      since: try fields.requiredMoment("since"))
  }
}

/// A policy that came into force.
public struct AppliedPolicy: Equatable, Sendable {
  /// The digest of its file, which is a blob.
  public let digest: Digest
  /// What it is called.
  public let name: String
  /// Who proposed it.
  public let proposedBy: Principal
  /// Who agreed; nil where there was nobody who could have.
  public let agreedBy: Principal?
  /// Since when it is in force.
  public let since: Timestamp

  /// Records a policy.
  public init(digest: Digest, name: String, proposedBy: Principal, agreedBy: Principal?, since: Timestamp) {
    self.digest = digest
    self.name = name
    self.proposedBy = proposedBy
    self.agreedBy = agreedBy
    self.since = since
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "digest": .string(digest.description), "name": .string(name),
      "proposedBy": .string(proposedBy.description),
      "agreedBy": agreedBy.map { .string($0.description) } ?? .null, "since": .integer(since.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `policy.malformed-record`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "policy", code: "policy.malformed-record")
    self.init(
      digest: try fields.digest("digest"), name: try fields.text("name"),
      proposedBy: try fields.principal("proposedBy"),
      agreedBy: fields.has("agreedBy") ? try fields.principal("agreedBy") : nil,
      since: try fields.requiredMoment("since"))
  }
}
