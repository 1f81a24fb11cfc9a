import Domain

/// What is served at one moment: immutable, swapped whole.
final class RoutingTable: Sendable {
  /// What stands behind one served name.
  enum Entry: Sendable {
    case model(ServedModel)
    /// It should be served and cannot be, and never could since this process started.
    case unavailable(Problem)

    /// The model, where it is served.
    var model: ServedModel? {
      guard case .model(let model) = self else { return nil }
      return model
    }
  }

  /// The generation of the snapshot that this came from; 0 where there is none.
  let generation: Int
  let entries: [String: Entry]
  let keys: KeyRing

  init(generation: Int, entries: [String: Entry], keys: KeyRing) {
    self.generation = generation
    self.entries = entries
    self.keys = keys
  }

  /// What this table serves of what a snapshot has, by the snapshot's keys alone.
  ///
  /// What stands while the snapshot is loaded: it opens nothing that the snapshot closes.
  func narrowed(to state: PlaneState) -> RoutingTable {
    let names = Set(state.deployments.map(\.name.description))
    return RoutingTable(
      generation: generation, entries: entries.filter { names.contains($0.key) }, keys: KeyRing(state.keys))
  }

  /// The models that answer, sorted by name.
  var models: [ServedModel] {
    entries.values.compactMap { entry in
      guard case .model(let model) = entry else { return nil }
      return model
    }.sorted { $0.reference.name < $1.reference.name }
  }

  /// Whether every name that should be served is.
  var isReady: Bool {
    entries.values.allSatisfy { entry in
      guard case .model = entry else { return false }
      return true
    }
  }
}
