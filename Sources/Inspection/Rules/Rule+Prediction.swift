import Domain

// Rules about what happens when somebody predicts with a model that loads without harm.
extension Rule {
  static let prediction = [regex, regexUnknown, predictionCallable, predictionSize]

  static let regex = Rule(
    "sklearn.regex", .exhaustion, .high, .dangerous, "a pattern that a short text can keep busy for years",
    why:
      "Python's matcher tries every way to match before it gives up; a caller who knows the pattern stops the"
      + " service with one row.",
    example: "expected a pattern that is matched in reasonable time, found '(a+)+$', that can be matched in"
      + " exponentially many ways",
    remedy: "write the pattern so that no two repetitions match the same text",
    RuleText.exhaustion + ["CWE-1333"])
  static let regexUnknown = Rule(
    "sklearn.regex-unknown", .unknown, .medium, .notLiftable, "a pattern whose cost cannot be told",
    why: "What cannot be checked may be matched against whatever a caller sends.",
    example: "expected a pattern that can be checked, found '(?>a+)' with an atomic group at character 0",
    remedy: "write the pattern without conditionals, atomic groups and possessive quantifiers", [])
  static let predictionCallable = Rule(
    "sklearn.callable", .unknown, .medium, .notLiftable, "a function is kept to be called with the rows",
    why: "A metric, kernel or tokenizer runs at every prediction, with what a caller sends.",
    example: "expected no function as metric of KNeighborsClassifier, found mypkg.metrics.distance",
    remedy: "use one of the library's own by its name, or do this step before the model is called",
    RuleText.supplyChain)
  static let predictionSize = Rule(
    "sklearn.prediction-size", .exhaustion, .high, .dangerous,
    "a parameter asks for far more than a row holds",
    why: "The degree of a polynomial and the length of word groups multiply what is made of every row: memory"
      + " runs out at the first prediction.",
    example: "expected degree of at most 1000 in PolynomialFeatures, found 1000000000",
    remedy: "set the parameter to what the model was trained with", RuleText.exhaustion + ["CWE-1284"])
}
