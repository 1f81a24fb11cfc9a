public import Domain

/// Refuses an infinity, and NaN unless it is allowed, as an estimator refuses it in its input.
///
/// With `asFloat32` each element is first rounded to single precision, as scikit-learn's trees do, and must
/// be finite after that too.
public struct CheckFinite: Operator {
  /// The name of the kind.
  public static let kind = "check_finite"

  /// Whether NaN passes.
  public var allowsNaN: Bool
  /// Whether elements are rounded to single precision first.
  public var asFloat32: Bool

  /// Says what passes.
  public init(allowsNaN: Bool, asFloat32: Bool = false) {
    self.allowsNaN = allowsNaN
    self.asFloat32 = asFloat32
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(allowsNaN: try reader.bool("allows_nan"), asFloat32: try reader.bool("as_float32"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(allowsNaN, "allows_nan")
    writer.write(asFloat32, "as_float32")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.numbers())
  }
}
