import Domain

extension DataPlane {
  /// What was counted of every version that answers or is asked in the shadow: what roll-outs are judged by.
  func counts(instance: String) -> PlaneCounts {
    PlaneCounts(instance: instance, unasked: shadowThread.unasked, versions: table.models.map(\.counts))
  }
}

extension ServedModel {
  /// What was counted of it since it was loaded.
  fileprivate var counts: PlaneCounts.Version {
    var version = PlaneCounts.Version(reference)
    let own = metrics.counts
    for (kind, count) in own.requests where kind.isPrediction {
      switch kind.status {
      case ..<400: version.answered += count
      // Whoever is not there any more was neither refused nor failed.
      case 499: break
      case ..<500: version.refused += count
      default: version.failed += count
      }
    }
    version.latency = own.answers.counts
    let shadowed = shadowed.counts
    version.answered += shadowed.compared
    version.failed += shadowed.failed
    version.compared = shadowed.compared
    version.disagreeing = shadowed.disagreeing
    return version
  }
}
