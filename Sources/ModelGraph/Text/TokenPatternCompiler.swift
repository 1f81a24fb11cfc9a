import Encoding

/// Lays out a pattern as a program.
struct TokenPatternCompiler {
  private(set) var instructions: [TokenPattern.Instruction] = []
  private(set) var classes: [CharacterClass] = []

  mutating func append(_ node: TokenPatternNode) throws(TokenPattern.Unsupported) {
    switch node {
    case .empty: break
    case .take(let characters):
      // Few patterns have many classes; most repeat one.
      let index = classes.firstIndex(of: characters) ?? classes.count
      if index == classes.count { classes.append(characters) }
      instructions.append(.take(index))
    case .assert(let assertion): instructions.append(.assert(assertion))
    case .sequence(let parts):
      for part in parts { try append(part) }
    case .choice(let branches): try append(branches)
    case .group(let body):
      instructions.append(.mark(isEnd: false))
      try append(body)
      instructions.append(.mark(isEnd: true))
    case .repeated(let body, let minimum, let maximum, let isGreedy, let position):
      try repeated(body, minimum, maximum, isGreedy: isGreedy, position)
    }
  }

  private mutating func append(_ branches: [TokenPatternNode]) throws(TokenPattern.Unsupported) {
    var jumps: [Int] = []
    for (index, branch) in branches.enumerated() {
      guard index < branches.count - 1 else {
        try append(branch)
        break
      }
      let split = instructions.count
      instructions.append(.split(split + 1, 0))
      try append(branch)
      jumps.append(instructions.count)
      instructions.append(.jump(0))
      instructions[split] = .split(split + 1, instructions.count)
    }
    for jump in jumps { instructions[jump] = .jump(instructions.count) }
  }

  private mutating func repeated(
    _ body: TokenPatternNode, _ minimum: Int, _ maximum: Int?, isGreedy: Bool, _ position: Int
  ) throws(TokenPattern.Unsupported) {
    func split(to body: Int, or exit: Int) -> TokenPattern.Instruction {
      isGreedy ? .split(body, exit) : .split(exit, body)
    }
    func bounded() throws(TokenPattern.Unsupported) {
      guard instructions.count <= TokenPattern.mostInstructions else {
        throw TokenPattern.Unsupported(construct: "repeats that come to a long pattern", position: position)
      }
    }
    for _ in 0..<minimum {
      try append(body)
      try bounded()
    }
    guard let maximum else {
      let loop = instructions.count
      instructions.append(.split(0, 0))
      try append(body)
      instructions.append(.jump(loop))
      instructions[loop] = split(to: loop + 1, or: instructions.count)
      return try bounded()
    }
    var splits: [Int] = []
    for _ in minimum..<maximum {
      splits.append(instructions.count)
      instructions.append(.split(0, 0))
      try append(body)
      try bounded()
    }
    for index in splits { instructions[index] = split(to: index + 1, or: instructions.count) }
  }
}
