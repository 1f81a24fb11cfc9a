import Encoding

/// A set of characters as a pattern writes it: ranges and kinds, negated or not, whatever the case or not.
package struct CharacterClass: Equatable, Sendable {
  typealias Category = PatternSet.Category
  typealias CaseRule = PatternSet.CaseRule

  private let ranges: [ClosedRange<UInt32>]
  private let categories: [Category]
  private let isNegated: Bool
  private let caseRule: CaseRule
  /// The answers for ASCII, most of what is asked.
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init(
    _ ranges: [ClosedRange<UInt32>], _ categories: [Category] = [], isNegated: Bool = false,
    caseRule: CaseRule = .exact
  ) {
    self.ranges = Self.merged(ranges)
    self.categories = categories
    self.isNegated = isNegated
    self.caseRule = caseRule
    for character in 0..<128 as Range<UInt32> where compute(character) {
      if character < 64 { low |= 1 << character } else { high |= 1 << (character - 64) }
    }
  }

  /// The set that a pattern writes.
  init(_ set: PatternSet) {
    self.init(set.ranges, set.categories, isNegated: set.isNegated, caseRule: set.caseRule)
  }

  /// `\w` by itself.
  package static let word = CharacterClass([], [Category(kind: .word, isNegated: false, isASCII: false)])

  /// Whether nothing but characters of `\w` are surely in the set.
  var hasOnlyWordCharacters: Bool {
    if isNegated { return categories.contains { $0.kind == .word && $0.isNegated && !$0.isASCII } }
    return categories.allSatisfy { $0.kind != .space && !$0.isNegated }
      && ranges.allSatisfy { range in
        range.count < 1 << 16 && range.allSatisfy { CharacterDatabase.python.isWord($0) }
      }
  }

  /// Whether the set has the character.
  package func contains(_ character: UInt32) -> Bool {
    if character < 64 { return low >> character & 1 != 0 }
    if character < 128 { return high >> (character - 64) & 1 != 0 }
    return compute(character)
  }

  private func compute(_ character: UInt32) -> Bool {
    switch caseRule {
    case .exact: return holds(character) != isNegated
    case .ignoredInASCII:
      let lower = 65...90 ~= character ? character + 32 : character
      let isLetter = 97...122 ~= lower
      return (holds(lower) || (isLetter && lists(lower - 32))) != isNegated
    case .ignored:
      let database = CharacterDatabase.python
      let lower = database.lowerCase(of: character)
      // Something listed has this lower case, or one that is as good.
      let isAlike =
        isListed(lower, database) || database.similar(to: lower).contains { isListed($0, database) }
      return (isAlike || categories.contains { $0.contains(lower) }) != isNegated
    }
  }

  private func isListed(_ lower: UInt32, _ database: CharacterDatabase) -> Bool {
    (database.lowerCase(of: lower) == lower && lists(lower))
      || database.upperCases(of: lower).contains { lists($0) }
  }

  /// Whether one of the ranges has it; they are in order and apart.
  private func lists(_ character: UInt32) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < character { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(character)
  }

  private static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }

  private func holds(_ character: UInt32) -> Bool {
    lists(character) || categories.contains { $0.contains(character) }
  }
}

extension PatternSet.Category {
  fileprivate func contains(_ character: UInt32) -> Bool {
    let holds =
      if isASCII && character >= 128 {
        false
      } else {
        switch kind {
        case .word: CharacterDatabase.python.isWord(character)
        // The four separators count as spaces for `str` only.
        case .space: CharacterDatabase.python.isSpace(character) && !(isASCII && 0x1C...0x1F ~= character)
        case .decimal: CharacterDatabase.python.isDecimal(character)
        }
      }
    return holds != isNegated
  }
}
