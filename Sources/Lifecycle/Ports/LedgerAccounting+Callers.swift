import Domain
import Encoding

// Who may call and how much, as the details of an entry carry it; see `LedgerAccounting.swift`.

extension PredictionKey {
  /// The key as a change.
  var change: JSON {
    var members: [String: JSON] = [
      "change": "add-key", "id": .string(id), "hash": .string(hash.description),
      "deployment": .string(deployment.description), "at": .integer(createdAt.milliseconds),
      "revokedAt": revokedAt.map { .integer($0.milliseconds) } ?? .null,
    ]
    members["limits"] = terms.limits.json
    members["expires"] = terms.expiresAt.map { .integer($0.milliseconds) }
    return .object(members)
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let id = members.text("id"), let hash = members.digest("hash"),
      let deployment = members.name("deployment"),
      let limits = try? CallerLimits(json: members.json["limits"])
    else { return nil }
    self.init(
      id: id, hash: hash, deployment: deployment, createdAt: moment,
      terms: KeyTerms(limits: limits, expiresAt: members.moment("expires")),
      revokedAt: members.moment("revokedAt"))
  }
}

extension DeploymentSettings {
  /// The policy as a change.
  var change: JSON {
    [
      "change": "set-policy", "name": .string(deployment.description), "policy": policy.json,
      "at": .integer(since.milliseconds),
    ]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let name = members.name("name"), let json = members.json["policy"],
      let policy = try? DeploymentPolicy(json: json)
    else { return nil }
    self.init(deployment: name, policy: policy, since: moment)
  }
}

extension ConfiguredIssuer {
  /// The issuer as a change.
  var change: JSON {
    ["change": "set-issuer", "issuer": issuer.json, "at": .integer(since.milliseconds)]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let json = members.json["issuer"], let issuer = try? TokenIssuer(json: json) else { return nil }
    self.init(issuer: issuer, since: moment)
  }
}
