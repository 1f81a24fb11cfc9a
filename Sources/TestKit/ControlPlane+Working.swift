public import Lifecycle

extension ControlPlane {
  /// Runs `body` with the queue of acts at work.
  public func working<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    async let work: Void = run()
    do {
      let result = try await body()
      stop()
      await work
      return result
    } catch {
      stop()
      await work
      throw error
    }
  }
}
