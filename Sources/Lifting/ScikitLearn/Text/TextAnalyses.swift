import Artifacts
import Domain
import Encoding
import ModelGraph

/// The parameters that the text vectorizers share.
extension Lifter {
  /// How texts become terms.
  static func textAnalysis(
    of estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> TextAnalysis {
    let view = estimator.view
    guard view.attributeIfPresent("input")?.text ?? "content" == "content" else {
      throw estimator.unsupported(
        "input", "one that reads files", hint: "fit with input='content' and send the texts themselves")
    }
    for name in ["preprocessor", "tokenizer"] {
      guard let attribute = view.attributeIfPresent(name), !attribute.isNone else { continue }
      throw estimator.unsupported(
        name, attribute.description,
        hint: "fit with \(name)=None; a token_pattern says what a token is without code")
    }
    guard let unit = TextAnalysis.Unit(rawValue: view.attributeIfPresent("analyzer")?.text ?? "") else {
      throw estimator.unsupported(
        "analyzer", try view.attribute("analyzer").description,
        hint: "use analyzer='word', 'char' or 'char_wb'")
    }
    let lengths = try view.attribute("ngram_range").elements()
    guard lengths.count == 2 else { throw try view.attribute("ngram_range").unexpected("two integers") }
    let (shortest, longest) = (try lengths[0].integer(), try lengths[1].integer())
    guard 1...TextAnalysis.mostUnits ~= shortest, shortest...TextAnalysis.mostUnits ~= longest else {
      throw estimator.unsupported(
        "ngram_range", "(\(shortest), \(longest))",
        hint: "use n-grams of 1 to \(TextAnalysis.mostUnits) units")
    }
    var analysis = TextAnalysis(
      unit: unit, pattern: "", lowersCase: try view.attribute("lowercase").bool(),
      accents: try accents(of: estimator), shortest: shortest, longest: longest)
    if unit == .word {
      analysis.pattern = try pattern(of: estimator)
      analysis.stopWords = try stopWords(of: estimator, &builder)
    }
    return analysis
  }

  private static func accents(of estimator: Estimator) throws(Problem) -> TextAnalysis.Accents {
    let attribute = try estimator.view.attribute("strip_accents")
    switch (attribute.isNone, attribute.text) {
    case (true, _): return .kept
    case (_, "unicode"): return .stripped
    case (_, "ascii"): return .ascii
    default:
      throw estimator.unsupported(
        "strip_accents", attribute.text.map { "'\($0.excerpt(40))'" } ?? attribute.description,
        hint: "use strip_accents='unicode', 'ascii' or None")
    }
  }

  private static func stopWords(
    of estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> [String] {
    let attribute = try estimator.view.attribute("stop_words")
    if attribute.isNone { return [] }
    guard let name = attribute.text else { return try attribute.words(&builder) }
    guard name == "english" else {
      throw estimator.unsupported(
        "stop_words", "'\(name.excerpt(40))'", hint: "use stop_words='english', a list or None")
    }
    return EnglishStopWords.all
  }

  private static func pattern(of estimator: Estimator) throws(Problem) -> String {
    let attribute = try estimator.view.attribute("token_pattern")
    let pattern = try attribute.string()
    do {
      _ = try TokenPattern(pattern)
    } catch {
      throw Problem(
        .refused, "lift.unsupported-pattern",
        "expected \(attribute.path) to be a pattern that can be matched in linear time, found"
          + " \(error.construct) at character \(error.position) of '\(pattern.excerpt(120))'",
        position: attribute.position,
        hint: "write the pattern without back-references, looks around and nested loops over nothing")
    }
    return pattern
  }
}
