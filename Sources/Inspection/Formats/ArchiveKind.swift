import Artifacts

/// A format that is a zip archive of its own layout: a PyTorch checkpoint, a Keras model, a NumPy `.npz`.
///
/// The archive's structure was checked and reported before. Members that `inspect` does not read are inspected
/// after it, so a kind reads what it understands and leaves the rest.
protocol ArchiveKind: SendableMetatype {
  /// The name that reports give it.
  static var name: String { get }

  /// Whether an archive is of this kind, by the names of its members.
  static func claims(_ archive: ZipArchive) -> Bool

  /// Reads the members that the kind knows, and tells `walk` what there is to say.
  static func inspect(_ archive: inout OpenArchive, in walk: inout InspectionWalk) -> Inspected
}

/// An archive kind as a value.
struct KnownArchiveKind: Sendable {
  let name: String
  let claims: @Sendable (ZipArchive) -> Bool
  let inspect: @Sendable (inout OpenArchive, inout InspectionWalk) -> Inspected

  init<Kind: ArchiveKind>(_ kind: Kind.Type) {
    name = Kind.name
    claims = { Kind.claims($0) }
    inspect = { Kind.inspect(&$0, in: &$1) }
  }
}

extension KnownArchiveKind {
  /// Every kind; the first that claims an archive has it.
  static let all: [KnownArchiveKind] = [
    KnownArchiveKind(NumPyArchive.self),
    KnownArchiveKind(TorchArchive.self),
    KnownArchiveKind(KerasArchive.self),
    KnownArchiveKind(SkopsArchive.self),
  ]
}
