/// Where things stand in an image, for whoever packs one and for the program that runs in it.
///
/// Paths are relative to the root of the image.
public enum ImagePlaces {
  /// The data plane's program.
  public static let program = "gatehouse-runtime"
  /// The directory of bundles: a directory for each name, and in it one for each version.
  public static let bundles = "bundles"
  /// The directory of the public keys whose seals are trusted, a file (PEM) each.
  public static let trust = "trust"
  /// The file of callers' keys that came with the image.
  public static let callers = "callers/keys.jsonl"
  /// The directory that whoever runs the image may bring, with a file `keys.jsonl` of callers' keys in the place of those.
  public static let brought = "run/gatehouse"
  /// The file in that directory that says what was revoked, where there is one.
  public static let revocations = "revoked.jsonl"
  /// The directory for access records, which whoever runs the image may bring.
  public static let records = "spool"
  /// The port of predictions.
  public static let port = 8080
  /// The port of metrics and health.
  public static let adminPort = 8081

  /// The file of a trusted key, by the name that seals give it.
  public static func trusted(_ hint: String) -> String { "\(trust)/\(hint).pem" }

  /// The directory of one version's bundle.
  public static func bundle(of reference: VersionReference) -> String {
    "\(bundles)/\(reference.name)/\(reference.version)"
  }
}
