/// What a column of rows holds, by the words of test plans.
public enum ColumnType: String, Sendable, CaseIterable {
  /// Any number.
  case number
  /// A whole number.
  case integer
  /// `true` or `false`; a model reads 1 or 0.
  case boolean
  /// One of few texts, or of few numbers that stand for something.
  case category
  /// Any text.
  case text

  /// Whether a range of numbers can be stated of it.
  var isNumeric: Bool { self == .number || self == .integer }
}

/// What rows for a model look like: a column for each feature, in the order of the features where they have no names.
public struct Schema: Equatable, Sendable {
  /// How many columns there may be.
  public static let columnLimit = 4096
  /// How many values a column may name.
  public static let valueLimit = 100
  /// How many bytes a name or a value may have.
  static let textLimit = 500

  /// One column.
  public struct Column: Equatable, Sendable {
    /// What it is called.
    public let name: String
    /// What it holds.
    public let type: ColumnType
    /// The least and the greatest number.
    public var range: ClosedRange<Double>?
    /// What most of the numbers are between: the quartiles, where it was learned.
    public var typical: ClosedRange<Double>?
    /// The categories, the most frequent first; of a text examples.
    public var values: [String]
    /// Whether there may be categories that are not named.
    public var takesOthers: Bool
    /// Whether a value may be missing.
    public var mayBeMissing: Bool

    /// States a column.
    public init(
      name: String, type: ColumnType, range: ClosedRange<Double>? = nil, typical: ClosedRange<Double>? = nil,
      values: [String] = [], takesOthers: Bool = false, mayBeMissing: Bool = false
    ) {
      self.name = name
      self.type = type
      self.range = range
      self.typical = typical
      self.values = values
      self.takesOthers = takesOthers
      self.mayBeMissing = mayBeMissing
    }
  }

  /// The columns in their order.
  public let columns: [Column]

  /// States the columns, each name once.
  init(columns: [Column]) { self.columns = columns }

  /// The column of a name.
  public subscript(name: String) -> Column? { columns.first { $0.name == name } }
}
