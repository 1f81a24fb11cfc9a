import Access
public import Domain
import Encoding
import Gates
public import Lifecycle
import Packaging
public import Provenance

// By the plain code that hashes all leaves: what reads tiles is held against it.

extension InMemoryRegistry: LedgerSearch {
  /// At most `count` entries that are asked for, in order, none before `first`.
  public func entries(matching filter: LedgerFilter, from first: Int, count: Int) -> [PlacedEntry] {
    let places = entries.indices.dropFirst(max(0, first)).lazy.filter { [entries] place in
      (try? JSON(parsing: entries[place])).flatMap { LedgerEntry(json: $0) }.map(filter.matches) ?? false
    }
    return places.prefix(max(0, count)).map { PlacedEntry(position: $0, bytes: entries[$0]) }
  }
}

extension InMemoryRegistry: LedgerTreeReader {
  /// The first `width` hashes of a tile; nil where the ledger has not so many of it.
  public func tile(level: Int, index: Int, width: Int) -> [Digest]? {
    guard let tile = MerkleTile(level: level, index: index, width: width) else { return nil }
    let first = tile.index * MerkleTile.fullWidth
    guard first + width <= MerkleTile.count(at: level, in: leaves.count) else { return nil }
    let leavesOfOne = 1 << (8 * level)
    return (first..<(first + width)).map { place in
      MerkleTree.root(of: leaves[(place * leavesOfOne)..<((place + 1) * leavesOfOne)])
    }
  }

  /// The bytes of the first `width` entries under a tile of level 0; nil where the ledger has not so many.
  public func entryBundle(index: Int, width: Int) -> [[UInt8]]? {
    guard let tile = MerkleTile(level: 0, index: index, width: width) else { return nil }
    let first = tile.index * MerkleTile.fullWidth
    return first + width <= entries.count ? Array(entries[first..<(first + width)]) : nil
  }

  /// The proof that an entry is one of the first `size`.
  public func inclusionProof(of index: Int, in size: Int) -> InclusionProof? {
    guard 0...leaves.count ~= size else { return nil }
    return MerkleTree.inclusionProof(of: index, in: Array(leaves.prefix(size)))
  }

  /// The proof that the first `oldSize` entries are the beginning of the first `newSize`.
  public func consistencyProof(from oldSize: Int, to newSize: Int) -> ConsistencyProof? {
    guard 0...leaves.count ~= newSize else { return nil }
    return MerkleTree.consistencyProof(from: oldSize, in: Array(leaves.prefix(newSize)))
  }
}

/// What a registry in memory knows while a proposal is decided.
struct InMemoryView: RegistryView {
  let state: RegistryState

  func versions(of name: ModelName) -> [ModelVersion] { state.versions[name] ?? [] }
  func deployments() -> [Deployment] { state.deployments }
  func aliases() -> [Alias] { state.aliases }
  func keys() -> [PredictionKey] { state.keys }
  func issuers() -> [ConfiguredIssuer] { state.issuers }
  func settings() -> [DeploymentSettings] { state.settings }
  func segment(_ name: SegmentName) -> KeptSegment? { state.segments[name] }
  func sealKeys() -> [SealKey] { state.sealKeys }
  func revokedVersions() -> [Revocations.Version] { state.revokedVersions }
  func access() -> AccessState { state.access }
  func governance(_ kind: GovernanceRecord.Kind, startingWith prefix: String) -> [GovernanceRecord] {
    state.governance.records(kind, startingWith: prefix)
  }
  func manifest(_ digest: Digest, of repository: RepositoryName) -> StoredManifest? {
    state.repositories.manifests[repository]?[digest]
  }
  func tag(_ tag: ImageTag, of repository: RepositoryName) -> RepositoryTag? {
    state.repositories.tags[repository]?[tag]
  }
}
