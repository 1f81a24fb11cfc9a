import Domain
import Encoding
import Gates
import Lifecycle

extension ModelVersion {
  /// The version; what it was revoked by and from where it was promoted, where it was.
  func json(revocation: Revocations.Version?, promotion: PromotionRecord? = nil) -> JSON {
    var members: [String: JSON] = [
      "name": .string(reference.name.description), "version": JSON(reference.version.value),
      "digest": .string(bundle.description), "artifact": .string(artifact.description),
      "policy": .string(policy.description), "framework": .string(framework),
      "pushedBy": .string(pushedBy.description), "admittedAt": .string(admittedAt.description),
      "trainingData": trainingData.json,
    ]
    members["revokedAt"] = revocation.map { .string($0.since.description) }
    members["revokedFor"] = revocation.map { .string($0.reason) }
    members["promotion"] = promotion?.json
    return .object(members)
  }
}

extension VersionImage {
  var json: JSON {
    [
      "version": JSON(reference.version.value), "image": .string(manifest.description),
      "program": .string(program.description), "tool": .string(tool),
      "packedAt": .string(packedAt.description),
    ]
  }
}

extension Deployment {
  func json(url: String) -> JSON {
    [
      "name": .string(name.description), "version": JSON(version.value),
      "digest": .string(bundle.description), "since": .string(since.description),
      "url": .string("\(url)/models/\(name)/predict"),
    ]
  }
}

extension Alias {
  var json: JSON {
    [
      "alias": .string(name.description), "version": JSON(version.value),
      "digest": .string(bundle.description), "since": .string(since.description),
    ]
  }
}

extension PredictionKey {
  var json: JSON {
    [
      "id": .string(id), "deployment": .string(deployment.description),
      "createdAt": .string(createdAt.description),
      "revokedAt": revokedAt.map { .string($0.description) } ?? .null,
      "expiresAt": terms.expiresAt.map { .string($0.description) } ?? .null,
      "limits": terms.limits.json ?? .null,
    ]
  }
}

extension QuarantinedArtifact {
  var json: JSON {
    [
      "artifact": .string(artifact.description), "name": .string(name.description),
      "verdict": .string(verdict.rawValue), "pushedBy": .string(pushedBy.description),
      "refusedAt": .string(refusedAt.description),
    ]
  }
}

extension ServedSince {
  var json: JSON {
    [
      "since": .string(time.description), "version": JSON(version.version.value),
      "digest": .string(bundle.description), "principal": .string(principal.description),
      "policy": policy.map { .string($0.description) } ?? .null, "entry": JSON(position),
    ]
  }
}

extension ServedAccount {
  var json: JSON {
    [
      "model": .string(model.description), "at": .string(moment.description),
      "served": served?.json ?? .null, "version": version?.json(revocation: nil) ?? .null,
      "aliases": .array(aliases.map(\.json)),
      "steps": .array(
        steps.map { step in
          var members: [String: JSON] = [
            "act": .string(step.act.rawValue), "time": .string(step.time.description),
            "principal": .string(step.principal.description), "entry": JSON(step.position),
          ]
          members["given"] = step.isGiven.map { .bool($0) }
          return .object(members)
        }),
    ]
  }
}

extension AliasMove {
  var json: JSON {
    [
      "since": .string(time.description), "alias": .string(alias.description),
      "version": target.map { JSON($0.version.value) } ?? .null,
      "digest": target.map { .string($0.bundle.description) } ?? .null,
      "principal": .string(principal.description), "entry": JSON(position),
    ]
  }
}
