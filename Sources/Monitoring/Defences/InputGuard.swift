public import Domain
import Encoding

/// Holds a row against what training showed of each feature, before the model is asked.
///
/// A value made once from a reference; a check looks at each feature once and makes nothing.
public struct InputGuard: Sendable {
  /// What is wrong with one feature of a row.
  public struct Objection: Sendable, Equatable {
    /// What kind of trouble it is.
    public enum Kind: String, Sendable, CaseIterable {
      /// Nothing, where training always had something.
      case missing
      /// An infinity.
      case infinite
      /// A number beyond what training had and what is tolerated.
      case range
      /// A category that training did not have.
      case category
    }

    /// The row among those that were looked at, from 0 on.
    public let row: Int
    /// The feature.
    public let feature: String
    /// What kind of trouble it is.
    public let kind: Kind
    /// What was expected.
    public let expected: String
    /// What was found; of a value no more than that it lies below, above or outside.
    public let found: String

    /// The sentence for the caller.
    public var message: String { "feature '\(feature.excerpt(60))': expected \(expected), found \(found)" }
  }

  private let rules: DefencePolicy.InputRules
  private let shape: ModelShape
  /// The bounds of each column of numbers, in their order; nil where any number is taken.
  private let bounds: [ClosedRange<Double>?]

  /// Guards a model of these columns by rules.
  public init(_ shape: ModelShape, rules: DefencePolicy.InputRules) {
    self.rules = rules
    self.shape = shape
    bounds = shape.numbers.map { rules.bounds(range: $0.range, fence: $0.fence) }
  }

  /// Guards a model of the features that training showed, without what the model predicts: rows as they come in.
  ///
  /// Nil where the rules ask nothing, and where the columns are those of a model whose features are not watched, being too many
  /// or none.
  public init?(features shape: ModelShape, of columns: WatchedColumns, rules: DefencePolicy.InputRules) {
    guard !rules.isEmpty, columns.numberFeatures + columns.textFeatures > 0 else { return nil }
    self.init(ModelShape(columns: shape.columns.filter { $0.role == .feature }), rules: rules)
    guard bounds.count == columns.numberFeatures, self.shape.categories.count == columns.textFeatures else {
      return nil
    }
  }

  /// What is wrong with rows of numbers and categories as `ModelProfile.observe` takes them: the first `limit` objections,
  /// row by row and feature by feature in the order of the columns of each kind.
  ///
  /// Throws `monitoring.unlike-rows` where they are not as many as the rows have columns.
  public func objections(rows: Int, numbers: Span<Double>, texts: [String?] = [], limit: Int = 1)
    throws(Problem) -> [Objection]
  {
    let (width, labels) = (bounds.count, shape.categories.count)
    guard rows >= 0, numbers.count.isProduct(of: rows, width), texts.count.isProduct(of: rows, labels) else {
      throw Problem(
        .badInput, "monitoring.unlike-rows",
        "expected \(width) numbers and \(labels) categories in each of \(rows) rows,"
          + " found \(numbers.count) and \(texts.count) in all")
    }
    var found: [Objection] = []
    for row in 0..<rows {
      for column in 0..<width {
        let value = numbers[row * width + column]
        // What nearly every value is takes two comparisons.
        if let bounds = bounds[column], bounds.contains(value) { continue }
        guard let objection = objection(to: value, row: row, column: column) else { continue }
        guard found.count < limit else { return found }
        found.append(objection)
      }
      for column in 0..<labels {
        guard let objection = objection(to: texts[row * labels + column], row: row, column: column) else {
          continue
        }
        guard found.count < limit else { return found }
        found.append(objection)
      }
    }
    return found
  }

  /// Refuses rows that have an objection where the rules say so; the objections that are noted where they do not.
  ///
  /// Throws `monitoring.guarded`, with the row and the feature, and what was found only in so many words as lie outside of
  /// what training had: no value is repeated.
  public func check(rows: Int, numbers: Span<Double>, texts: [String?] = [], limit: Int = 16)
    throws(Problem) -> [Objection]
  {
    let found = try objections(rows: rows, numbers: numbers, texts: texts, limit: limit)
    guard rules.action == .refuse, let first = found.first else { return found }
    throw Problem(
      .badInput, "monitoring.guarded", first.message, position: "row \(first.row)",
      hint: "send values like those that the model was trained on")
  }

