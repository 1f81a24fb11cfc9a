public import Domain

extension ControlPlane {
  /// Takes over the segments of access records that the data plane is done with.
  ///
  /// Waits for no act; never call it twice at a time.
  public func collectRecords() async throws(Problem) -> CollectedRecords {
    let collect = CollectRecords(
      registry: parts.registry, store: parts.records, feedback: feedback, time: parts.time,
      entropy: parts.entropy)
    var collected = try await collect()
    do throws(Problem) {
      try await feedback.tidy()
      try await notePerformance()
    } catch {
      collected.failures.append(error)
    }
    return collected
  }
}
