public import Domain
public import Encoding
import Provenance

/// Records for tests, each valid, each different for another number.
public enum Sample {
  /// A name; unlike the parsing initialiser it traps on a malformed one.
  public static func name(_ text: String = "iris") -> ModelName {
    guard let name = try? ModelName(parsing: text) else { preconditionFailure("no model name: \(text)") }
    return name
  }

  /// A digest that nothing but this number gives.
  public static func digest(_ number: Int) -> Digest { Digest(of: "sample \(number)".utf8) }

  /// A moment, `number` milliseconds after the sample epoch.
  public static func moment(_ number: Int = 0) -> Timestamp {
    Timestamp(milliseconds: 1_700_000_000_000 + Int64(number))
  }

  /// A person who acts.
  public static let principal = Principal(kind: .person, name: "ada")

  /// An entry for the ledger.
  public static func entry(
    _ act: Act = .push, _ phase: ActPhase = .done, subject: String = "iris", trace: String = "trace-1",
    details: [String: JSON] = [:]
  ) -> LedgerEntry {
    LedgerEntry(
      time: moment(), principal: principal, act: act, phase: phase, subject: subject, trace: trace,
      details: details)
  }

  /// A version, from 1, of a model.
  public static func version(_ number: Int, of model: ModelName = name()) -> ModelVersion {
    ModelVersion(
      reference: VersionReference(name: model, version: versionNumber(number)), bundle: digest(number),
      artifact: digest(1000 + number), policy: digest(0), framework: "scikit-learn 1.9.1",
      pushedBy: principal, admittedAt: moment(number))
  }

  /// A deployment of `version(number, of: model)`.
  public static func deployment(_ number: Int, of model: ModelName = name()) -> Deployment {
    Deployment(
      name: model, version: versionNumber(number), bundle: digest(number), since: moment(number))
  }

  /// A key in force.
  public static func key(_ number: Int, for model: ModelName = name()) -> PredictionKey {
    PredictionKey(
      id: "key-\(number)", hash: digest(2000 + number), deployment: model, createdAt: moment(number))
  }

  /// A refused artifact.
  public static func refusal(_ number: Int, as model: ModelName = name()) -> QuarantinedArtifact {
    QuarantinedArtifact(
      artifact: digest(3000 + number), name: model, verdict: .dangerous, pushedBy: principal,
      refusedAt: moment(number))
  }

  private static func versionNumber(_ number: Int) -> VersionNumber {
    guard let version = VersionNumber(number) else { preconditionFailure("no version number: \(number)") }
    return version
  }
}
