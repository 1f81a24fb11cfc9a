package import Encoding

/// A regular expression of Python's `re` that can be matched in linear time, ready to be run.
///
/// Taken are literals, sets, groups, alternation, greedy and lazy repeats, anchors, word boundaries and flags:
/// what a machine with one state a position can do. Not taken are back-references, looks around, atomic groups
/// and conditionals, and what needs Python's own way of backing out of loops over nothing.
package struct TokenPattern: Equatable, Sendable {
  /// One step of the machine.
  package enum Instruction: Equatable, Sendable {
    /// Takes one character of the class at an index.
    case take(Int)
    /// Goes on at both places; the first has precedence.
    case split(Int, Int)
    case jump(Int)
    /// Notes the position as where the group starts, or ends.
    case mark(isEnd: Bool)
    case assert(Assertion)
    case match
  }

  /// What holds between two characters.
  package typealias Assertion = PatternAssertion
  /// Why a pattern is not taken.
  package typealias Unsupported = PatternParser.Unsupported

  /// A pattern that finds just the longest runs of a class, `[a-z]+`, or the words made of it, `\b[a-z]+\b`.
  package struct Runs: Equatable, Sendable {
    /// What they are made of.
    package let characters: CharacterClass
    /// The least length of one.
    package let minimum: Int
    /// Whether a run of it counts only where it is a whole word.
    package let isWholeWord: Bool
  }

  /// The program, run from its first instruction; each way through it ends in a match.
  package let instructions: [Instruction]
  /// The classes that instructions take from.
  package let classes: [CharacterClass]
  /// Whether the pattern has a group, whose content is the token rather than the whole match.
  package let hasGroup: Bool
  /// What it amounts to, where it is that simple.
  package let runs: Runs?

  /// How many characters a pattern may have, how deep its groups may nest.
  private static let mostCharacters = 4096
  private static let mostDepth = 64
  /// How many instructions a program may have.
  static let mostInstructions = 1 << 12

  /// Reads a pattern as Python's `re.compile` does, or says what in it is not taken.
  package init(_ pattern: String) throws(Unsupported) {
    let written = try PatternParser.parse(
      pattern, mostCharacters: Self.mostCharacters, mostDepth: Self.mostDepth)
    var reader = TokenPatternReader()
    let node = try reader.node(written)
    var compiler = TokenPatternCompiler()
    try compiler.append(node)
    instructions = compiler.instructions + [.match]
    classes = compiler.classes
    hasGroup = reader.hasGroup
    runs = node.runs
  }
}

/// A pattern taken apart.
indirect enum TokenPatternNode: Equatable {
  case empty
  case take(CharacterClass)
  case assert(TokenPattern.Assertion)
  case sequence([TokenPatternNode])
  case choice([TokenPatternNode])
  /// `maximum` is nil where there is none.
  case repeated(TokenPatternNode, minimum: Int, maximum: Int?, isGreedy: Bool, position: Int)
  case group(TokenPatternNode)

  /// Whether it can match no character at all.
  var canBeEmpty: Bool {
    switch self {
    case .empty, .assert: true
    case .take: false
    case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
    case .choice(let branches): branches.contains(where: \.canBeEmpty)
    case .repeated(let body, let minimum, _, _, _): minimum == 0 || body.canBeEmpty
    case .group(let body): body.canBeEmpty
    }
  }

  /// The runs that it finds: a greedy repeat without end, `\w\w+`, between word boundaries or not.
  fileprivate var runs: TokenPattern.Runs? {
    guard case .sequence(var parts) = self else { return TokenPatternNode.sequence([self]).runs }
    let hasBoundaries =
      parts.count > 2 && parts.first == .assert(.wordBoundary(isASCII: false)) && parts.last == parts.first
    if hasBoundaries { parts = Array(parts.dropFirst().dropLast()) }
    // A group around all of it is the whole match, but for boundaries.
    if parts.count == 1, case .group(let body) = parts[0] {
      if case .sequence(let inner) = body { parts = inner } else { parts = [body] }
    }
    guard case .repeated(.take(let characters), let minimum, nil, true, _) = parts.last,
      parts.dropLast().allSatisfy({ $0 == .take(characters) }), minimum + parts.count > 1,
      !hasBoundaries || characters.hasOnlyWordCharacters
    else { return nil }
    return TokenPattern.Runs(
      characters: characters, minimum: minimum + parts.count - 1, isWholeWord: hasBoundaries)
  }
}
