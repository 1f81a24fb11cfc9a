/// What stands in a text that may be YAML: its tags, its aliases, and its plain values with their paths.
///
/// A linear look at the text, not a whole reader of YAML 1.1: it knows comments, quotes, block scalars, flow
/// collections, directives, anchors and aliases, and goes by columns for what is inside what. Nothing is built or
/// resolved.
public struct YAMLScan: Sendable {
  /// A tag, `!!python/name:os.system`, with handles and escapes resolved.
  public struct Tag: Sendable, Equatable {
    /// The tag in full, `tag:yaml.org,2002:python/name:os.system`; a local one with its exclamation mark.
    public let text: String
    /// Where it stands.
    public let offset: Int
  }

  /// A plain or quoted value.
  public struct Entry: Sendable, Equatable {
    /// The names around it, outermost first; `-` for an element of a sequence.
    public let path: [String]
    /// The value as text.
    public let value: String
    /// Where it stands.
    public let offset: Int
  }

  /// How deep collections may nest.
  public static let depthLimit = 512
  /// How many values aliases may stand for in all.
  public static let expansionLimit: UInt64 = 1_000_000
  static let tagLimit = 1_000
  static let entryLimit = 20_000

  /// The tags in their order, the first thousand.
  public internal(set) var tags: [Tag] = []
  /// The values in their order, the first twenty thousand.
  public internal(set) var entries: [Entry] = []
  /// How many names of members there are.
  public internal(set) var keyCount = 0
  /// How many lines that are no part of YAML's structure: prose.
  public internal(set) var proseCount = 0
  /// Whether a directive or a document marker says that it is YAML.
  public internal(set) var isMarked = false
  /// Where collections nest too deep.
  public internal(set) var tooDeep: Int?
  /// Where aliases come to stand for too many values.
  public internal(set) var bomb: Int?
  /// Where an alias stands inside what it stands for.
  public internal(set) var cycle: Int?

  /// Goes through a text to its end.
  public static func read(_ bytes: ArraySlice<UInt8>) -> YAMLScan {
    var scanner = YAMLScanner(bytes)
    scanner.run()
    return scanner.scan
  }
}
