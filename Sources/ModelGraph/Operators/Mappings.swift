public import Domain

/// The values of a mapping, a column for each name: what scikit-learn's `DictVectorizer` makes.
///
/// A number goes to the column of its name, a text to the column of name, separator and text as 1, a list of
/// texts likewise; null is missing. What has no column is left out.
public struct VectorizeMappings: Operator {
  /// The name of the kind.
  public static let kind = "vectorize_mappings"

  /// The names, a column each.
  public var names: [String]
  /// What stands between a name and a text.
  public var separator: String
  /// Whether each value is rounded to single precision.
  public var isFloat32: Bool
  /// Whether lists and two values of one column are refused, as scikit-learn 0.24 does, or leaves open, where
  /// it gives what is not sparse.
  public var isStrict: Bool

  /// Says which columns there are.
  public init(names: [String], separator: String, isFloat32: Bool = false, isStrict: Bool = false) {
    self.names = names
    self.separator = separator
    self.isFloat32 = isFloat32
    self.isStrict = isStrict
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      names: try reader.texts("names"), separator: try reader.string("separator"),
      isFloat32: try reader.bool("float32"), isStrict: try reader.bool("strict"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(names, "names")
    writer.write(separator, "separator")
    writer.write(isFloat32, "float32")
    writer.write(isStrict, "strict")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { Work(byte: 16) }

  /// Gives a column for each name.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try operands.expectOneText()
    try operands.expectTerms(names, "names")
    guard separator.utf8.count <= GraphLimits.separatorLength else {
      throw operands.problem(
        "separator",
        "expected a separator of at most \(GraphLimits.separatorLength) bytes in '\(operands.node)', found"
          + " \(separator.utf8.count)")
    }
    return .numbers(names.count)
  }
}

/// The values of a mapping or list, each in the column that the hash of its name says: `FeatureHasher`.
///
/// The hash is that of `HashTerms`.
public struct HashMappings: Operator {
  /// What a row is, as JSON.
  public enum Form: String, Sendable, CaseIterable {
    /// An object of names and values.
    case mapping = "dict"
    /// A list of pairs of a name and a value.
    case pairs = "pair"
    /// A list of names, each of value 1.
    case names = "string"
  }

  /// The name of the kind.
  public static let kind = "hash_mappings"

  /// What a row is.
  public var form: Form
  /// How many columns there are.
  public var columns: Int
  /// Whether the hash gives a sign.
  public var alternatesSign: Bool
  /// Whether each value is rounded to single precision.
  public var isFloat32: Bool

  /// Says what is hashed.
  public init(form: Form, columns: Int, alternatesSign: Bool, isFloat32: Bool) {
    self.form = form
    self.columns = columns
    self.alternatesSign = alternatesSign
    self.isFloat32 = isFloat32
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      form: try reader.choice("form"), columns: try reader.integer("columns"),
      alternatesSign: try reader.bool("alternates_sign"), isFloat32: try reader.bool("float32"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(form, "form")
    writer.write(columns, "columns")
    writer.write(alternatesSign, "alternates_sign")
    writer.write(isFloat32, "float32")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { Work(byte: 16) }

  /// Gives as many columns as it says.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try operands.expectOneText()
    try operands.expectHashColumns(columns)
    return .numbers(columns)
  }
}
