public import Encoding

extension PlaneState.Key {
  /// The key as a snapshot and a key file carry it; without limits and an end no more than three members.
  public var json: JSON {
    var members: [String: JSON] = [
      "id": .string(id), "hash": .string(hash.description), "deployment": .string(deployment.description),
    ]
    members["limits"] = terms.limits.json
    members["expires"] = terms.expiresAt.map { .string($0.description) }
    return .object(members)
  }

  /// Reads what `json` writes; `pointer` says in an error where it stood.
  public init(json: JSON, at pointer: String) throws(Problem) {
    let fields = Fields(json, at: pointer)
    try fields.requireOnly(["id", "hash", "deployment", "limits", "expires"])
    self.init(
      id: try fields.text("id"), hash: try fields.digest("hash"), deployment: try fields.name("deployment"),
      terms: KeyTerms(limits: try fields.limits("limits"), expiresAt: try fields.moment("expires")))
  }
}

extension Fields {
  /// The limits at `name`; none where there is no such member.
  func limits(_ name: String) throws(Problem) -> CallerLimits {
    do throws(Problem) { return try CallerLimits(json: json[name]) } catch {
      throw PlaneState.malformed("\(error.message) at '\(pointer)/\(name)'")
    }
  }

  /// The policy at `name`; the standard where there is no such member.
  func policy(_ name: String) throws(Problem) -> DeploymentPolicy {
    guard let policy = json[name] else { return .standard }
    do throws(Problem) { return try DeploymentPolicy(json: policy) } catch {
      throw PlaneState.malformed("\(error.message) at '\(pointer)/\(name)'")
    }
  }

  /// The moment at `name`; nil where there is no such member.
  func moment(_ name: String) throws(Problem) -> Timestamp? {
    guard json[name] != nil else { return nil }
    let text = try text(name)
    do throws(Problem) { return try Timestamp(parsing: text) } catch {
      throw PlaneState.malformed("expected a moment in UTC at '\(pointer)/\(name)', found another text")
    }
  }
}
