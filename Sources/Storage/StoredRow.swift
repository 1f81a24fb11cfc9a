import Domain
import Encoding
import GRDB

/// A row as it came from the file: each column is checked before it is believed.
///
/// GRDB's own subscripts trap on a value that does not convert, and the file may hold any value.
struct StoredRow {
  private let row: Row
  private let table: String

  init(_ row: Row, of table: String) {
    self.row = row
    self.table = table
  }

  func integer(_ column: String) throws(Problem) -> Int64 {
    guard case .int64(let value) = storage(column) else { throw malformed(column, "an integer") }
    return value
  }

  func number(_ column: String) throws(Problem) -> Double {
    guard case .double(let value) = storage(column) else { throw malformed(column, "a number") }
    return value
  }

  func optionalInteger(_ column: String) throws(Problem) -> Int64? {
    if case .null = storage(column) { return nil }
    return try integer(column)
  }

  func text(_ column: String) throws(Problem) -> String {
    guard case .string(let value) = storage(column) else { throw malformed(column, "text") }
    return value
  }

  func bytes(_ column: String) throws(Problem) -> [UInt8] {
    guard case .blob(let value) = storage(column) else { throw malformed(column, "bytes") }
    return Array(value)
  }

  func digest(_ column: String) throws(Problem) -> Digest {
    guard let digest = Digest(bytes: try bytes(column)) else { throw malformed(column, "32 bytes") }
    return digest
  }

  func moment(_ column: String) throws(Problem) -> Timestamp {
    Timestamp(milliseconds: try integer(column))
  }

  func optionalMoment(_ column: String) throws(Problem) -> Timestamp? {
    try optionalInteger(column).map(Timestamp.init(milliseconds:))
  }

  /// The limits in the columns `rate`, `burst` and `daily`.
  func limits() throws(Problem) -> CallerLimits {
    func bound(_ column: String) throws(Problem) -> Int? { try optionalInteger(column).map { Int($0) } }
    let (rate, burst, daily) = (try bound("rate"), try bound("burst"), try bound("daily"))
    guard let limits = try? CallerLimits(rate: rate, burst: burst, daily: daily), limits.burst == burst else {
      throw malformed("rate", "limits")
    }
    return limits
  }

  func name(_ column: String) throws(Problem) -> ModelName {
    guard let name = try? ModelName(parsing: try text(column)) else {
      throw malformed(column, "a model name")
    }
    return name
  }

  func alias(_ column: String) throws(Problem) -> AliasName {
    guard let name = try? AliasName(parsing: try text(column)) else { throw malformed(column, "an alias") }
    return name
  }

  func segment(_ column: String) throws(Problem) -> SegmentName {
    guard let name = SegmentName(try text(column)) else { throw malformed(column, "the name of a segment") }
    return name
  }

  func version(_ column: String) throws(Problem) -> VersionNumber {
    guard let version = VersionNumber(Int(try integer(column))) else {
      throw malformed(column, "a version number")
    }
    return version
  }

  func principal(_ column: String) throws(Problem) -> Principal {
    guard let principal = Principal(parsing: try text(column)) else { throw malformed(column, "a principal") }
    return principal
  }

  /// What a column's JSON stands for; `expected` names it where it stands for nothing.
  func parsed<Value>(
    _ column: String, _ expected: String, _ parse: (JSON) throws(Problem) -> Value
  ) throws(Problem) -> Value {
    guard let json = try? JSON(parsing: try text(column).utf8), let value = try? parse(json) else {
      throw malformed(column, expected)
    }
    return value
  }

  /// The texts of a column's JSON array.
  func texts(_ column: String) throws(Problem) -> [String] {
    let elements = (try? JSON(parsing: try text(column).utf8))?.array
    guard let elements, case let texts = elements.compactMap(\.string), texts.count == elements.count else {
      throw malformed(column, "an array of texts")
    }
    return texts
  }

  /// The data sets of a column's JSON; none where a former release wrote the file, which has no such column.
  func trainingData(_ column: String) throws(Problem) -> TrainingData {
    guard row.hasColumn(column) else { return .unstated }
    return try parsed(column, "an array of data sets") { json throws(Problem) in
      try TrainingData(json: json, at: "")
    }
  }

  func optionalText(_ column: String) throws(Problem) -> String? {
    if case .null = storage(column) { return nil }
    return try text(column)
  }

  func verdict(_ column: String) throws(Problem) -> InspectionVerdict {
    guard let verdict = InspectionVerdict(rawValue: try text(column)) else {
      throw malformed(column, "a verdict of inspection")
    }
    return verdict
  }

  func isNull(_ column: String) -> Bool { if case .null = storage(column) { true } else { false } }

  private func storage(_ column: String) -> DatabaseValue.Storage {
    let value: DatabaseValue? = row[column]
    return value?.storage ?? .null
  }

  func malformed(_ column: String, _ expected: String) -> Problem {
    Problem(
      .integrity, "registry.malformed-row",
      "expected \(expected) in column '\(column)' of table '\(table)', found another value",
      subject: "the registry", hint: "restore registry.sqlite from a backup")
  }
}
