import Artifacts
import Domain
import Encoding

/// What the parameters of estimators would do when somebody predicts: functions that are called with the rows, and
/// patterns that are matched against what a caller sends.
struct PredictionCheck: DocumentCheck {
  /// How many different patterns are looked at.
  private static let patternLimit = 64

  /// The parameters that may hold a function, and are strings or `None` otherwise.
  private static let callables = [
    "func", "inverse_func", "metric", "kernel", "tokenizer", "analyzer", "preprocessor", "weights",
    "affinity",
    "distance_func",
  ]
  /// Parameters that say how much is made of each row, and what no honest model passes.
  private static let limits: KeyValuePairs<String, Int64> = [
    "degree": 1_000, "_max_degree": 1_000, "ngram_range": 1_000,
  ]
  /// Those of them, of `FunctionTransformer` and `TransformedTargetRegressor`, that may be one of NumPy's.
  private static let functions: Set<String> = ["func", "inverse_func"]

  static func findings(of document: PickleDocument, in subject: Subject) -> [Finding] {
    var values = PickleAttributes(of: document)
    var findings: [Finding] = []
    var patterns: Set<String> = []
    func check(pattern id: ValueID) {
      guard case .string(let pattern) = document[id], patterns.count < patternLimit,
        patterns.insert(pattern).inserted,
        let finding = finding(of: pattern, member: subject.member, offset: document.offset(of: id))
      else { return }
      findings.append(finding)
    }
    for value in document.values {
      guard case .object(let object) = value else { continue }
      if object.constructor == PickleGlobal(module: "re", name: "_compile"),
        let first = object.arguments.first
      {
        check(pattern: first)
      }
      guard object.type.module.hasPrefix("sklearn.") else { continue }
      // Neither has any of the parameters, and there are many trees.
      if object.type.module.hasPrefix("sklearn.tree") || object.type.module.hasPrefix("sklearn.ensemble") {
        continue
      }
      let isFeature = object.type.module.hasPrefix("sklearn.feature_extraction")
      let attributes = values.attributes(of: object)
      for (name, limit) in limits {
        guard let id = attributes[name], let number = largest(document, id), number > limit,
          findings.count < 100
        else { continue }
        findings.append(
          Rule.predictionSize.finding(
            "expected \(name) of at most \(limit) in \(object.type.name.escaped(limit: 80)), found \(number)",
            member: subject.member, offset: document.offset(of: id)))
      }
      if isFeature, let pattern = attributes["token_pattern"] { check(pattern: pattern) }
      for name in callables {
        guard let id = attributes[name], case .global(let global) = document[id] else { continue }
        // Lifting knows these, and refuses those that it does not know.
        if functions.contains(name), isArrayFunction(global) { continue }
        guard findings.count < 100 else { return findings }
        findings.append(
          Rule.predictionCallable.finding(
            "expected no function as \(name) of \(object.type.name.escaped(limit: 80)), found"
              + " \(global.description.escaped(limit: 200))", member: subject.member,
            offset: document.offset(of: id)))
      }
    }
    return findings
  }

  /// The number, or the largest of a pair.
  private static func largest(_ document: PickleDocument, _ id: ValueID) -> Int64? {
    switch document[id] {
    case .integer(let number): return number
    case .largeInteger: return .max
    case .tuple(let items):
      return items.prefix(2).compactMap { item in
        switch document[item] {
        case .integer(let number): number
        case .largeInteger: .max
        default: nil
        }
      }.max()
    default: return nil
    }
  }

  /// Whether a name is one of NumPy's functions of arrays.
  private static func isArrayFunction(_ global: PickleGlobal) -> Bool {
    [
      "numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath", "scipy.special",
      "scipy.special._ufuncs", "scipy.special._special_ufuncs",
    ].contains(global.module)
  }

  /// What there is to say about a pattern.
  static func finding(of pattern: String, member: String, offset: Int?) -> Finding? {
    let spelled = "'\(pattern.escaped(limit: 120))'"
    do throws(PatternParser.Unsupported) {
      for node in try RegexReader(pattern).nodes {
        do throws(RegexAmbiguity.TooLarge) {
          guard let danger = try RegexAmbiguity.danger(of: node) else { continue }
          let why =
            switch danger {
            case .exponential: "that can be matched in exponentially many ways"
            case .polynomial(let degree): "whose time grows with power \(degree) of the length of a text"
            case .counted(let count): "that counts to \(count)"
            }
          return Rule.regex.finding(
            "expected a pattern that is matched in reasonable time, found \(spelled), \(why)", member: member,
            offset: offset)
        } catch {
          return Rule.regexUnknown.finding(
            "expected a pattern of ordinary size, found \(spelled)", member: member, offset: offset)
        }
      }
      return nil
    } catch {
      return Rule.regexUnknown.finding(
        "expected a pattern that can be checked, found \(spelled) with \(error.construct) at character"
          + " \(error.position)", member: member, offset: offset)
    }
  }
}
