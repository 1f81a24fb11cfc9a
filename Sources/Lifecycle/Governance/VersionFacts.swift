import Domain
import Encoding
import ModelGraph
import Monitoring
import Provenance
import Statements
import Threats

/// What the files of a bundle say that threats and advisories are gone by; what does not read is not known.
struct VersionFacts: Sendable {
  let inspection: InspectionFacts?
  let framework: FrameworkFacts?
  let answers: AnswerFacts?
  /// What labels can be held against; nil too where there is no such output.
  let output: LabelledOutput?
  /// The key that had sealed the artifact; nil where none had, and where the bundle is of a release that did not say.
  let author: String?
  /// How many bytes graph and weights have.
  let modelBytes: Int?
  /// The packages that its bill of materials names; nil where it was not made of all that says some.
  let packages: [ModelBill.StatedPackage]?

  /// Reads files whose seal was verified.
  init(_ contents: UnsealedBundle) {
    inspection = contents.bytes(at: StatedBundle.inspectionPath).flatMap(InspectionFacts.init(report:))
    let manifest = contents.bytes(at: Manifest.path).flatMap { try? Manifest(parsing: $0) }
    framework = manifest.map { FrameworkFacts(name: $0.framework, version: $0.frameworkVersion) }
    let signature = manifest.flatMap { try? ModelSignature(json: $0.signature) }
    answers = signature.map(AnswerFacts.init)
    output = signature.flatMap(LabelledOutput.init)
    packages = contents.bytes(at: ModelBill.path).flatMap { (try? ModelBill.packages(in: $0)) ?? nil }
    let model = [EncodedGraph.graphPath, EncodedGraph.weightsPath].compactMap {
      contents.bytes(at: $0)?.count
    }
    modelBytes = model.count == 2 ? model.reduce(0, +) : nil
    author =
      contents.bytes(at: ThreatModel.path).flatMap { try? ThreatModel(parsing: $0) }?.facts.seals?.author
  }
}

extension InspectionFacts {
  /// Reads the report of a bundle.
  fileprivate init?(report bytes: [UInt8]) {
    guard let report = try? JSON(parsing: bytes, limits: JSONLimits(depth: 24, values: 1_000_000)),
      let format = report["format"]?.string,
      let verdict = report["verdict"]?.string.flatMap(InspectionVerdict.init(rawValue:)),
      let findings = report["findings"]?.array
    else { return nil }
    var rules: [String: Severity] = [:]
    for finding in findings {
      guard let rule = finding["rule"]?.string,
        let severity = finding["severity"]?.string.flatMap(Severity.init(rawValue:))
      else { return nil }
      rules[rule] = max(severity, rules[rule] ?? severity)
    }
    self.init(format: format, verdict: verdict, rules: rules)
  }
}

extension AnswerFacts {
  /// What a model reads and returns, by its signature.
  init(_ signature: ModelSignature) {
    let features = signature.features
    let read =
      switch features.form {
      case .rows: features.count - features.ignored.count
      case .unread: 0
      // However many names there may be, what a caller sends is one value.
      case .documents, .mappings, .lists: 1
      }
    let kinds = signature.methods.map { method -> Kind in
      switch method {
      case .predict: signature.classes.isEmpty ? .values : .labels
      case .predictProbabilities: .probabilities
      case .decisionFunction: .scores
      case .transform: .transformed
      }
    }
    // As the model says it; what a deployment withholds of that comes on top.
    self.init(features: max(0, read), kinds: Set(kinds))
  }
}
