/// What is known of a value between operators before anything runs: what its elements are, and how many columns.
public struct ValueType: Equatable, Sendable {
  /// What the elements of a value are.
  public enum Content: Equatable, Sendable {
    /// Doubles; NaN is a missing one.
    case numbers
    /// Whole numbers from 0 to below `bound`.
    case indices(bound: Int)
    /// Text, of which some may be missing.
    case texts
    /// Elements as a caller gets them, of one datatype; only results read them.
    case labels(Datatype)
    /// Several values at once, of which `Part` takes one; nothing else reads them.
    case parts([ValueType])
  }

  /// What the elements are.
  public let content: Content
  /// How many columns each row has.
  public let columns: Int

  /// States content and columns.
  public init(_ content: Content, columns: Int) {
    self.content = content
    self.columns = columns
  }

  /// Doubles in so many columns.
  public static func numbers(_ columns: Int) -> ValueType { ValueType(.numbers, columns: columns) }

  /// The datatype in which a caller gets the value.
  public var datatype: Datatype {
    switch content {
    case .numbers: .float64
    case .indices: .int64
    case .texts, .parts: .string
    case .labels(let datatype): datatype
    }
  }
}

extension ValueType.Content: CustomStringConvertible {
  /// What the elements are, for messages.
  public var description: String {
    switch self {
    case .numbers: "numbers"
    case .indices: "indices"
    case .texts: "texts"
    case .labels: "labels"
    case .parts: "parts"
    }
  }
}
