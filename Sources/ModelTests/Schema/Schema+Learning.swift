public import Domain
import Encoding
import Inference

extension Schema {
  /// How much of the rows named categories have to cover, where there are more than are named.
  private static let coverage = 0.95

  /// Learns what the columns of rows hold; the label is left out.
  ///
  /// Types are the narrowest that every value has. Texts that repeat are categories: all of them where there are few,
  /// the most frequent where they make up nearly all rows. Throws `rows.missing-column` where there is no such label.
  public init(learning table: DataTable, label: String? = nil) throws(Problem) {
    if let label { _ = try table.place(of: label) }
    var columns: [Column] = []
    for (place, name) in table.columns.enumerated() where name != label {
      columns.append(Self.column(named: name, at: place, of: table))
    }
    guard 1...Self.columnLimit ~= columns.count else {
      throw Problem(
        .badInput, "model-tests.columns",
        "expected 1 to \(Self.columnLimit) columns beside the label, found \(columns.count)",
        subject: table.name)
    }
    self.init(columns: columns)
  }

  private static func column(named name: String, at place: Int, of table: DataTable) -> Column {
    var numbers: [Double] = []
    var counts: [String: Int] = [:]
    var (present, areNumbers, areTruths) = (0, true, true)
    for row in 0..<table.rowCount {
      let field = table.field(row, place)
      guard !field.isMissing else { continue }
      present += 1
      areTruths = areTruths && ["true", "false", "True", "False", "TRUE", "FALSE"].contains(field.text)
      if areNumbers, let number = field.number, number.isFinite, !field.isQuoted {
        numbers.append(number + 0)
      } else {
        areNumbers = false
      }
      // Past this many, they are no categories.
      if counts.count <= 10 * valueLimit { counts[field.text, default: 0] += 1 }
    }
    let mayBeMissing = present < table.rowCount
    guard present > 0 else { return Column(name: name, type: .number, mayBeMissing: true) }
    if areTruths { return Column(name: name, type: .boolean, mayBeMissing: mayBeMissing) }
    if areNumbers { return numeric(name, numbers.sorted(), mayBeMissing) }
    let ordered = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let named = ordered.prefix(valueLimit)
    let covered = named.reduce(0) { $0 + $1.value }
    // What occurs once each is no category, and what cannot be written down is none either.
    let repeats = covered >= 2 * named.count || present < 8
    guard repeats, Double(covered) >= coverage * Double(present),
      named.allSatisfy({ $0.key.utf8.count <= textLimit })
    else {
      return Column(name: name, type: .text, mayBeMissing: mayBeMissing)
    }
    return Column(
      name: name, type: .category, values: named.map(\.key), takesOthers: covered < present,
      mayBeMissing: mayBeMissing)
  }

  private static func numeric(_ name: String, _ sorted: [Double], _ mayBeMissing: Bool) -> Column {
    let areWhole = sorted.allSatisfy { $0 == $0.rounded() && abs($0) <= 0x1p53 }
    let quarter = (sorted.count - 1) / 4
    return Column(
      name: name, type: areWhole ? .integer : .number, range: sorted[0]...sorted[sorted.count - 1],
      typical: sorted[quarter]...sorted[sorted.count - 1 - quarter], mayBeMissing: mayBeMissing)
  }
}
