/// Makes values of a column: its edges, what is typical, what is rare, and nothing where that is allowed.
struct CellSource: Sendable {
  let column: Schema.Column
  /// The simplest value there is.
  let simplest: Cell

  /// Texts for columns that name none.
  private static let texts = ["a", "", " ", "A b c", "0", "ä", "日本", "'\"\\"]

  private var range: ClosedRange<Double> {
    column.range ?? column.typical ?? (column.type == .integer ? -100...100 : -1000...1000)
  }

  init(_ column: Schema.Column) {
    self.column = column
    switch column.type {
    case .number, .integer:
      let range = column.range ?? column.typical ?? -1...1
      simplest = .number(SimpleNumber.simplest(of: column.typical ?? range))
    case .boolean: simplest = .number(0)
    case .category: simplest = column.values.first.map { .text($0) } ?? .missing
    case .text: simplest = .text(column.values.first ?? "a")
    }
  }

  /// A value by chance.
  func draw(_ numbers: inout SplitMix64) -> Cell {
    // One in eight, so that most rows of few columns are whole.
    if column.mayBeMissing, numbers.below(8) == 0 { return .missing }
    switch column.type {
    case .number, .integer: return .number(number(&numbers))
    case .boolean: return .number(Double(numbers.below(2)))
    // The rare ones as often as the frequent ones.
    case .category:
      return column.values.isEmpty ? .missing : .text(column.values[numbers.below(column.values.count)])
    case .text:
      let known = column.values.isEmpty ? Self.texts : column.values
      return .text(known[numbers.below(known.count)])
    }
  }

  private func number(_ numbers: inout SplitMix64) -> Double {
    let (low, high) = (range.lowerBound, range.upperBound)
    let inner = column.typical ?? range
    let drawn: Double
    switch numbers.below(10) {
    case 0: return low
    case 1: return high
    case 2 where column.type == .number: drawn = low.nextUp
    case 3 where column.type == .number: drawn = high.nextDown
    case 2: drawn = low + 1
    case 3: drawn = high - 1
    case 4: drawn = range.contains(0) ? 0 : low
    case 5, 6: drawn = Self.within(range, numbers.unit())
    default: drawn = Self.within(inner, numbers.unit())
    }
    let value = column.type == .integer ? drawn.rounded() : drawn
    return min(max(value, low), high)
  }

  /// A share of a range, without overflow for one as wide as there are.
  private static func within(_ range: ClosedRange<Double>, _ share: Double) -> Double {
    range.lowerBound * (1 - share) + range.upperBound * share
  }

  /// Values that are simpler than one, the simplest first; each has a smaller measure, so that simplifying ends.
  func simpler(than cell: Cell) -> [Cell] {
    guard cell != simplest else { return [] }
    switch cell {
    case .missing: return [simplest] + column.values.prefix(8).map { .text($0) }.filter { $0 != simplest }
    case .text(let text):
      guard let place = column.values.firstIndex(of: text) else { return [simplest] }
      return column.values.prefix(place).map { .text($0) }
    case .number(let value):
      guard case .number(let base) = simplest else { return [simplest] }
      guard column.type != .boolean else { return [simplest] }
      let own = SimpleNumber.measure(value, base)
      return SimpleNumber.simpler(than: value, towards: base).filter { candidate in
        range.contains(candidate) && (column.type == .number || candidate == candidate.rounded())
          && SimpleNumber.measure(candidate, base) < own
      }.map { .number($0) }
    }
  }
}
