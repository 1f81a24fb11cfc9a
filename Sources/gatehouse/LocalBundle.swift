import Domain
import Lifecycle
import Provenance
import Storage

/// Bundles that a user names on the command line.
enum LocalBundle {
  /// Where the bundle stands that is named by its directory, or by a served model's name (`NAME`, `NAME@VERSION`,
  /// `NAME@ALIAS`) in a data directory; nil where neither is there.
  static func path(of model: String, _ data: DataDirectory) async throws -> String? {
    switch LocalFiles.kind(of: model) {
    case .directory where LocalFiles.kind(of: "\(model)/\(Manifest.path)").isFile: return model
    case .missing:
      guard let reference = try? ModelReference(parsing: model) else { return nil }
      guard let digest = try await digest(of: reference, in: registry(of: data)) else { return nil }
      return DirectoryBundleStore(reading: data.bundles).path(of: digest)
    default: return nil
    }
  }

  /// The registry of a data directory, to be read beside the process that writes it.
  static func registry(of data: DataDirectory) throws(Problem) -> SQLiteRegistry {
    let key = try KeyFiles.ledgerVerificationKey(at: "\(data.keys)/ledger.pub")
    return try SQLiteRegistry(reading: data.registry, trusting: key)
  }

  /// The bundle of a model's live version, or of the version that a number or an alias names.
  static func digest(of reference: ModelReference, in registry: SQLiteRegistry) async throws
    -> Digest?
  {
    let name = reference.name
    switch reference.version {
    case nil: return try await registry.deployments().first { $0.name == name }?.bundle
    case .alias(let alias)?:
      return try await registry.aliases().first { $0.model == name && $0.name == alias }?.bundle
    case .number(let version)?:
      return try await registry.versions(of: name).first { $0.reference.version == version }?.bundle
    }
  }

  /// The key in the file that was named, or those that the platform trusts.
  static func trusted(_ file: String?, _ data: DataDirectory) async throws -> [SealVerificationKey] {
    if let file { return [try KeyFiles.sealVerificationKey(at: file)] }
    let keys = try await known(data)
    // Before the first start of a release that keeps them in the registry, there is the first key alone.
    guard !keys.isEmpty else { return [try KeyFiles.sealVerificationKey(at: "\(data.keys)/seal.pub.pem")] }
    return try keys.trusted()
  }

  /// What the platform has revoked; nothing where there is no platform.
  static func revoked(_ data: DataDirectory) async throws -> Revocations {
    guard LocalFiles.kind(of: data.registry).isFile else { return .none }
    return try await registry(of: data).revocations()
  }

  private static func known(_ data: DataDirectory) async throws -> [SealKey] {
    guard LocalFiles.kind(of: data.registry).isFile else { return [] }
    return try await registry(of: data).sealKeys()
  }
}
