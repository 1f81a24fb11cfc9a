public import Domain
public import Encoding

/// What must hold before a version is admitted, as values.
public struct Policy: Equatable, Sendable {
  /// The artifact formats that may come in, by the names that inspection gives them, without the compression.
  public var allowedFormats: [String]
  /// The frameworks whose models may come in.
  public var allowedFrameworks: [String]
  /// The gravest finding that may stand.
  public var highestSeverity: Severity
  /// The most bytes that a lifted model may have, graph and weights together.
  public var largestModelBytes: Int

  /// States a policy.
  public init(
    allowedFormats: [String], allowedFrameworks: [String], highestSeverity: Severity,
    largestModelBytes: Int
  ) {
    self.allowedFormats = allowedFormats
    self.allowedFrameworks = allowedFrameworks
    self.highestSeverity = highestSeverity
    self.largestModelBytes = largestModelBytes
  }

  /// The policy of a platform that was given no other: whatever can be lifted may come in.
  public static let standard = Policy(
    allowedFormats: ["pickle", "joblib", "XGBoost", "LightGBM", "CatBoost", "ONNX"],
    allowedFrameworks: ["scikit-learn", "xgboost", "lightgbm", "catboost", "onnx"], highestSeverity: .low,
    largestModelBytes: 1 << 30)

  /// The policy as reports carry it; its canonical bytes are what a verdict's policy digest is over.
  public var json: JSON {
    [
      "allowedFormats": .array(Set(allowedFormats).sorted().map { .string($0) }),
      "allowedFrameworks": .array(Set(allowedFrameworks).sorted().map { .string($0) }),
      "highestSeverity": .string(highestSeverity.rawValue),
      "largestModelBytes": JSON(largestModelBytes),
    ]
  }
}

/// What a candidate brings to the gates.
public struct AdmissionEvidence: Equatable, Sendable {
  /// The format of the artifact.
  public var format: String
  /// What inspection said of it.
  public var verdict: InspectionVerdict
  /// What inspection found.
  public var findings: [Finding]
  /// The framework that it was trained with.
  public var framework: String
  /// The size of the lifted model in bytes, graph and weights together.
  public var modelBytes: Int

  /// Gathers what is known of a candidate.
  public init(
    format: String, verdict: InspectionVerdict, findings: [Finding], framework: String, modelBytes: Int
  ) {
    self.format = format
    self.verdict = verdict
    self.findings = findings
    self.framework = framework
    self.modelBytes = modelBytes
  }

  /// The format without the compression around it: `joblib` of `joblib+zlib`.
  var plainFormat: String { String(format.prefix { $0 != "+" }) }
}
