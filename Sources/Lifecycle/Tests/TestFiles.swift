import Domain
import ModelGraph
import ModelTests
import Provenance

/// What tests are made of, read from where it is kept.
struct TestFiles: Sendable {
  /// The most bytes that rows with their labels may have on the road; offline there may be more of them.
  static let dataLimit = 64 << 20

  let registry: any RegistryReader
  let blobs: any BlobStore
  let bundles: any BundleStore
  let seals: Seals

  /// A plan; throws the first of its faults.
  func plan(_ digest: Digest) async throws(Problem) -> TestPlan {
    try TestPlan(parsing: try await blobs.read(digest, limit: TestPlan.sizeLimit))
  }

  /// Rows with their labels; nil of nothing.
  func data(_ stated: DataSet?) async throws(Problem) -> DataTable? {
    guard let stated else { return nil }
    let bytes = try await blobs.read(stated.digest, limit: Self.dataLimit)
    return try DataTable(csv: bytes, name: stated.name, digest: stated.digest)
  }

  /// The version of a model that is in service, to compare with; nil where none is.
  func champion(
    of name: ModelName
  ) async throws(Problem) -> (version: VersionReference, model: TestJob.Model)? {
    guard let served = try await registry.deployments().first(where: { $0.name == name }) else { return nil }
    let reference = VersionReference(name: name, version: served.version)
    return (reference, try await model(served.bundle, digest: served.bundle))
  }

  /// The model of a bundle whose seal holds; reports name it by `digest`.
  func model(_ bundle: Digest, digest: Digest) async throws(Problem) -> TestJob.Model {
    let sealed = try await bundles.sealed(bundle, trusting: try await seals.trusted())
    let graph = try sealed.contents.requiredBytes(at: EncodedGraph.graphPath)
    let weights = try sealed.contents.requiredBytes(at: EncodedGraph.weightsPath)
    return TestJob.Model(
      try ValidatedGraph(try ModelGraph(decoding: graph, weights: weights)),
      byteCount: graph.count + weights.count, digest: digest)
  }
}
