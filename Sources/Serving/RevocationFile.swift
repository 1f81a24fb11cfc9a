public import Domain
import Encoding
import NIOConcurrencyHelpers
public import Provenance

/// The file that tells a plane of named bundles what was revoked: lines of `RevocationList`.
public struct RevocationFile: Equatable, Sendable {
  /// Where it stands; it may be a link, and may be exchanged.
  public let path: String
  /// Whether it has to be there at the start.
  public let isRequired: Bool

  /// Names the file.
  public init(path: String, isRequired: Bool) {
    self.path = path
    self.isRequired = isRequired
  }

  /// What it says at the start; nothing where it is not there and need not be.
  ///
  /// Throws where it cannot be read or is not signed by one of `keys`: a start without it would serve again what was
  /// revoked.
  public func first(trusting keys: [SealVerificationKey]) throws(Problem) -> Revocations {
    guard let bytes = try bytes() else {
      guard isRequired else { return .none }
      throw Problem(
        .notFound, "revocations.missing", "expected a list of what was revoked, found no file", subject: path,
        hint: "write it with 'gatehouse revocations export'")
    }
    return try revocations(in: bytes, trusting: keys)
  }

  /// Its bytes; nil where it is not there.
  fileprivate func bytes() throws(Problem) -> [UInt8]? {
    do throws(Problem) {
      // Its signatures say whose it is; who may write to the place does not matter.
      return try BoundedFile.read(path: path, limit: RevocationList.fileLimit, followsLinks: true)
    } catch  where error.category == .notFound {
      return nil
    }
  }

  fileprivate func revocations(in bytes: [UInt8], trusting keys: [SealVerificationKey]) throws(Problem)
    -> Revocations
  {
    do throws(Problem) { return try RevocationList.read(bytes, trusting: keys) } catch {
      var problem = error
      problem.subject = path
      throw problem
    }
  }
}

/// Looks at the file of what was revoked for as long as a plane of named bundles runs, and withdraws what it names.
///
/// What was seen once stays revoked until the process ends, whatever becomes of the file. One that cannot be read or
/// believed changes nothing but what is said about it.
final class RevocationWatch: Sendable {
  private struct State {
    var known: Revocations
    /// The digest of what was looked at last, so that a file is told of once.
    var seen: Digest?
  }

  private let file: RevocationFile
  private let keys: [SealVerificationKey]
  private let plane: DataPlane
  private let log: RuntimeLog?
  private let interval: Duration
  private let thread = RecurringThread()
  /// Held for the whole of a look: the only one that exchanges the table of such a plane.
  private let state: NIOLockedValueBox<State>

  init(
    _ file: RevocationFile, trusting keys: [SealVerificationKey], known: Revocations, plane: DataPlane,
    log: RuntimeLog?, interval: Duration
  ) {
    self.file = file
    self.keys = keys
    self.plane = plane
    self.log = log
    self.interval = interval
    state = NIOLockedValueBox(State(known: known))
  }

  /// Begins to look, once an interval from now.
  func start() {
    thread.start(every: Double(self.interval.nanoseconds) / 1e9) { [self] in look() }
  }

  /// Looks no more.
  ///
  /// Blocks; never call it on an event loop.
  func finish() {
    thread.finish()
  }

  /// The same, and ends the thread.
  func stop() {
    finish()
    thread.end()
  }

  /// Looks now.
  func look() {
    state.withLockedValue { state in
      do throws(Problem) {
        guard let bytes = try file.bytes() else { return }
        let digest = Digest(of: bytes)
        guard digest != state.seen else { return }
        state.seen = digest
        state.known.formUnion(try file.revocations(in: bytes, trusting: keys))
      } catch {
        log?.write(.error, "what was revoked stays as it was: the list cannot be used", error)
        return
      }
      let former = plane.table
      let table = former.withdrawing(state.known)
      plane.publish(table)
      RunningPlane.tell(withdrawn: table, before: former, log)
    }
  }
}
