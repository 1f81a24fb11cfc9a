public import Domain
public import Lifecycle

/// What was seen at the steps of roll-outs, a file for each deployment.
public actor RolloutEvidenceFiles: RolloutEvidenceStore {
  /// The largest file that is read; one that is larger is none that was written here.
  private static let limit = 4 << 20

  private let directory: String
  private let disk = Disk()
  private let executor = DiskExecutor()

  /// Runs on a thread that may block.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// Keeps files in a directory, which has to be there.
  ///
  /// Removes what a crash left unfinished.
  public init(directory: String) throws(Problem) {
    self.directory = directory
    try disk.removeUnfinished(in: directory)
  }

  /// What was saved last; nil where there is nothing.
  public func load(_ deployment: ModelName) throws(Problem) -> [UInt8]? {
    try DurableFile.read(path(deployment), limit: Self.limit)
  }

  /// Replaces it.
  ///
  /// A crash on the way leaves the former file or this one, each whole.
  public func save(_ bytes: [UInt8], of deployment: ModelName) throws(Problem) {
    try DurableFile.write(bytes, to: path(deployment))
  }

  /// Forgets it.
  public func remove(_ deployment: ModelName) throws(Problem) {
    guard try DurableFile.read(path(deployment), limit: Self.limit) != nil else { return }
    try disk.remove(path(deployment))
  }

  /// Names of models are names of files: letters, digits, and a few marks that mean nothing in a path.
  private func path(_ deployment: ModelName) -> String { "\(directory)/\(deployment).json" }
}
