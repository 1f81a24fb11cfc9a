public import Domain
public import Encoding

/// A reader of a caller's JSON: what is wrong with it comes out as a problem of bad input.
public struct RequestReader: Sendable {
  private var json: JSONReader

  /// Starts at the first value of `bytes`.
  public init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) {
    json = JSONReader(bytes, limits: limits)
  }

  /// What the next value is.
  public mutating func kind() throws(Problem) -> JSONReader.Kind {
    try read { json throws(MalformedJSON) in try json.kind() }
  }

  /// Steps into the array that is next.
  public mutating func beginArray() throws(Problem) {
    try read { json throws(MalformedJSON) in try json.beginArray() }
  }

  /// Steps into the object that is next.
  public mutating func beginObject() throws(Problem) {
    try read { json throws(MalformedJSON) in try json.beginObject() }
  }

  /// Whether the open array has another element, which is next then.
  public mutating func hasElement() throws(Problem) -> Bool {
    try read { json throws(MalformedJSON) in try json.hasElement() }
  }

  /// The name of the next member of the open object; nil where there is none.
  public mutating func nextName() throws(Problem) -> String? {
    try read { json throws(MalformedJSON) in try json.nextName() }
  }

  /// The next value whole.
  public mutating func value() throws(Problem) -> JSON {
    try read { json throws(MalformedJSON) in try json.value() }
  }

  /// Steps over the next value.
  public mutating func skip() throws(Problem) { try read { json throws(MalformedJSON) in try json.skip() } }

  /// The string that is next.
  public mutating func string() throws(Problem) -> String {
    try read { json throws(MalformedJSON) in try json.string() }
  }

  /// The number that is next, `.integer` or `.number`.
  public mutating func number() throws(Problem) -> JSON {
    try read { json throws(MalformedJSON) in try json.number() }
  }

  /// The truth value that is next.
  public mutating func boolean() throws(Problem) -> Bool {
    try read { json throws(MalformedJSON) in try json.boolean() }
  }

  /// The null that is next.
  public mutating func null() throws(Problem) { try read { json throws(MalformedJSON) in try json.null() } }

  /// Sees that nothing is left.
  public mutating func end() throws(Problem) { try read { json throws(MalformedJSON) in try json.end() } }

  /// The problem of an object that names the member twice whose name was read last.
  public func repeated(_ name: String) -> Problem { Problem(json.repeated(name)) }

  private mutating func read<Result>(
    _ step: (inout JSONReader) throws(MalformedJSON) -> Result
  ) throws(Problem) -> Result {
    do { return try step(&json) } catch { throw Problem(error) }
  }
}

extension Problem {
  /// A text of the caller's that is not JSON, or beyond the limits.
  fileprivate init(_ malformed: MalformedJSON) {
    self.init(.badInput, "json.malformed", malformed.description, position: "byte \(malformed.offset)")
  }
}
