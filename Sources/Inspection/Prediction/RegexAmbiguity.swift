/// Whether a regular expression can take exponentially long to say no.
///
/// A matcher that tracks back, as Python's does, tries every way to match before it fails. There are
/// exponentially many where some string leads from a place of the pattern back to it in two ways (Weideman et
/// al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers by Using Ambiguity of
/// NFA", 2016). The pattern is made into Glushkov's automaton, whose states are its sets, and pairs of states are
/// followed.
struct RegexAmbiguity {
  /// What makes a pattern dangerous.
  enum Danger: Equatable {
    /// Some string can be matched in exponentially many ways before something that may fail.
    case exponential
    /// So many repetitions side by side that the ways grow with this power of the length.
    case polynomial(Int)
    /// Repetitions inside each other that count to this.
    case counted(Int)
  }

  /// Why nothing can be said.
  struct TooLarge: Error {}

  /// More states or arrows make following all pairs too much work.
  private static let maximumStates = 120
  private static let maximumArrows = 600
  /// Up to this many, a repetition with a bound is written out; beyond, the bound makes no difference.
  private static let copies = 4
  /// Repetitions inside each other that count further are dangerous whatever they match.
  private static let maximumCount = 1_000_000
  /// So many repetitions of what may match nothing.
  private static let manyNullable = 20
  /// So many repetitions side by side.
  private static let maximumDegree = 4

  private var sets: [ScalarSet?] = []
  private var isWordBoundary: [Bool] = []
  /// From each state the states that may come next; a state that is there twice can be reached in two ways.
  private var next: [[Int]] = []
  private var arrowCount = 0
  private var last: Set<Int> = []

  /// What is dangerous about a pattern; nil where nothing is.
  static func danger(of node: RegexNode) throws(TooLarge) -> Danger? {
    let count = largestCount(in: node)
    if count >= maximumCount { return .counted(count) }
    var automaton = RegexAmbiguity()
    let whole = try automaton.add(node)
    automaton.last = Set(whole.last)
    if try automaton.isExponential() { return .exponential }
    let degree = automaton.degree()
    return degree >= maximumDegree ? .polynomial(degree) : nil
  }

  /// How far the bounded repetitions inside each other count.
  private static func largestCount(in node: RegexNode) -> Int {
    switch node {
    case .empty, .set, .assertion: return 1
    case .sequence(let parts), .choice(let parts): return parts.map { largestCount(in: $0) }.max() ?? 1
    case .repeated(let body, let minimum, let maximum):
      // Each of the repetitions may match nothing or something: two ways each.
      if body.isNullable, minimum >= manyNullable { return maximumCount }
      let (product, overflow) = largestCount(in: body).multipliedReportingOverflow(
        by: max(1, maximum ?? minimum))
      return overflow ? .max : product
    }
  }

  // MARK: - The automaton

  /// A part of the pattern: whether it matches nothing, and which states it begins and ends with.
  private struct Part {
    var isNullable = true
    var first: [Int] = []
    var last: [Int] = []
  }

  private mutating func state(_ set: ScalarSet?, isWordBoundary boundary: Bool) throws(TooLarge) -> Part {
    guard sets.count < Self.maximumStates else { throw TooLarge() }
    sets.append(set)
    isWordBoundary.append(boundary)
    next.append([])
    return Part(isNullable: false, first: [sets.count - 1], last: [sets.count - 1])
  }

  private mutating func connect(_ sources: [Int], _ targets: [Int]) throws(TooLarge) {
    arrowCount += sources.count * targets.count
    guard arrowCount <= Self.maximumArrows else { throw TooLarge() }
    for source in sources { next[source] += targets }
  }

  private mutating func add(_ node: RegexNode) throws(TooLarge) -> Part {
    switch node {
    case .empty: return Part()
    case .set(let set): return try state(set, isWordBoundary: false)
    case .assertion(let boundary): return try state(nil, isWordBoundary: boundary)
    case .sequence(let nodes):
      var whole = Part()
      for node in nodes { whole = try chain(whole, try add(node)) }
      return whole
    case .choice(let nodes):
      var whole = Part(isNullable: false)
      for node in nodes {
        let branch = try add(node)
        whole.isNullable = whole.isNullable || branch.isNullable
        whole.first += branch.first
        whole.last += branch.last
      }
      return whole
    case .repeated(let body, let minimum, let maximum): return try addRepeated(body, minimum, maximum)
    }
  }

  private mutating func chain(_ left: Part, _ right: Part) throws(TooLarge) -> Part {
    try connect(left.last, right.first)
    return Part(
      isNullable: left.isNullable && right.isNullable,
      first: left.isNullable ? left.first + right.first : left.first,
      last: right.isNullable ? right.last + left.last : right.last)
  }

