import Domain

extension DataPlane {
  /// What was counted of every version that answers or is asked in the shadow: what roll-outs are judged by.
  func counts(instance: String) -> PlaneCounts {
    var counts = PlaneCounts(
      instance: instance, unasked: shadowThread.unasked, versions: table.models.map(\.counts))
    counts.turnedAway = turnedAway.counts
    return counts
  }
}

extension ServedModel {
  /// What was counted of it since it was loaded.
  fileprivate var counts: PlaneCounts.Version {
    var version = PlaneCounts.Version(reference)
    let counted = metrics.counts
    let shared = counted.shared
    let shadowed = shadowed.counts
    version.answered = shared.answered + shadowed.compared
    version.refused = shared.refused
    version.failed = shared.failed + shadowed.failed
    version.latency = shared.durations.counts
    version.refusals = shared.refusals
    version.failures = shared.failures
    version.stages = shared.stages
    version.progress = shadowed.compared
    version.ended = shadowed.compared
    for (kind, count) in counted.requests where kind.status != 499 {
      version.ended += count
      if kind.status < 400 { version.progress += count }
    }
    version.compared = shadowed.compared
    version.disagreeing = shadowed.disagreeing
    let probed = probe.counts
    let now = Clock.monotonic()
    version.failingProbes = probe.isReady(at: now) ? 0 : max(1, probed.failing)
    version.isProbeOverdue = probe.isOverdue(at: now)
    return version
  }
}
