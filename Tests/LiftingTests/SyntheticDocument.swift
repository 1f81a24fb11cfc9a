import Artifacts
import Encoding
import Testing

/// Builds a document value by value, for what no library writes.
struct SyntheticDocument {
  private var values: [PickleValue] = []

  /// Adds a value, which stands at byte 10 times its number.
  mutating func add(_ value: PickleValue) -> ValueID {
    values.append(value)
    return ValueID(index: values.count - 1)
  }

  /// Adds an instance with attributes.
  mutating func add(_ module: String, _ name: String, _ attributes: [(String, ValueID)]) -> ValueID {
    let pairs = attributes.map { (key: add(.string($0.0)), value: $0.1) }
    let state = add(.dictionary(pairs))
    let type = PickleGlobal(module: module, name: name)
    return add(.object(PickleObject(constructor: type, type: type, arguments: [], state: state)))
  }

  /// Adds an array.
  mutating func add(
    _ type: NumPyType, _ shape: [Int], _ bytes: [UInt8], isFortranOrder: Bool = false
  ) throws -> ValueID {
    add(
      .array(
        try #require(
          NumPyArray(type: type, shape: shape, isFortranOrder: isFortranOrder, storage: .bytes(bytes[...])))))
  }

  /// Puts another value in the place of one.
  mutating func replace(_ id: ValueID, with value: PickleValue) {
    values[id.index] = value
  }

  func document(root: ValueID) throws -> PickleDocument {
    try #require(PickleDocument(values: values, offsets: values.indices.map { $0 * 10 }, root: root))
  }

  /// A LinearRegression without an intercept.
  mutating func linearRegression(_ coefficients: ValueID, features: Int64) -> ValueID {
    add(
      "sklearn.linear_model._base", "LinearRegression",
      [
        ("n_features_in_", add(.integer(features))), ("coef_", coefficients),
        ("intercept_", add(.float(0))),
      ])
  }
}
