import Domain
import Lifting
import ModelGraph
import Monitoring
import Provenance

/// What the training data of versions looked like, which whoever pushes a model may bring along.
struct TrainingReferences: Sendable {
  let registry: any RegistryReader
  let blobs: any BlobStore

  /// Holds what a push brings against the model: each column of its signature, of the same kind, and no other.
  ///
  /// What the data were is the word of whoever pushes, as their digests are; that it is about this model is not. Throws
  /// `monitoring.malformed` and `reference.unlike-model`.
  func check(_ lifted: LiftedModel) async throws(Problem) {
    guard let digest = lifted.inspected.pushed.reference else { return }
    do throws(Problem) {
      let reference = try Reference(bytes: try await blobs.read(digest, limit: Reference.sizeLimit))
      try WatchedColumns(lifted.lifted.graph.graph.signature).check(reference)
    } catch {
      var problem = error
      problem.subject = problem.subject ?? Reference.path
      throw problem
    }
  }

  /// What the training data of a version looked like; nil where nobody said.
  func reference(of version: VersionReference) async throws(Problem) -> Reference? {
    guard let digest = try await registry.trainingReference(of: version) else { return nil }
    do throws(Problem) {
      return try Reference(bytes: try await blobs.read(digest, limit: Reference.sizeLimit))
    } catch  where Self.isUseless(error) {
      throw Problem(
        error.category, "watch.reference-unreadable",
        "expected what the training data of \(version) looked like, found that it does not read: \(error.message)",
        subject: version.description,
        hint: "push the model again with --training-data; until then it is held against what came first")
    }
  }

  /// Whether it is known what a version's columns looked like in training, and what honest callers ask; neither where what was
  /// pushed does not read.
  func known(of version: VersionReference) async throws(Problem) -> (columns: Bool, callers: Bool) {
    do throws(Problem) {
      let reference = try await reference(of: version)
      return (reference != nil, reference?.callers != nil)
    } catch  where Self.isUseless(error) { return (false, false) }
  }

  /// The same of what a push brings along.
  func known(by digest: Digest?) async -> (columns: Bool, callers: Bool) {
    guard let digest, let bytes = try? await blobs.read(digest, limit: Reference.sizeLimit),
      let reference = try? Reference(bytes: bytes)
    else { return (false, false) }
    return (true, reference.callers != nil)
  }

  /// Whether a reference is not there or does not read, so that asking again does not help.
  static func isUseless(_ problem: Problem) -> Bool {
    [.badInput, .tooLarge, .notFound, .integrity].contains(problem.category)
  }
}
