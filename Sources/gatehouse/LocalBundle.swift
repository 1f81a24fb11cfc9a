import Domain
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
      guard let digest = try await digest(of: reference, in: registry(data)) else { return nil }
      return DirectoryBundleStore(reading: data.bundles).path(of: digest)
    default: return nil
    }
  }

  /// The registry of a data directory, to be read beside the process that writes it.
  static func registry(_ data: DataDirectory) throws(Problem) -> SQLiteRegistry {
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

  /// The key in the file that was named, or the platform's own.
  static func trusted(_ file: String?, _ data: DataDirectory) throws(Problem) -> SealVerificationKey {
    try KeyFiles.sealVerificationKey(at: file ?? "\(data.keys)/seal.pub.pem")
  }
}
