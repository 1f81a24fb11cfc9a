public import Domain

/// What the categories of some columns stand for, and what becomes of a value that is none of them.
///
/// The categories themselves are with the operator that reads them, column after column.
public struct CategoryTable: Equatable, Sendable {
  /// What the columns are called, for messages.
  public var names: [String]
  /// Where the categories of each column start, with the end of the last one: one more than there are columns.
  public var starts: [Int64]
  /// What each category becomes.
  public var values: [Double]
  /// What a missing value becomes in each column that takes one.
  public var missing: [Double]
  /// Whether each column takes a missing value.
  public var takesMissing: [Bool]
  /// What a value that is no category becomes in each column that takes one.
  public var unknown: [Double]
  /// Whether each column takes a value that is no category.
  public var takesUnknown: [Bool]

  /// A table without columns.
  public init() {
    self.names = []
    self.starts = [0]
    self.values = []
    self.missing = []
    self.takesMissing = []
    self.unknown = []
    self.takesUnknown = []
  }

  /// Adds a column; nil for what it refuses.
  public mutating func append(name: String, values: [Double], missing: Double?, unknown: Double?) {
    names.append(name)
    self.values += values
    starts.append(Int64(self.values.count))
    self.missing.append(missing ?? 0)
    takesMissing.append(missing != nil)
    self.unknown.append(unknown ?? 0)
    takesUnknown.append(unknown != nil)
  }

  /// The places of the categories of a column.
  public func range(of column: Int) -> Range<Int> { Int(starts[column])..<Int(starts[column + 1]) }

  /// Whether two tables are the same in every part, NaN like any other number.
  public static func == (left: Self, right: Self) -> Bool {
    func isSame(_ left: [Double], _ right: [Double]) -> Bool {
      left.lazy.map(\.bitPattern).elementsEqual(right.lazy.map(\.bitPattern))
    }
    return left.names == right.names && left.starts == right.starts && isSame(left.values, right.values)
      && isSame(left.missing, right.missing) && left.takesMissing == right.takesMissing
      && isSame(left.unknown, right.unknown) && left.takesUnknown == right.takesUnknown
  }

  init(from reader: inout AttributeReader) throws(Problem) {
    self.names = try reader.texts("names")
    self.starts = try reader.integers("starts")
    self.values = try reader.numbers("values")
    self.missing = try reader.numbers("missing")
    self.takesMissing = try reader.booleans("takes_missing")
    self.unknown = try reader.numbers("unknown")
    self.takesUnknown = try reader.booleans("takes_unknown")
  }

  func write(to writer: inout AttributeWriter) {
    writer.write(names, "names")
    writer.write(starts, "starts")
    writer.write(values, "values")
    writer.write(missing, "missing")
    writer.write(takesMissing, "takes_missing")
    writer.write(unknown, "unknown")
    writer.write(takesUnknown, "takes_unknown")
  }

  /// Checks that there is a part for each of so many columns, and a value for each of so many categories.
  func check(columns: Int, categories: Int, _ operands: Operands) throws(Problem) {
    try operands.expect(names, count: columns, "names")
    try operands.expect(starts, count: columns + 1, "starts")
    try operands.expect(values, count: categories, "values")
    try operands.expect(missing, count: columns, "missing")
    try operands.expect(takesMissing, count: columns, "takes_missing")
    try operands.expect(unknown, count: columns, "unknown")
    try operands.expect(takesUnknown, count: columns, "takes_unknown")
    guard starts[0] == 0, starts[columns] == Int64(categories), zip(starts, starts.dropFirst()).allSatisfy(<=)
    else {
      throw operands.problem(
        "category-ranges",
        "expected 'starts' of '\(operands.node)' to ascend from 0 to \(categories), found others")
    }
  }
}

/// Each text becomes the number that it stands for in its column.
///
/// Texts are the same where their bytes are: nothing is normalised.
public struct LookupTexts: Operator {
  /// The name of the kind.
  public static let kind = "lookup_texts"

  /// The categories, column after column, each once in its column.
  public var categories: [String]
  /// What they become.
  public var table: CategoryTable

  /// Says what stands for what.
  public init(_ categories: [String], _ table: CategoryTable) {
    self.categories = categories
    self.table = table
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.categories = try reader.texts("categories")
    self.table = try CategoryTable(from: &reader)
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(categories, "categories")
    table.write(to: &writer)
  }

  /// Gives as many columns of numbers as it reads of texts.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.texts()
    try table.check(columns: columns, categories: categories.count, operands)
    for column in 0..<columns {
      var seen: Set<[UInt8]> = []
      for index in table.range(of: column) where !seen.insert(Array(categories[index].utf8)).inserted {
        throw operands.problem(
          "duplicate-category",
          "expected each category once in column \(column) of '\(operands.node)', found one again")
      }
    }
    return .numbers(columns)
  }
}

/// Each number becomes the number that it stands for in its column; NaN is a missing one.
public struct LookupNumbers: Operator {
  /// The name of the kind.
  public static let kind = "lookup_numbers"

  /// The categories, column after column, ascending in each.
  public var categories: [Double]
  /// What they become.
  public var table: CategoryTable

  /// Says what stands for what.
  public init(_ categories: [Double], _ table: CategoryTable) {
    self.categories = categories
    self.table = table
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.categories = try reader.numbers("categories")
    self.table = try CategoryTable(from: &reader)
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(categories, "categories")
    table.write(to: &writer)
  }

  /// Each number is sought among the categories of its column.
  public func work(on operands: [ValueType]) -> Work {
    .product(operands[0].columns, Work.search(among: categories.count))
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try table.check(columns: columns, categories: categories.count, operands)
    for column in 0..<columns {
      let range = table.range(of: column)
      // Not less than the next, or NaN.
      for index in range
      where !(categories[index] < (index + 1 < range.upperBound ? categories[index + 1] : .infinity)) {
        throw operands.problem(
          "category-order",
          "expected ascending finite categories in column \(column) of '\(operands.node)', found another order"
        )
      }
    }
    return .numbers(columns)
  }
}
