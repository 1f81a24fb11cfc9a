public import Domain
public import Lifecycle
import Provenance

/// The data plane's state as one file that is whole whenever the machine stops.
public struct FilePlaneStateStore: PlaneStateStore {
  /// The file that holds the state.
  public let path: String

  /// The largest state that is read: some hundred thousand deployments and keys.
  private static let limit = 64 << 20

  /// Names the file; it need not be there yet.
  public init(path: String) {
    self.path = path
  }

  /// Replaces the state.
  ///
  /// A crash on the way leaves the former state or this one, each whole.
  public func save(_ state: PlaneState) throws(Problem) {
    // For the group too: the data plane may be of another user.
    try DurableFile.write(
      state.encoded(digest: Digest(of: state.canonicalContent)), to: path, mode: 0o640)
  }

  /// The state that was saved last, its digest checked.
  public func load() throws(Problem) -> PlaneState? {
    guard let bytes = try DurableFile.read(path, limit: Self.limit) else { return nil }
    return try PlaneState(parsing: bytes) { Digest(of: $0) }
  }
}
