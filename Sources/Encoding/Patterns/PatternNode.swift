/// A regular expression as Python's `re` writes it, taken apart.
///
/// It says what is written, not what can be done with it: looking at how long a match may take and running one in
/// linear time each take a part of this.
package indirect enum PatternNode: Equatable, Sendable {
  /// One character of a set.
  case take(PatternSet)
  /// Something that holds between two characters.
  case assert(PatternAssertion)
  case sequence([PatternNode])
  case choice([PatternNode])
  /// `maximum` is nil where there is none; the position is that of the quantifier.
  case repeated(PatternNode, minimum: Int, maximum: Int?, isGreedy: Bool, position: Int)
  /// A group that captures.
  case group(PatternNode, position: Int)
  /// A pattern that is matched ahead, or behind, and takes nothing.
  case lookAround(PatternNode, isBehind: Bool, position: Int)
  /// What a group matched before.
  case backReference(position: Int)
}

/// What holds between two characters.
package enum PatternAssertion: Equatable, Sendable {
  case textStart
  case textEnd
  /// `$`: the end, or before a last line feed.
  case lastLineEnd
  case lineStart
  case lineEnd
  case wordBoundary(isASCII: Bool)
  case noWordBoundary(isASCII: Bool)
}

/// A set of characters as a pattern writes it: ranges and kinds, negated or not, whatever the case or not.
package struct PatternSet: Equatable, Sendable {
  /// What a pattern names by a letter.
  package enum Kind: Equatable, Sendable {
    case word
    case decimal
    case space
  }

  /// A kind or all but it.
  package struct Category: Equatable, Sendable {
    package let kind: Kind
    package let isNegated: Bool
    /// Only ASCII counts, as under `(?a)`.
    package let isASCII: Bool

    package init(kind: Kind, isNegated: Bool, isASCII: Bool) {
      self.kind = kind
      self.isNegated = isNegated
      self.isASCII = isASCII
    }
  }

  /// How much a pattern cares about case.
  package enum CaseRule: Equatable, Sendable {
    case exact
    /// `(?i)`: two characters of one lower case are alike.
    case ignored
    /// `(?ai)`: so are two ASCII letters.
    case ignoredInASCII
  }

  /// The ranges in the order in which they are written.
  package let ranges: [ClosedRange<UInt32>]
  package let categories: [Category]
  package let isNegated: Bool
  package let caseRule: CaseRule

  package init(
    _ ranges: [ClosedRange<UInt32>], _ categories: [Category] = [], isNegated: Bool = false,
    caseRule: CaseRule = .exact
  ) {
    self.ranges = ranges
    self.categories = categories
    self.isNegated = isNegated
    self.caseRule = caseRule
  }

  /// Every character.
  package static let any = PatternSet([0...0x10_FFFF])
  /// Every character but the line feed.
  package static let anyButLineFeed = PatternSet([0x0A...0x0A], isNegated: true)
}
