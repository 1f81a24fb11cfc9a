public import Artifacts
public import Domain
public import Encoding

/// What inspection found in one artifact.
public struct InspectionReport: Sendable {
  /// The path that the caller named the artifact by.
  public let path: String
  /// What the bytes are, by their content.
  ///
  /// `pickle`, `joblib+zlib`, `npy`, `zip` and the like.
  public let format: String
  /// The answer as a whole: the worst that any finding leads to.
  public let verdict: InspectionVerdict
  /// Everything there is to say, the weightiest first.
  public let findings: [Finding]
  /// The values, where the artifact could be read to its end.
  public let document: PickleDocument?
  /// The file inside the artifact that the values come from; empty for an artifact that is one file.
  public let member: String
  /// The version of scikit-learn that wrote the artifact, where it says so.
  public let frameworkVersion: String?

  /// The result as scripts may rely on it: path, format, verdict, findings.
  public var json: JSON {
    [
      "path": .string(path), "format": .string(format), "verdict": .string(verdict.rawValue),
      "findings": .array(findings.map(\.json)),
    ]
  }
}
