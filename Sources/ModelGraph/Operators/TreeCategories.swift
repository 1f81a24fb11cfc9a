import Domain

/// The sets of categories that nodes of trees ask for instead of comparing with a threshold.
///
/// A category is a whole number from 0. A set is a run of 64-bit words; category c is in it where bit c % 64 of
/// word c / 64 is 1. Whatever has no bit, be it negative, too large or infinite, is in no set.
public struct TreeCategories: Equatable, Sendable {
  /// The set of each node; −1 at a leaf and at a node that compares with its threshold.
  public var nodes: [Int32]
  /// Where the words of each set begin, and at the end how many words there are.
  public var starts: [Int32]
  /// The words of all sets end to end.
  public var words: [UInt64]
  /// Whether a number is first cut to a whole one toward 0, so that −0.5 and 0.5 are category 0; otherwise one with
  /// a fraction is in no set.
  public var truncates: Bool

  /// Puts sets together.
  public init(nodes: [Int32], starts: [Int32], words: [UInt64], truncates: Bool) {
    self.nodes = nodes
    self.starts = starts
    self.words = words
    self.truncates = truncates
  }

  /// Whether a number, which is not NaN, is in the set of a node that has one.
  public func contains(_ element: Double, at node: Int) -> Bool {
    let set = Int(nodes[node])
    let whole = element.rounded(.towardZero)
    guard whole >= 0, truncates || whole == element, whole < 4_294_967_296 else { return false }
    let category = Int(whole)
    let word = Int(starts[set]) + category / 64
    return word < Int(starts[set + 1]) && words[word] >> UInt64(category % 64) & 1 == 1
  }
}

extension TreeCategories {
  /// Reads what `write` wrote; nil where it was written that there are none.
  init?(from reader: inout AttributeReader) throws(Problem) {
    guard try reader.bool("has_categories") else { return nil }
    self.init(
      nodes: try reader.integers32("set"), starts: try reader.integers32("set_starts"),
      words: try reader.integers("set_words").map { UInt64(bitPattern: $0) },
      truncates: try reader.bool("truncates"))
  }

  /// Writes every attribute down, or that there are none.
  static func write(_ categories: TreeCategories?, to writer: inout AttributeWriter) {
    writer.write(categories != nil, "has_categories")
    guard let categories else { return }
    writer.write(categories.nodes, "set")
    writer.write(categories.starts, "set_starts")
    writer.write(categories.words.map { Int64(bitPattern: $0) }, "set_words")
    writer.write(categories.truncates, "truncates")
  }

  /// Checks that there is a place for each of `count` nodes, and that sets stand one after another in the words.
  func check(nodes count: Int, _ operands: Operands) throws(Problem) {
    try operands.expect(nodes, count: count, "set")
    guard starts.first == 0, Int(starts.last ?? 0) == words.count,
      zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 && $1 - $0 <= GraphLimits.setWords })
    else {
      throw operands.problem(
        "tree-categories",
        "expected 'set_starts' of '\(operands.node)' to ascend from 0 to \(words.count) by at most"
          + " \(GraphLimits.setWords), found others")
    }
  }

  /// How many sets there are.
  var count: Int { starts.count - 1 }
}
