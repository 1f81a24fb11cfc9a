import Foundation

/// A session with the command line, as a text file: what is typed, how it ends, and what it prints.
///
/// ```
/// # a comment
/// serve [OPTION…]             starts a platform on ports of its own and waits for it
/// $ gatehouse models          a command, run by sh with the programs on its PATH
/// ? 1                         the exit status it must have; 0 where there is no such line
/// < a line of standard output
/// ! a line of standard error; `*` in a line stands for any text, `...` for any lines
/// = KEY                       keeps the whole standard output as $KEY for the commands after it
/// ```
struct Transcript: Sendable {
  /// One command and what is expected of it.
  struct Step: Sendable {
    var line: Int
    var command: String
    var status: Int32 = 0
    var output: [String] = []
    var errors: [String] = []
    var variable: String?
    /// Whether it starts a platform, which is waited for.
    var isServe = false
  }

  /// The commands in order; `serve` is one of them.
  private(set) var steps: [Step] = []

  init(parsing text: String) throws {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard let mark = line.first, mark != "#" else { continue }
      let rest = String(line.dropFirst(2))
      switch mark {
      case "$": steps.append(Step(line: index + 1, command: rest))
      case "s" where line == "serve" || line.hasPrefix("serve "):
        steps.append(Step(line: index + 1, command: String(line), isServe: true))
      case "?": try amend { $0.status = Int32(rest) ?? -1 }
      case "<": try amend { $0.output.append(rest) }
      case "!": try amend { $0.errors.append(rest) }
      case "=": try amend { $0.variable = rest }
      default: throw Malformed(line: index + 1)
      }
    }
  }

  private mutating func amend(_ change: (inout Step) -> Void) throws {
    guard !steps.isEmpty else { throw Malformed(line: 1) }
    change(&steps[steps.count - 1])
  }

  struct Malformed: Error {
    let line: Int
  }

  /// Whether `lines` are what `expected` says.
  static func matches(_ lines: [String], _ expected: [String]) -> Bool {
    guard let first = expected.first else { return lines.isEmpty }
    if first == "..." {
      return (0...lines.count).contains { matches(Array(lines.dropFirst($0)), Array(expected.dropFirst())) }
    }
    guard let line = lines.first, fits(line, first) else { return false }
    return matches(Array(lines.dropFirst()), Array(expected.dropFirst()))
  }

  private static func fits(_ line: String, _ pattern: String) -> Bool {
    let parts = pattern.components(separatedBy: "*")
    guard parts.count > 1 else { return line == pattern }
    var rest = line[...]
    guard rest.hasPrefix(parts[0]) else { return false }
    rest = rest.dropFirst(parts[0].count)
    for part in parts.dropFirst().dropLast() {
      guard let range = rest.range(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
  }
}
