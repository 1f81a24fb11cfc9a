public import Domain
public import Lifecycle

/// The data plane processes of a directory whose control plane is gone.
public struct LeftProcesses: LeftDataPlane {
  private let directory: String

  /// Speaks with those that have their control sockets in this directory.
  public init(in directory: String) { self.directory = directory }

  /// Has each of them read the saved state, which is of that generation; nil where none answers.
  public func apply(_ generation: Int) async throws(Problem) -> PlaneApplication? {
    try await LocalDataPlane.tellSurvivors(in: directory, generation)
  }
}
