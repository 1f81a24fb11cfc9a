import Artifacts
import Domain

/// Something to look for in the values of a pickle, once all of it was read.
///
/// The pickle machine says what loading would do; a check says what the values would do afterwards, when somebody
/// predicts with them or prints them.
protocol DocumentCheck: SendableMetatype {
  /// What there is to say about the values of `document`, which was read from `subject`.
  ///
  /// Takes time in proportion to the document: it is called for every pickle.
  static func findings(of document: PickleDocument, in subject: Subject) -> [Finding]
}

/// Every check of the values of a pickle.
enum DocumentChecks {
  static let all: [any DocumentCheck.Type] = [
    SecretsCheck.self,
    ScikitLearnStructure.self,
    BoosterCheck.self,
    PredictionCheck.self,
  ]

  /// What all checks have to say.
  static func findings(of document: PickleDocument, in subject: Subject) -> [Finding] {
    all.flatMap { $0.findings(of: document, in: subject) }
  }
}
