public import Domain
public import Gates

/// What was taken back while no control plane was there, until one has it in the ledger.
///
/// At most one note of a name: each is taken in before anything else can come to be of it.
public protocol RollBackNotes: Sendable {
  /// Everything that stands there, the earliest first; what does not read comes last.
  func all() throws(Problem) -> [FoundRollBackNote]
  /// Keeps a note, in place of the one of this name where there is one: durable when this returns.
  func keep(_ note: RollBackNote) throws(Problem)
  /// Forgets what stands under a name that `all` told; nothing where nothing does.
  func remove(_ file: String) throws(Problem)
  /// Has what stands under a name that `all` told stand elsewhere, for people; nothing where nothing does.
  func setAside(_ file: String) throws(Problem)
}

/// A note, or what stands where one should.
public struct FoundRollBackNote: Sendable {
  /// The name that it stands under.
  public let file: String
  /// The digest of its bytes.
  public let digest: Digest
  /// The note, or why it is none.
  public let note: Result<RollBackNote, Problem>

  /// States what was found.
  public init(file: String, digest: Digest, note: Result<RollBackNote, Problem>) {
    self.file = file
    self.digest = digest
    self.note = note
  }
}

/// There are none.
public struct NoRollBackNotes: RollBackNotes {
  /// There are none.
  public init() {}

  /// None.
  public func all() throws(Problem) -> [FoundRollBackNote] { [] }

  /// Keeps nothing.
  public func keep(_ note: RollBackNote) throws(Problem) {}

  /// There is nothing.
  public func remove(_ file: String) throws(Problem) {}

  /// There is nothing.
  public func setAside(_ file: String) throws(Problem) {}
}

/// A data plane whose control plane is gone.
public protocol LeftDataPlane: Sendable {
  /// Has it read the saved state, which is of that generation; nil where no process answers.
  func apply(_ generation: Int) async throws(Problem) -> PlaneApplication?
}