  /// How many of the rows have an objection; makes nothing, however many there are.
  ///
  /// Throws `monitoring.unlike-rows` where they are not as many as the rows have columns.
  public func unlikeRows(rows: Int, numbers: Span<Double>, texts: [String?] = []) throws(Problem) -> Int {
    let (width, labels) = (bounds.count, shape.categories.count)
    guard rows >= 0, numbers.count.isProduct(of: rows, width), texts.count.isProduct(of: rows, labels) else {
      throw Problem(
        .badInput, "monitoring.unlike-rows",
        "expected \(width) numbers and \(labels) categories in each of \(rows) rows,"
          + " found \(numbers.count) and \(texts.count) in all")
    }
    var count = 0
    rows: for row in 0..<rows {
      for column in 0..<width where objects(to: numbers[row * width + column], column: column) {
        count += 1
        continue rows
      }
      for column in 0..<labels
      where objection(to: texts[row * labels + column], row: row, column: column) != nil {
        count += 1
        continue rows
      }
    }
    return count
  }

  /// Whether there is an objection to a number, without the words of it.
  private func objects(to value: Double, column: Int) -> Bool {
    if let bounds = bounds[column], bounds.contains(value) { return false }
    let own = shape.columns[shape.numbers[column].column]
    guard own.role == .feature else { return false }
    if value.isNaN { return rules.missing && own.isNeverMissing }
    return value.isFinite ? bounds[column] != nil : rules.missing
  }

  private func objection(to value: Double, row: Int, column: Int) -> Objection? {
    let own = shape.columns[shape.numbers[column].column]
    guard own.role == .feature else { return nil }
    func objection(_ kind: Objection.Kind, _ expected: String, _ found: String) -> Objection {
      Objection(row: row, feature: own.name, kind: kind, expected: expected, found: found)
    }
    if value.isNaN {
      guard rules.missing, own.isNeverMissing else { return nil }
      return objection(.missing, "a number", "none")
    }
    guard value.isFinite else {
      return rules.missing ? objection(.infinite, "a finite number", "an infinity") : nil
    }
    guard let bounds = bounds[column] else { return nil }
    let expected =
      "a number from \(JSON.shortestText(of: bounds.lowerBound)) to \(JSON.shortestText(of: bounds.upperBound))"
    return objection(.range, expected, value < bounds.lowerBound ? "a lesser one" : "a greater one")
  }

  private func objection(to label: String?, row: Int, column: Int) -> Objection? {
    let own = shape.columns[shape.categoryColumns[column]]
    guard own.role == .feature else { return nil }
    guard let label else {
      guard rules.missing, own.isNeverMissing else { return nil }
      return Objection(row: row, feature: own.name, kind: .missing, expected: "a category", found: "none")
    }
    guard rules.categories, shape.categories[column].place(of: label) == nil else { return nil }
    return Objection(
      row: row, feature: own.name, kind: .category,
      expected: "one of \(shape.categories[column].labels.count) categories of training", found: "another")
  }
}

extension DefencePolicy.InputRules {
  /// What a number may be: training's range and its fences, whichever is wider, and so much of the range more on each side;
  /// nil where any may come or where training had none.
  func bounds(range: ClosedRange<Double>?, fence: ClosedRange<Double>?) -> ClosedRange<Double>? {
    guard let tolerance, let range else { return nil }
    let lower = min(range.lowerBound, fence?.lowerBound ?? range.lowerBound)
    let upper = max(range.upperBound, fence?.upperBound ?? range.upperBound)
    let more = tolerance * (range.upperBound - range.lowerBound)
    let (low, high) = (lower - more, upper + more)
    return low.isFinite && high.isFinite ? low...high : nil
  }
}
