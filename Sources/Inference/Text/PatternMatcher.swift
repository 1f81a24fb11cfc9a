import Encoding
package import Domain
package import ModelGraph

/// Finds the tokens of a text as `re.findall` does, in time linear in the text for each of them.
///
/// A machine that is in all its states at once, in the order in which Python would try them (Pike's; R. Cox,
/// "Regular Expression Matching: the Virtual Machine Approach"): the first to match is Python's match.
package struct PatternMatcher {
  private let pattern: TokenPattern
  /// Which characters a match can begin with; nil where it may begin otherwise.
  private var firsts: Firsts?
  /// The quick way, for patterns that have one.
  private var automaton: PatternAutomaton?
  private var current: ThreadList
  private var following: ThreadList
  private var pending: [Thread] = []

  /// How many steps the slow way takes in one text: some seconds.
  private static let mostSteps = 1 << 30

  /// The characters of some classes, those of ASCII looked up beforehand and others kept once they were.
  private struct Firsts {
    let classes: [CharacterClass]
    let ascii: [Bool]
    private var others: [UInt32: Bool] = [:]

    /// So many classes are gone through sooner than a character is looked up.
    private static let fewClasses = 4
    private static let mostOthers = 1 << 16

    init(_ classes: [CharacterClass]) {
      self.classes = classes
      ascii = (0..<128).map { character in classes.contains { $0.contains(character) } }
    }

    /// Whether a match may begin with a character; the budget pays for classes that are gone through.
    mutating func contains(_ character: UInt32, _ budget: inout Int) -> Bool {
      if character < 128 { return ascii[Int(character)] }
      if classes.count > Self.fewClasses {
        if let isOne = others[character] { return isOne }
        budget -= classes.count
      }
      let isOne = classes.contains { $0.contains(character) }
      if classes.count > Self.fewClasses, others.count < Self.mostOthers { others[character] = isOne }
      return isOne
    }

    /// The first position from one on at which a match may begin; the end of the text where there is none, and where
    /// the budget is spent.
    mutating func position(from start: Int, in text: [UInt32], _ budget: inout Int) -> Int {
      var position = start
      while position < text.count, budget > 0, !contains(text[position], &budget) { position += 1 }
      return budget > 0 ? position : text.count
    }
  }

  /// One way through the pattern that is still open.
  private struct Thread {
    var instruction: Int
    var start: Int
    var groupStart: Int
    var groupEnd: Int
  }

  /// The open ways at one position, the foremost first, no two at one instruction.
  private struct ThreadList {
    var threads: [Thread] = []
    var places: [Int]

    init(capacity: Int) {
      places = Array(repeating: 0, count: capacity)
    }

    func contains(_ instruction: Int) -> Bool {
      let place = places[instruction]
      return place < threads.count && threads[place].instruction == instruction
    }

    mutating func append(_ thread: Thread) {
      places[thread.instruction] = threads.count
      threads.append(thread)
    }
  }

  /// Makes a matcher; it may be used for any number of texts, one after another.
  package init(_ pattern: TokenPattern, usesAutomaton: Bool = true) {
    self.pattern = pattern
    firsts = Self.firsts(of: pattern).map(Firsts.init)
    automaton = usesAutomaton && pattern.runs == nil ? PatternAutomaton(pattern) : nil
    current = ThreadList(capacity: pattern.instructions.count)
    following = ThreadList(capacity: pattern.instructions.count)
  }

  /// Calls `found` with each token in order; the whole match, or what its group took.
  ///
  /// Throws where matching would take time quadratic in the text, as it can when every match makes the
  /// machine look far ahead in vain.
  package mutating func tokens(
    of text: [UInt32], _ found: (Range<Int>) -> Void
  ) throws(Problem) {
    if let runs = pattern.runs {
      Self.runs(of: runs, in: text, found)
      return
    }
    var from = 0
    var isEmptyBarred = false
    if quickTokens(of: text, &from, &isEmptyBarred, found) { return }
    var budget = min((text.count + 1024) * (2 * pattern.instructions.count + 16), Self.mostSteps)
    while from <= text.count {
      guard
        let match = try search(text, from: from, isEmptyBarred: isEmptyBarred, &budget)
      else { return }
      let end = match.instruction
      if !pattern.hasGroup {
        found(match.start..<end)
      } else if match.groupEnd >= match.groupStart, match.groupStart >= 0 {
        found(match.groupStart..<match.groupEnd)
      } else {
        found(end..<end)
      }
      // An empty match may follow another match, yet no two are at one place.
      isEmptyBarred = end == match.start
      from = end
    }
  }

  /// Finds tokens by the automaton as long as that goes well; says whether those are all.
  private mutating func quickTokens(
    of text: [UInt32], _ from: inout Int, _ isEmptyBarred: inout Bool, _ found: (Range<Int>) -> Void
  ) -> Bool {
    guard automaton != nil else { return false }
    let characters = text.span
    var budget = 16 * (text.count + 1024)
    var isExhausted = false
    var start = from
    while start <= text.count {
      if let found = firsts?.position(from: start, in: text, &budget) {
        guard budget > 0 else { return false }
        start = found
        if start == text.count { return true }
      }
      let end = automaton?.end(
        of: start, in: characters, isEmptyBarred: isEmptyBarred && start == from, &budget,
        isExhausted: &isExhausted)
      if isExhausted { return false }
      guard let end else {
        start += 1
        continue
      }
      found(start..<end)
      isEmptyBarred = end == start
      from = end
      start = end
    }
    return true
  }

  private static func runs(
    of runs: TokenPattern.Runs, in text: [UInt32], _ found: (Range<Int>) -> Void
  ) {
    let whole = runs.characters
    let text = text.span
    // Of what is a word, a part is never between two boundaries.
    let isPart = runs.isWholeWord && whole != .word
    let characters = isPart ? .word : whole
    var start = 0
    while start < text.count {
      guard characters.contains(text[start]) else {
        start += 1
        continue
      }
      var end = start + 1
      while end < text.count, characters.contains(text[end]) { end += 1 }
      if end - start >= runs.minimum, !isPart || (start..<end).allSatisfy({ whole.contains(text[$0]) }) {
        found(start..<end)
      }
      start = end + 1
    }
  }

  /// The leftmost match from a position on, its end in place of the instruction.
  private mutating func search(
    _ text: [UInt32], from: Int, isEmptyBarred: Bool, _ budget: inout Int
  ) throws(Problem) -> Thread? {
    current.threads.removeAll(keepingCapacity: true)
    var match: Thread?
    var position = from
    while true {
      if current.threads.isEmpty {
        if match != nil { return match }
        if let found = firsts?.position(from: position, in: text, &budget) {
          guard budget > 0 else { throw Self.exhausted }
          position = found
          if position == text.count { return nil }
        }
      }
      if match == nil {
        Self.open(
          Thread(instruction: 0, start: position, groupStart: -1, groupEnd: -1), pattern, at: position,
          in: text,
          &current, &pending, &budget)
      }
      guard budget > 0 else { throw Self.exhausted }
      following.threads.removeAll(keepingCapacity: true)
      stepping: for index in current.threads.indices {
        let thread = current.threads[index]
        switch pattern.instructions[thread.instruction] {
        case .take(let characters):
          if position < text.count, pattern.classes[characters].contains(text[position]) {
            var next = thread
            next.instruction += 1
            Self.open(
              next, pattern, at: position + 1, in: text, &following, &pending, &budget)
          }
        case .match where isEmptyBarred && position == from: continue
        case .match:
          match = thread
          match?.instruction = position
          // What stands behind has less precedence.
          break stepping
        default: continue
        }
      }
      swap(&current, &following)
      if position == text.count { return match }
      position += 1
    }
  }

  /// Adds a thread, and all that it becomes without taking a character.
  private static func open(
    _ thread: Thread, _ pattern: TokenPattern, at position: Int, in text: [UInt32],
    _ list: inout ThreadList, _ pending: inout [Thread], _ budget: inout Int
  ) {
    pending.removeAll(keepingCapacity: true)
    pending.append(thread)
    while var thread = pending.popLast() {
      budget -= 1
      guard !list.contains(thread.instruction) else { continue }
      list.append(thread)
      switch pattern.instructions[thread.instruction] {
      case .take, .match: continue
      case .jump(let target):
        thread.instruction = target
        pending.append(thread)
      case .split(let first, let second):
        thread.instruction = second
        pending.append(thread)
        thread.instruction = first
        pending.append(thread)
      case .mark(let isEnd):
        if isEnd { thread.groupEnd = position } else { thread.groupStart = position }
        thread.instruction += 1
        pending.append(thread)
      case .assert(let assertion):
        guard holds(assertion, at: position, in: text) else { continue }
        thread.instruction += 1
        pending.append(thread)
      }
    }
  }

  private static func holds(_ assertion: TokenPattern.Assertion, at position: Int, in text: [UInt32]) -> Bool
  {
    let lineFeed: UInt32 = 0x0A
    switch assertion {
    case .textStart: return position == 0
    case .textEnd: return position == text.count
    case .lastLineEnd:
      return position == text.count || (position == text.count - 1 && text[position] == lineFeed)
    case .lineStart: return position == 0 || text[position - 1] == lineFeed
    case .lineEnd: return position == text.count || text[position] == lineFeed
    // In an empty text there is neither a boundary nor none.
    case .wordBoundary(let isASCII):
      return !text.isEmpty && isBoundary(position, in: text, isASCII)
    case .noWordBoundary(let isASCII):
      return !text.isEmpty && !isBoundary(position, in: text, isASCII)
    }
  }

  private static func isBoundary(_ position: Int, in text: [UInt32], _ isASCII: Bool) -> Bool {
    func isWord(_ index: Int) -> Bool {
      guard text.indices.contains(index), !isASCII || text[index] < 128 else { return false }
      return CharacterDatabase.python.isWord(text[index])
    }
    return isWord(position - 1) != isWord(position)
  }

  private static var exhausted: Problem {
    Problem(
      .badInput, "predict.text-too-costly",
      "expected a text that the model's token pattern takes apart in linear time, found one that takes it longer",
      hint: "send shorter texts")
  }

  /// What the program can take first, where it cannot match nothing.
  private static func firsts(of pattern: TokenPattern) -> [CharacterClass]? {
    var seen: Set<Int> = []
    var pending = [0]
    var indices: Set<Int> = []
    while let instruction = pending.popLast() {
      guard seen.insert(instruction).inserted else { continue }
      switch pattern.instructions[instruction] {
      case .take(let characters): indices.insert(characters)
      case .match: return nil
      case .jump(let target): pending.append(target)
      case .split(let first, let second): pending += [first, second]
      case .mark, .assert: pending.append(instruction + 1)
      }
    }
    return indices.sorted().map { pattern.classes[$0] }
  }
}
