import Domain
import Monitoring

// What is masked is in no window that is kept: data planes leave it out, and what they wrote before is gone through here.

extension Watching {
  /// What the deployments have masked, where they have anything.
  func masks() async throws(Problem) -> [ModelName: ColumnMask] {
    var masks: [ModelName: ColumnMask] = [:]
    for settings in try await registry.settings() where !settings.policy.records.masked.isEmpty {
      masks[settings.deployment] = ColumnMask(settings.policy.records.masked)
    }
    return masks
  }

  /// Takes the values of masked columns out of windows that were kept before they were masked, and out of what alerts say.
  ///
  /// Once for each mask and each start of the process; a crash has it begin again.
  func hideKept(by masks: [ModelName: ColumnMask]) async throws(Problem) {
    for (name, mask) in masks where hidden[name] != mask {
      for version in try await store.versions(of: name) {
        let training = try await distances(of: version)
        // One that is put in another's place comes behind those that begin with it: until nothing is found any more.
        while try await hideOnce(version, mask, training) {}
      }
      let named = try await store.alerts(of: name, count: .max).filter { alert in
        let role = ColumnShape.Role.allCases.first { $0.text == alert.role }
        // What is said of a caller names no value.
        return !alert.isAboutCaller && !alert.message.isEmpty && mask.hides(alert.column, role ?? .feature)
      }
      if !named.isEmpty { try await store.forgetMessages(of: named.map(\.id)) }
      hidden[name] = mask
    }
    hidden = hidden.filter { masks[$0.key] != nil }
  }

  /// Goes through the windows of a version once; whether there was anything to hide.
  private func hideOnce(
    _ version: VersionReference, _ mask: ColumnMask, _ training: ReferenceDistances?
  ) async throws(Problem) -> Bool {
    var (skipped, hasHidden) = (0, false)
    while true {
      let kept = try await store.windows(
        of: version, after: Timestamp(milliseconds: .min), before: Timestamp(milliseconds: .max),
        skipping: skipped, count: 16)
      for one in kept {
        var window = one.window
        guard window.window.hide(mask, against: training) else { continue }
        try await store.replace([one.id], by: window)
        hasHidden = true
      }
      skipped += kept.count
      guard kept.count == 16 else { return hasHidden }
    }
  }

  /// What masked values are measured by; nil where nobody said what training looked like, or that does not read.
  func distances(of version: VersionReference) async throws(Problem) -> ReferenceDistances? {
    do throws(Problem) { return try await training.reference(of: version).map(ReferenceDistances.init) } catch
      where TrainingReferences.isUseless(error)
    {
      return nil
    }
  }
}
