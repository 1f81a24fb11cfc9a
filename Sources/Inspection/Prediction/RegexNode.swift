import Artifacts
import Encoding

/// A regular expression, as far as it matters for how long matching may take.
indirect enum RegexNode {
  case empty
  /// One scalar of a set.
  case set(ScalarSet)
  /// Matches no scalar and may fail: `$`, `\b`, a look around.
  case assertion(isWordBoundary: Bool)
  case sequence([RegexNode])
  case choice([RegexNode])
  /// `maximum` is nil where there is none.
  case repeated(RegexNode, minimum: Int, maximum: Int?)
}

/// Reads regular expressions for how long matching may take.
struct RegexReader {
  /// How many scalars a pattern may have, how deep its groups may nest.
  private static let maximumLength = 1_000
  private static let maximumDepth = 40

  /// The pattern itself, then those of its look arounds, each of which is matched on its own.
  private(set) var nodes: [RegexNode] = []

  init(_ pattern: String) throws(PatternParser.Unsupported) {
    let written = try PatternParser.parse(
      pattern, mostCharacters: Self.maximumLength, mostDepth: Self.maximumDepth)
    let whole = node(written)
    nodes.insert(whole, at: 0)
  }

  private mutating func node(_ written: PatternNode) -> RegexNode {
    switch written {
    case .take(let set): return .set(ScalarSet(set))
    case .assert(.wordBoundary): return .assertion(isWordBoundary: true)
    case .assert: return .assertion(isWordBoundary: false)
    case .sequence(let parts): return .sequence(parts.map { node($0) })
    case .choice(let branches): return .choice(branches.map { node($0) })
    // Lazy or not, the same strings match; only the order differs.
    case .repeated(let body, let minimum, let maximum, _, _):
      return .repeated(node(body), minimum: minimum, maximum: maximum)
    case .group(let body, _): return node(body)
    case .lookAround(let body, _, _):
      let inner = node(body)
      nodes.append(inner)
      return .assertion(isWordBoundary: false)
    // What a group matched before, which may be anything.
    case .backReference: return .set(.any)
    }
  }
}

extension ScalarSet {
  /// The scalars of a set, near enough: beyond ASCII, case and kinds are taken as they mostly are.
  init(_ written: PatternSet) {
    var set = ScalarSet(written.ranges)
    if written.caseRule != .exact { set = set.withBothCases }
    for category in written.categories {
      let kind: ScalarSet =
        switch category.kind {
        case .word: .word
        case .decimal: .digits
        case .space: .spaces
        }
      set = set.union(category.isNegated ? kind.inverted : kind)
    }
    self = written.isNegated ? set.inverted : set
  }
}
