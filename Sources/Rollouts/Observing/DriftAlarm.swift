public import Domain
public import Encoding
public import Monitoring

/// That what a version sees or answers is not like what it was trained on, as `Monitoring` told of it.
public struct DriftAlarm: Hashable, Sendable {
  /// The most that an observation keeps; what comes behind them says nothing new.
  public static let limit = 64

  /// Which column.
  public let column: String
  /// How far it is from training, in the measure that the words name.
  public let statistic: Double
  /// What was seen, in a line.
  public let words: String

  /// States an alarm; throws `observation.malformed` for texts that are no line of at most 512 and 4,096 bytes, and for what
  /// is no number.
  public init(column: String, statistic: Double, words: String) throws(Problem) {
    guard column.isOneLine(upTo: 512), words.isOneLine(upTo: 4096), statistic.isFinite else {
      throw Problem(
        .badInput, Observation.malformedCode,
        "expected a column, a statistic and a line of words as an alarm, found '\(column.excerpt(40))'")
    }
    self.column = column
    self.statistic = statistic
    self.words = words
  }

  /// What an alert says; nil for one that says that a change is gone.
  public init?(_ alert: Alert) {
    guard let change = alert.change else { return nil }
    // Names of columns are anyone's: they are cut where they are long. Figures alone: the reason of a turn is in the ledger.
    let alarm = try? DriftAlarm(
      column: alert.column.excerpt(40), statistic: change.distance, words: alert.figures.excerpt(400))
    guard let alarm else { return nil }
    self = alarm
  }
}

extension DriftAlarm {
  /// The alarm as an object.
  public var json: JSON {
    ["column": .string(column), "statistic": .number(statistic), "words": .string(words)]
  }

  /// Reads what `json` writes; throws `observation.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = Fields(json, "drift alarm", code: Observation.malformedCode)
    try fields.allow(["column", "statistic", "words"])
    try self.init(
      column: try fields.text("column"), statistic: try fields.number("statistic", in: -1e300...1e300),
      words: try fields.text("words"))
  }
}
