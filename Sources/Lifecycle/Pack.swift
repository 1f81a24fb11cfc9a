public import Domain
import Encoding
import Packaging
import Provenance
import Statements

/// The sixth stage: the version is an image that everybody can check and run.
public struct PackedImage: Sendable {
  /// The version that was packed.
  public let signed: SignedModel
  /// Its image; nil on a platform that packs none, because its program is not one that an image can run.
  public let image: VersionImage?

  fileprivate init(signed: SignedModel, image: VersionImage?) {
    self.signed = signed
    self.image = image
  }
}

/// Packs a version's bundle, the data plane's program and the trusted keys into an image, states what there is to state of
/// it, and puts all of it into the repository that is called like the model, tagged with the version.
struct Pack: Sendable {
  let registry: any RegistryReader & LedgerReader
  let blobs: any BlobStore
  let bundles: any BundleStore
  let seals: Seals
  let packer: ImagePacker
  /// Nil where the platform packs no images.
  let program: ProgramLayer?
  let tool: String
  let time: any TimeSource

  /// Packs what stands in the bundle store now, verified; the same bundle again is the same image, and is stated once.
  func callAsFunction(_ signed: SignedModel, recorder: Recorder) async throws(Problem) -> PackedImage {
    guard let program else { return PackedImage(signed: signed, image: nil) }
    let version = signed.version
    let started = time.now()
    return try await recorder.record(.pack, of: version.reference.description) { () async throws(Problem) in
      let trusted = try await seals.trusted()
      let sealed = try await bundles.sealed(version.bundle, trusting: trusted)
      let program = try await program.packed()
      // All blobs are durable before the registry names any: a crash between leaves blobs that nothing names, and the next
      // push of the same bytes finds them there.
      let packed = try await packer.image(
        of: [try await packer.bundle(sealed)], with: program.packed, trusting: trusted)
      let manifest = packed.manifest.descriptor
      var details: [String: JSON] = [
        "image": .string(manifest.digest.description), "program": .string(program.packed.program.description),
        "bytes": JSON(packed.packedSize),
      ]
      let repository = RepositoryName(of: version.reference.name)
      let tag = RepositoryTag(
        repository: repository, tag: try ImageTag(parsing: version.reference.version.description),
        manifest: manifest.digest, since: time.now())
      let known = try await registry.image(manifest.digest)
      let image =
        known
        ?? VersionImage(
          reference: version.reference, bundle: version.bundle, manifest: manifest.digest,
          program: program.packed.program, trusted: trusted.map(\.pem), tool: tool, packedAt: time.now())
      // Each change only where it is none yet: somebody may have put the same image there before.
      var changes: [RegistryChange] = known == nil ? [.addImage(image)] : []
      if try await registry.manifest(manifest.digest, of: repository) == nil {
        changes.append(.putManifest(try stored(packed.manifest, in: repository)))
      }
      let (missing, lost) = try await unstated(manifest.digest, in: repository)
      changes += lost.map { .removeManifest($0, of: repository, at: time.now()) }
      if !missing.isEmpty {
        let stated = try StatedImage(
          packed, named: "\(repository):\(tag.tag.text)", of: [sealed], with: program.packed,
          build: program.build, tool: tool)
        let account = PackAccount(
          trace: recorder.trace, startedAt: started, finishedAt: time.now(),
          pushes: [
            PushAccount(
              reference: version.reference, principal: version.pushedBy,
              trace: try await trace(of: version) ?? recorder.trace, admittedAt: version.admittedAt)
          ])
        let statements = try await attach(
          try stated.statements(account).filter { missing.contains($0.predicateType) }, to: manifest)
        details["statements"] = JSON(statements.count)
        for statement in statements {
          changes.append(.putManifest(try stored(statement.manifest, in: repository)))
        }
      }
      if try await registry.tag(tag.tag, of: repository)?.manifest != manifest.digest {
        changes.append(.setTag(tag))
      }
      return .done(PackedImage(signed: signed, image: image), details: details, changes: changes)
    }
  }

  /// Which kinds of statements by the platform do not stand beside an image, and those that do without their bytes.
  private func unstated(
    _ image: Digest, in repository: RepositoryName
  ) async throws(Problem) -> (kinds: Set<String>, lost: [Digest]) {
    var missing = Set(Statement.Kind.allCases.map(\.rawValue))
    var lost: [Digest] = []
    for referrer in try await registry.referrers(of: image, in: repository)
    where referrer.pushedBy == .platform {
      guard let bytes = try? await blobs.read(referrer.digest, limit: ManifestDocument.longest),
        let manifest = try? ImageManifest(parsing: bytes), let statement = manifest.statement(about: image),
        let status = try await blobs.status(of: statement.digest), status.size == statement.size
      else {
        lost.append(referrer.digest)
        continue
      }
      missing.remove(manifest.annotations[AttachedStatement.predicateAnnotation] ?? "")
    }
    return (missing, lost)
  }

  /// Signs statements and keeps them as manifests about an image.
  private func attach(
    _ statements: [Statement], to image: Descriptor
  ) async throws(Problem) -> [AttachedStatement] {
    let signer = try await seals.signer()
    var attached: [AttachedStatement] = []
    for statement in statements {
      let signed = try SignedStatement(
        statement, by: signer.verificationKey, signature: try await signer.sign(statement.message))
      let document = AttachedStatement(signed.bytes, predicateType: statement.predicateType, to: image)
      for blob in document.documents { _ = try await blobs.keep(blob.bytes) }
      attached.append(document)
    }
    return attached
  }

  /// A manifest that nobody but the platform itself puts there.
  private func stored(_ manifest: ImageBlob, in repository: RepositoryName) throws(Problem) -> StoredManifest
  {
    let document = try ManifestDocument(parsing: manifest.bytes, as: manifest.descriptor.mediaType)
    return StoredManifest(
      repository: repository, digest: manifest.descriptor.digest, mediaType: document.mediaType,
      size: manifest.descriptor.size, subject: document.subject, artifactType: document.artifactType,
      pushedBy: .platform, pushedAt: time.now())
  }

  /// What ties the entries of the push together that made a version; nil where the ledger does not say.
  ///
  /// Looked for from the end: nearly always it is the push that is under way.
  private func trace(of version: ModelVersion) async throws(Problem) -> String? {
    let page = 500
    var end = try await registry.checkpoint()?.size ?? 0
    while end > 0 {
      let start = max(0, end - page)
      for bytes in try await registry.entryBytes(from: start, count: end - start).reversed() {
        guard let json = try? JSON(parsing: bytes), let entry = LedgerEntry(json: json) else { continue }
        // What mends a bundle or seals it anew makes no version.
        if entry.act == .sign, entry.phase == .done, entry.details["version"] != nil,
          entry.subject == version.reference.description
        {
          return entry.trace
        }
      }
      end = start
    }
    return nil
  }
}
