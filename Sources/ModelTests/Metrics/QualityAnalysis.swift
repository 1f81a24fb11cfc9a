import Domain
import Inference
import ModelGraph

/// The answers of a model, and of a champion where there is one, to rows whose truth is known.
struct QualityAnalysis {
  /// The labels as places of classes, or as numbers.
  private enum Truth {
    case classes([Int])
    case values([Double])
  }

  /// One slice's rows of one model, ready to be counted.
  private enum Scored {
    case classes(ScoredClasses)
    case values(ScoredValues)

    init?(_ answers: ModelAnswers, _ truth: Truth, rows: [Int]) {
      switch (answers, truth) {
      case (.classes(let answers), .classes(let truth)):
        self = .classes(ScoredClasses(answers, truth: truth, rows: rows))
      case (.values(let answers), .values(let truth)):
        self = .values(ScoredValues(answers, truth: truth, rows: rows))
      default: return nil
      }
    }

    var width: Int {
      switch self {
      case .classes(let scored): scored.width
      case .values: 3
      }
    }

    func values(_ weights: [Int]) -> [QualityMetric: Double] {
      switch self {
      case .classes(let scored): scored.values(weights)
      case .values(let scored): scored.values(weights)
      }
    }
  }

  private let table: DataTable
  private let truth: Truth
  private let answers: ModelAnswers
  private let champion: ModelAnswers?

  /// Asks both about all rows of a table.
  ///
  /// Throws what the models refuse, and `model-tests.champion` for a champion that answers another question.
  init(
    of model: TestedModel, against champion: TestedModel?, on table: DataTable, schema: Schema?, label: String
  ) throws(Problem) {
    self.table = table
    let classes = try ClassLabels(of: model.signature)
    truth =
      if let classes { .classes(try table.labels(in: label, of: classes)) } else {
        .values(try table.values(in: label))
      }
    answers = try Self.answers(of: model, classes, table, schema, label)
    guard let champion else {
      self.champion = nil
      return
    }
    let known = try ClassLabels(of: champion.signature)
    guard known?.names == classes?.names else {
      throw Problem(
        .badInput, "model-tests.champion",
        "expected a champion of the same classes, found one of others")
    }
    self.champion = try Self.answers(of: champion, known, table, schema, label)
  }

  private static func answers(
    of model: TestedModel, _ classes: ClassLabels?, _ table: DataTable, _ schema: Schema?, _ label: String
  ) throws(Problem) -> ModelAnswers {
    let columns = try FeatureColumns(of: model.signature, schema: schema, table: table, label: label)
    let rows = try columns.rows(of: table)
    return try ModelAnswers(of: model, classes: classes, rows: try model.predict(model.methods, rows))
  }

  /// The numbers of one slice, of all rows where there is none.
  func metrics(of slice: Slice?, _ bootstrap: Bootstrap) throws(Problem) -> SliceQuality {
    var rows = Array(0..<table.rowCount)
    if let slice {
      let place = try table.place(of: slice.column)
      rows = rows.filter { slice.contains(table.field($0, place)) }
    }
    var quality = SliceQuality(slice: slice?.label, rows: rows.count)
    guard !rows.isEmpty, let own = Scored(answers, truth, rows: rows) else { return quality }
    let other = champion.flatMap { Scored($0, truth, rows: rows) }
    let ones = [Int](repeating: 1, count: rows.count)
    let values = own.values(ones)
    let before = other?.values(ones) ?? [:]
    var drawn: [QualityMetric: [Double]] = [:]
    var differences: [QualityMetric: [Double]] = [:]
    let width = own.width + (other?.width ?? 0)
    quality.resamples = bootstrap.draw(rows: rows.count, width: width, stream: slice?.label ?? "") {
      weights in
      let values = own.values(weights)
      for (metric, value) in values { drawn[metric, default: []].append(value) }
      guard let other else { return }
      for (metric, value) in other.values(weights) {
        if let own = values[metric] { differences[metric, default: []].append(own - value) }
      }
    }
    for metric in QualityMetric.allCases {
      guard let value = values[metric] else { continue }
      quality.metrics.append(
        MetricEstimate(
          metric: metric, value: value,
          interval: bootstrap.interval(of: drawn[metric] ?? [], drawn: quality.resamples)))
      guard let before = before[metric] else { continue }
      quality.champion.append(MetricEstimate(metric: metric, value: before, interval: nil))
      quality.differences.append(
        MetricEstimate(
          metric: metric, value: value - before,
          interval: bootstrap.interval(of: differences[metric] ?? [], drawn: quality.resamples)))
    }
    return quality
  }
}

/// A number with the interval that it is likely to be in.
public struct MetricEstimate: Sendable {
  /// What it says.
  public let metric: QualityMetric
  /// The number over the rows as they are.
  public let value: Double
  /// The percentiles of the draws; nil where too few gave a number.
  public let interval: ClosedRange<Double>?
}

/// How good the answers about a part of the rows are.
public struct SliceQuality: Sendable {
  /// The slice; nil for all rows.
  public let slice: String?
  /// How many rows it has.
  public let rows: Int
  /// How often they were drawn anew.
  public internal(set) var resamples = 0
  /// What is defined for them.
  public internal(set) var metrics: [MetricEstimate] = []
  /// The same numbers of the champion; empty where there is none.
  public internal(set) var champion: [MetricEstimate] = []
  /// The model's numbers less the champion's, over the same rows and the same draws.
  public internal(set) var differences: [MetricEstimate] = []

  init(slice: String?, rows: Int) {
    self.slice = slice
    self.rows = rows
  }
}
