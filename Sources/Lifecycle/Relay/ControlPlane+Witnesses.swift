public import Access
public import Domain
import Encoding
public import Gates
import Provenance

extension ControlPlane {
  /// Has a witness cosign checkpoints from now on.
  ///
  /// Throws what key and URL throw, `witness.known` and `witness.too-many`.
  public func addWitness(_ key: String, at url: String, by actor: Actor) async throws(Problem) -> Witness {
    try await require(.manageSeals, on: .platform, of: actor, asking: "add a witness")
    let witness = Witness(key: try WitnessKey(parsing: key), url: try Witness.url(url), since: now())
    // Of one of the same name that was asked before.
    try await parts.cosignatures.forget(witness.name, unless: registry)
    try await noting(.addWitness, of: witness.name, by: actor) { view throws(Problem) -> ActOutcome<Void> in
      let present = try view.governance(.witness, startingWith: "")
      guard !present.contains(where: { $0.id == witness.name }) else {
        throw Problem(
          .conflict, "witness.known",
          "expected a new witness, found '\(witness.name)', which is asked already", subject: witness.name,
          hint: "remove it first, to have it asked with another key or elsewhere")
      }
      guard present.count < Witness.limit else {
        throw Problem(
          .conflict, "witness.too-many", "expected at most \(Witness.limit) witnesses, found one more",
          hint: "remove one with 'gatehouse witnesses remove NAME'")
      }
      return .done(
        (), details: ["host": .string(witness.url.host)],
        changes: [.governance(.relay(.addWitness(witness)))])
    }
    witnesses.forget(witness.name)
    return witness
  }

  /// Asks a witness no more, and erases its cosignatures and what was the matter with it.
  public func removeWitness(_ name: String, by actor: Actor) async throws(Problem) {
    try await require(.manageSeals, on: .platform, of: actor, asking: "remove a witness")
    guard try await registry.witnesses().contains(where: { $0.name == name }) else {
      throw .unknownWitness(name)
    }
    let moment = now()
    try await noting(.removeWitness, of: name, by: actor) { view throws(Problem) -> ActOutcome<Void> in
      guard try view.governance(.witness, startingWith: name).contains(where: { $0.id == name }) else {
        throw .unknownWitness(name)
      }
      return .done((), changes: [.governance(.relay(.removeWitness(name, at: moment)))])
    }
    // A crash before this leaves cosignatures that nothing reads.
    try await parts.cosignatures.forget(name)
    witnesses.forget(name)
  }
}

extension CosignatureStore {
  /// Erases what is kept of a witness that the registry does not know.
  fileprivate func forget(_ name: String, unless registry: any RegistryReader) async throws(Problem) {
    guard try await !registry.witnesses().contains(where: { $0.name == name }) else { return }
    try await forget(name)
  }
}

extension Problem {
  fileprivate static func unknownWitness(_ name: String) -> Problem {
    Problem(
      .notFound, "witness.unknown", "expected the name of a witness, found '\(name.excerpt(80))'",
      hint: "list them with 'gatehouse witnesses list'")
  }
}
