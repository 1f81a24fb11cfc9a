/// Text that is not JSON, or JSON beyond the limits: where, what was expected, what stands there.
public struct MalformedJSON: Error, Equatable, Sendable, CustomStringConvertible {
  /// The offset of the offending byte.
  public let offset: Int
  /// The line, from 1.
  public let line: Int
  /// The column in bytes, from 1.
  public let column: Int
  /// What JSON allows there.
  public let expected: String
  /// What stands there instead.
  public let found: String

  /// The sentence for a person.
  public var description: String {
    "expected \(expected) at line \(line), column \(column), found \(found)"
  }
}

/// What a reader of JSON takes on at most.
public struct JSONLimits: Sendable {
  /// How deep arrays and objects may nest.
  public var depth: Int
  /// How many values there may be in all.
  public var values: Int
  /// Whether the bare words `NaN`, `Infinity` and `-Infinity` count as numbers, which Python writes and the standard
  /// does not have.
  public var takesNonFinite: Bool

  /// Limits for documents that the product itself writes and for requests of ordinary size.
  public init(depth: Int = 64, values: Int = 4_000_000, takesNonFinite: Bool = false) {
    self.depth = depth
    self.values = values
    self.takesNonFinite = takesNonFinite
  }
}

extension JSON {
  /// Reads one JSON text (RFC 8259) that fills `bytes` whole.
  ///
  /// Refused beyond the grammar: names that occur twice in one object (Unicode's normal forms of a name count
  /// as the same), lone surrogates, bytes that are not UTF-8, and anything past `limits`; each would be read
  /// differently by different readers.
  public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits())
    throws(MalformedJSON)
  {
    var reader = JSONReader(Array(bytes), limits: limits)
    self = try reader.value()
    try reader.end()
  }
}