  private mutating func addRepeated(_ body: RegexNode, _ minimum: Int, _ maximum: Int?) throws(TooLarge)
    -> Part
  {
    if maximum == 0 { return Part() }
    // So often and no other: as unambiguous as once.
    if let maximum, maximum == minimum || maximum == 1 {
      var part = try add(body)
      if minimum == 0 { part.isNullable = true }
      return part
    }
    if let maximum, maximum <= Self.copies * 4 {
      var whole = Part()
      for number in 0..<min(maximum, Self.copies) {
        var copy = try add(body)
        if number >= min(minimum, Self.copies - 1) { copy.isNullable = true }
        whole = try chain(whole, copy)
      }
      return whole
    }
    var part = try add(body)
    try connect(part.last, part.first)
    if minimum == 0 { part.isNullable = true }
    return part
  }

  // MARK: - Ambiguity

  private func overlap(_ first: Int, _ second: Int) -> Bool {
    guard let one = sets[first], let other = sets[second] else { return first == second }
    return one.overlaps(other)
  }

  /// Whether matching may fail right after a state, so that the matcher goes back to try another way.
  private func canFail(after state: Int) -> Bool {
    guard !last.contains(state) else { return false }
    // A loop over all of \w that was followed as far as it goes stands at the end of a word.
    return !next[state].contains { boundary in
      isWordBoundary[boundary] && last.contains(boundary) && next[state].contains(state)
        && sets[state].map { $0.isSuperset(of: ScalarSet.word) } == true
    }
  }

  private func isExponential() throws(TooLarge) -> Bool {
    let count = sets.count
    var before = [[Int]](repeating: [], count: count)
    for source in 0..<count {
      for target in next[source] { before[target].append(source) }
    }
    for start in 0..<count where sets[start] != nil {
      let ahead = reach(from: start, along: next)
      guard ahead[start * count + start] else { continue }
      let behind = reach(from: start, along: before)
      for one in 0..<count {
        for other in 0..<count where ahead[one * count + other] && behind[one * count + other] {
          let isTwofold = one != other || hasDouble(from: one, count: count, ahead, behind)
          if isTwofold, isLoopLeftByFailure(through: start, ahead, behind, count: count) { return true }
        }
      }
    }
    return false
  }

  /// Whether two arrows lead from a state to one and the same, which is in the same loop.
  private func hasDouble(from state: Int, count: Int, _ ahead: [Bool], _ behind: [Bool]) -> Bool {
    var seen: Set<Int> = []
    for target in next[state] where !seen.insert(target).inserted {
      if ahead[target * count + target], behind[target * count + target] { return true }
    }
    return false
  }

  /// Whether the loop around a state ends in something that may fail.
  private func isLoopLeftByFailure(through start: Int, _ ahead: [Bool], _ behind: [Bool], count: Int) -> Bool
  {
    (0..<count).allSatisfy { state in
      let index = state * count + state
      return !(ahead[index] && behind[index]) || canFail(after: state)
    }
  }

  /// The pairs of states that some string leads to from twice the same state; that pair itself only if a string
  /// leads back to it.
  private func reach(from start: Int, along arrows: [[Int]]) -> [Bool] {
    let count = sets.count
    var isReached = [Bool](repeating: false, count: count * count)
    var waiting = [(start, start)]
    while let (one, other) = waiting.popLast() {
      for first in arrows[one] {
        for second in arrows[other] where !isReached[first * count + second] && overlap(first, second) {
          isReached[first * count + second] = true
          waiting.append((first, second))
        }
      }
    }
    return isReached
  }

  /// The longest row of loops that follow each other directly, over scalars that they share, before something
  /// that may fail.
  private func degree() -> Int {
    var lengths = [Int](repeating: 0, count: sets.count)
    var longest = 0
    // States are numbered from left to right.
    for state in sets.indices.reversed() where sets[state] != nil && next[state].contains(state) {
      var further = 0
      for target in next[state] where target > state && lengths[target] > 0 && overlap(state, target) {
        further = max(further, lengths[target])
      }
      lengths[state] = further > 0 || canFail(after: state) ? further + 1 : 0
      longest = max(longest, lengths[state])
    }
    return longest
  }
}

extension RegexNode {
  /// Whether the pattern matches the empty string.
  fileprivate var isNullable: Bool {
    switch self {
    case .empty, .assertion: true
    case .set: false
    case .sequence(let parts): parts.allSatisfy(\.isNullable)
    case .choice(let parts): parts.contains(where: \.isNullable)
    case .repeated(let body, let minimum, _): minimum == 0 || body.isNullable
    }
  }
}
