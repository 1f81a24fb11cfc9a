/// What a document in YAML says, and where in its text each of its values stands.
public struct YAMLNode: Sendable {
  /// A value: no tag is obeyed, no text is taken for a number.
  public enum Content: Sendable {
    /// A text, as it stands there.
    case scalar(String)
    /// A list.
    case sequence([YAMLNode])
    /// Names and values in their order.
    case mapping([Member])
  }

  /// A name of a mapping and its value.
  public struct Member: Sendable {
    /// The name.
    public let name: String
    /// Where the name stands, in bytes.
    public let nameRange: Range<Int>
    /// The value.
    public let value: YAMLNode
  }

  /// The value.
  public let content: Content
  /// Where it stands, in bytes of the text; what an alias stands for is where it was written.
  public let range: Range<Int>

  init(_ content: Content, at range: Range<Int>) {
    self.content = content
    self.range = range
  }

  /// The value without its places.
  public var value: YAMLValue {
    switch content {
    case .scalar(let text): .scalar(text)
    case .sequence(let elements): .sequence(elements.map(\.value))
    case .mapping(let members):
      .mapping(members.map { YAMLValue.Member(name: $0.name, value: $0.value.value) })
    }
  }

  /// What kind of value it is, as messages say it.
  public var kind: String {
    switch content {
    case .scalar(let text): text.isEmpty ? "nothing" : "a text"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
