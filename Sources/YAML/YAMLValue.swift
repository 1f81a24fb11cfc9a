/// What a document in YAML says, as plain values: no tag is obeyed, no text is taken for a number.
public indirect enum YAMLValue: Equatable, Sendable {
  /// A text, as it stands there; of numbers and words such as `null` too.
  case scalar(String)
  /// A list.
  case sequence([YAMLValue])
  /// Names and values in their order.
  case mapping([Member])

  /// A name of a mapping and its value.
  public struct Member: Equatable, Sendable {
    /// The name.
    public let name: String
    /// The value.
    public let value: YAMLValue

    /// Names a value.
    public init(name: String, value: YAMLValue) {
      self.name = name
      self.value = value
    }
  }

  /// The member of a mapping with this name; nil where there is none or this is no mapping.
  public subscript(name: String) -> YAMLValue? {
    guard case .mapping(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The text of a scalar.
  public var text: String? {
    guard case .scalar(let text) = self else { return nil }
    return text
  }

  /// The elements of a list.
  public var elements: [YAMLValue]? {
    guard case .sequence(let elements) = self else { return nil }
    return elements
  }

  /// The members of a mapping.
  public var members: [Member]? {
    guard case .mapping(let members) = self else { return nil }
    return members
  }
}

/// Text that is not YAML, or YAML beyond what is taken: where, and what stands there.
public struct MalformedYAML: Error, Equatable, Sendable {
  /// What was expected, and what was found.
  public let message: String
  /// The offset of the offending byte, as far as it is known.
  public let offset: Int

  init(_ message: String, at offset: Int) {
    self.message = message
    self.offset = offset
  }
}
