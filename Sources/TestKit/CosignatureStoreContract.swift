import Domain
public import Lifecycle
import Testing

/// What every store of cosignatures keeps.
public struct CosignatureStoreContract {
  private let store: any CosignatureStore

  /// Holds an empty store to the contract.
  public init(_ store: any CosignatureStore) { self.store = store }

  private func cosignature(_ witness: String, _ size: Int) -> KeptCosignature {
    KeptCosignature(witness: witness, size: size, checkpoint: "note \(size)\n", line: "— \(witness) \(size)")
  }

  /// Runs all of it.
  public func run() async throws {
    #expect(try await store.cosignatures().isEmpty)
    #expect(try await store.alarms().isEmpty)
    for size in [20, 3] { try await store.keep(cosignature("b", size), beside: nil) }
    try await store.keep(cosignature("a", 7), beside: nil)
    #expect(
      try await store.cosignatures() == [cosignature("a", 7), cosignature("b", 3), cosignature("b", 20)])

    // An alarm stands until the witness cosigns.
    let problem = Problem(
      .integrity, "witness.ahead", "expected less, found more", subject: "b", hint: "look")
    try await store.alarm(problem, of: "b")
    #expect(try await store.alarms() == ["b": problem])
    try await store.keep(cosignature("a", 8), beside: nil)
    #expect(try await store.alarms() == ["b": problem])
    try await store.keep(cosignature("b", 21), beside: nil)
    #expect(try await store.alarms().isEmpty)

    // The newest are kept, and the one that is served.
    for size in 100..<200 { try await store.keep(cosignature("b", size), beside: 20) }
    let sizes = try await store.cosignatures().filter { $0.witness == "b" }.map(\.size)
    #expect(sizes == [20] + Array((200 - type(of: store).cosignatureLimit)..<200))
    #expect(try await store.cosignatures().filter { $0.witness == "a" }.map(\.size) == [7, 8])

    try await store.alarm(problem, of: "b")
    try await store.forget("b")
    #expect(try await store.alarms().isEmpty)
    #expect(try await store.cosignatures().map(\.witness) == ["a", "a"])
  }
}
