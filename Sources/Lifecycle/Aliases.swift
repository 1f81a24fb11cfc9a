import Domain
import Encoding
import Gates

/// Moves and removes the movable names of versions: the data plane first, then the registry, as a roll-out does.
struct Aliases {
  let registry: any RegistryReader
  let seals: Seals
  let served: ServedState
  let plane: any DataPlane
  let release: Release
  let time: any TimeSource

  /// Has an alias name a version; it answers under it by the time this returns.
  ///
  /// One that names it already is left as it is. Throws `version.unknown`, `alias.too-many`, and as
  /// `Seals.requireServable` does.
  func set(
    _ name: AliasName, of model: ModelName, to version: VersionNumber, for asker: RoleHolder,
    recorder: Recorder
  ) async throws(Problem) -> Alias {
    let target = try await registry.version(VersionReference(name: model, version: version))
    let present = try await registry.aliases()
    let former = present.first { $0.model == model && $0.name == name }
    if let former, former.version == version { return former }
    guard former != nil || present.count(where: { $0.model == model }) < Alias.limit else {
      throw Problem(
        .conflict, "alias.too-many", "expected at most \(Alias.limit) aliases of '\(model)', found one more",
        subject: model.description, hint: "remove one with 'gatehouse alias remove \(model) ALIAS'")
    }
    let subject = ModelReference(name: model, version: .alias(name)).description
    try await seals.requireServable(target)
    let image = try await registry.image(of: target.reference)?.manifest
    return try await recorder.record(
      .setAlias, of: subject, details: ["from": former.map { .string($0.version.description) } ?? .null]
    ) { () async throws(Problem) in
      // What answers under an alias is in service as much as what answers without one.
      let report = try await release.report(on: target, image, for: asker)
      let gates: [String: JSON] = ["policy": .string(report.policy.description), "gates": report.json]
      if let problem = report.problem { return .refused(problem, details: gates) }
      let alias = Alias(
        model: model, name: name, version: version, bundle: target.bundle, since: time.now())
      let next = present.filter { $0.model != model || $0.name != name } + [alias]
      try await plane.apply(served.with(aliases: next))
      return .done(
        alias,
        details: gates.merging([
          "version": JSON(version.value), "bundle": .string(alias.bundle.description),
        ]) { $1 },
        changes: [.setAlias(alias)])
    }
  }

  /// Takes an alias away; it names nothing by the time this returns.
  func remove(_ name: AliasName, of model: ModelName, recorder: Recorder) async throws(Problem) {
    let present = try await registry.aliases()
    let subject = ModelReference(name: model, version: .alias(name)).description
    guard let former = present.first(where: { $0.model == model && $0.name == name }) else {
      throw Problem(.notFound, "alias.unknown", "expected an alias of '\(model)', found '\(name)'")
    }
    try await recorder.record(
      .removeAlias, of: subject, details: ["from": .string(former.version.description)]
    ) { () async throws(Problem) in
      try await plane.apply(served.with(aliases: present.filter { $0 != former }))
      return .done((), changes: [.removeAlias(name, of: model, at: time.now())])
    }
  }
}
