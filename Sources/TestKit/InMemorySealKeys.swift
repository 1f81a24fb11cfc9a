public import Domain
public import Lifecycle
public import Provenance

/// The keys of seals in memory, with faults on request.
public actor InMemorySealKeys: SealKeyStore {
  private let faults: FaultPlan
  private var keys: [String: SealingKey] = [:]
  /// What signers there are, by their names.
  private let signers: [String: SealingKey]

  /// Has no key of its own yet; `faults` numbers those that are made.
  public init(signers: [String: SealingKey] = [:], faults: FaultPlan = FaultPlan()) {
    self.signers = signers
    self.faults = faults
  }

  /// The key that seals name so.
  public func signer(for hint: String) -> (any SealSigner)? {
    keys[hint] ?? signers.values.first { $0.verificationKey.hint == hint }
  }

  /// Makes a key, or answers with that of a signer.
  public func provide(_ source: SealKeySource) throws(Problem) -> any SealSigner {
    switch source {
    case .signer(let name):
      guard let key = signers[name] else {
        throw Problem(.badInput, "signer.unknown", "expected a signer that there is, found another")
      }
      return key
    case .file(let curve):
      let key = SealingKey(curve)
      try faults.write { () throws(Problem) in keys[key.verificationKey.hint] = key }
      return key
    }
  }

  /// Loses a private key, as a disk may.
  public func lose(_ hint: String) { keys[hint] = nil }
}
