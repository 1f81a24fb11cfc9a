import Encoding

/// Takes of a pattern what can be matched in linear time, and says what in it cannot.
struct TokenPatternReader {
  /// Whether there is a group that captures.
  private(set) var hasGroup = false

  /// The same pattern, of parts that all can be run.
  mutating func node(_ written: PatternNode) throws(TokenPattern.Unsupported) -> TokenPatternNode {
    switch written {
    case .take(let set): return .take(CharacterClass(set))
    case .assert(let assertion): return .assert(assertion)
    case .sequence(let parts): return .sequence(try nodes(parts))
    case .choice(let branches): return .choice(try nodes(branches))
    case .repeated(let body, let minimum, let maximum, let isGreedy, let position):
      let body = try node(body)
      // Where an iteration matches nothing, Python leaves the loop in a way of its own.
      if body.canBeEmpty && (maximum ?? 2) > 1 {
        throw TokenPattern.Unsupported(construct: "a repeat of what can match nothing", position: position)
      }
      let most = TokenPattern.mostInstructions
      guard max(minimum, maximum ?? 0) <= most else {
        throw TokenPattern.Unsupported(construct: "a repeat of more than \(most) times", position: position)
      }
      return .repeated(body, minimum: minimum, maximum: maximum, isGreedy: isGreedy, position: position)
    case .group(let body, let position):
      guard !hasGroup else {
        throw TokenPattern.Unsupported(construct: "a second group that captures", position: position)
      }
      hasGroup = true
      return .group(try node(body))
    case .lookAround(_, let isBehind, let position):
      throw TokenPattern.Unsupported(
        construct: isBehind ? "a look behind" : "a look ahead", position: position)
    case .backReference(let position):
      throw TokenPattern.Unsupported(construct: "a back-reference", position: position)
    }
  }

  private mutating func nodes(_ parts: [PatternNode]) throws(TokenPattern.Unsupported) -> [TokenPatternNode] {
    var nodes: [TokenPatternNode] = []
    nodes.reserveCapacity(parts.count)
    for part in parts { nodes.append(try node(part)) }
    return nodes
  }
}
