public import Domain
public import Encoding

/// That a name was taken back while no control plane was there to do it: what the next one writes into the ledger.
///
/// The data plane has answered by it since; the registry learns of it from this alone.
public struct RollBackNote: Equatable, Sendable {
  /// Who said so, as the operating system knows them.
  public struct User: Hashable, Sendable {
    /// The number of the user.
    public let id: Int
    /// The name of the user; the number where it has none.
    public let name: String

    /// Names a user.
    public init(id: Int, name: String) {
      self.id = id
      self.name = name
    }
  }

  /// The most bytes that a note has.
  public static let sizeLimit = 4096
  /// The longest name of a user that is kept.
  public static let longestUser = 128
  static let malformedCode = "roll-back.note"

  /// Ties the note to the entry of the ledger that it becomes: 16 hexadecimal digits.
  public let trace: String
  /// When.
  public let at: Timestamp
  /// Who.
  public let by: User
  /// Why, in one line.
  public let reason: RevocationReason
  /// The version that it was taken back from.
  public let from: VersionReference
  /// The version that answers since.
  public let to: VersionNumber
  /// The digest of its bundle.
  public let bundle: Digest
  /// The digest of the data plane's state that it was taken back from.
  public let state: Digest

  /// States what was done; throws `roll-back.note` where that is nothing that can have been.
  public init(
    trace: String, at moment: Timestamp, by user: User, reason: RevocationReason, from: VersionReference,
    to: VersionNumber, bundle: Digest, state: Digest
  ) throws(Problem) {
    guard trace.utf8.count == 16, let bytes = Hexadecimal.decode(trace), Hexadecimal.encode(bytes) == trace
    else { throw Self.malformed("expected 16 hexadecimal digits as its trace, found others", "/trace") }
    guard user.id >= 0, user.name.isOneLine(upTo: Self.longestUser) else {
      throw Self.malformed("expected a user with a number and a name of one line, found another", "/by")
    }
    guard from.version != to else {
      throw Self.malformed("expected another version than the one taken back from, found it", "/to")
    }
    self.trace = trace
    at = moment
    by = user
    self.reason = reason
    self.from = from
    self.to = to
    self.bundle = bundle
    self.state = state
  }

  /// The version that answers since.
  public var target: VersionReference { VersionReference(name: from.name, version: to) }

  /// The note as its file has it.
  public var json: JSON {
    [
      "trace": .string(trace), "at": .integer(at.milliseconds),
      "by": ["id": JSON(by.id), "name": .string(by.name)], "reason": .string(reason.description),
      "from": .string(from.description), "to": JSON(to.value), "bundle": .string(bundle.description),
      "state": .string(state.description),
    ]
  }

  /// When what an entry says took effect: where it was made of a note, earlier than it was written.
  public static func moment(of entry: LedgerEntry) -> Timestamp {
    entry.details["offline"]?["at"]?.int.map { Timestamp(milliseconds: Int64($0)) } ?? entry.time
  }

  /// Reads the bytes of a file: canonical JSON as `json` writes it, and nothing else.
  ///
  /// Throws `roll-back.note`, and what the parts of it throw.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= Self.sizeLimit else {
      throw Self.malformed("expected a note of at most \(Self.sizeLimit) bytes, found \(bytes.count)")
    }
    let json: JSON
    do throws(MalformedJSON) { json = try JSON(parsing: bytes, limits: JSONLimits(depth: 3)) } catch {
      throw Self.malformed("expected a note as JSON, found \(error.found)")
    }
    let fields = RecordFields(json, "note of a roll-back", code: Self.malformedCode)
    try fields.allow(["trace", "at", "by", "reason", "from", "to", "bundle", "state"])
    let user = RecordFields(try fields.value("by"), "user", code: Self.malformedCode)
    try user.allow(["id", "name"])
    guard let id = json["by"]?["id"]?.int else {
      throw Self.malformed("expected the number of a user, found none", "/by/id")
    }
    guard let to = json["to"]?.int.flatMap({ VersionNumber($0) }) else {
      throw Self.malformed("expected the number of a version, found none", "/to")
    }
    try self.init(
      trace: try fields.text("trace"), at: try fields.requiredMoment("at"),
      by: User(id: id, name: try user.text("name")),
      reason: try RevocationReason(parsing: fields.text("reason")), from: try fields.version("from"), to: to,
      bundle: try fields.digest("bundle"), state: try fields.digest("state"))
    guard self.json.canonicalBytes == bytes else {
      throw Self.malformed("expected a note as it is written, found one that says the same in other bytes")
    }
  }

  private static func malformed(_ message: String, _ position: String? = nil) -> Problem {
    Problem(
      .integrity, malformedCode, message, position: position,
      hint: "look at what stands there, and take the name back once more where it is to be")
  }
}
