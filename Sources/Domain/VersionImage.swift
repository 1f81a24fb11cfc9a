/// An image that a version was packed into, with all that packing it again takes.
public struct VersionImage: Equatable, Sendable {
  /// Which version it serves.
  public let reference: VersionReference
  /// The digest of that version's bundle.
  public let bundle: Digest
  /// The digest of the image's manifest, by which it is known.
  public let manifest: Digest
  /// The digest of the data plane's program in it.
  public let program: Digest
  /// The public keys (PEM) whose seals it trusts.
  public let trusted: [String]
  /// What packed it, `gatehouse 0.1.0`.
  public let tool: String
  /// When it was packed first.
  public let packedAt: Timestamp

  /// Records an image.
  public init(
    reference: VersionReference, bundle: Digest, manifest: Digest, program: Digest, trusted: [String],
    tool: String, packedAt: Timestamp
  ) {
    self.reference = reference
    self.bundle = bundle
    self.manifest = manifest
    self.program = program
    self.trusted = trusted
    self.tool = tool
    self.packedAt = packedAt
  }
}
