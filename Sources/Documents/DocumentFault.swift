public import Domain
public import Encoding
public import YAML

/// One thing that is wrong in a document that somebody wrote, and where.
public struct DocumentFault: Equatable, Sendable {
  /// A stable name, `policy.unknown-gate`.
  public let code: String
  /// What was expected and what was found.
  public let message: String
  /// What to do about it, imperative.
  public let hint: String?
  /// Where it stands.
  public let place: SourceText.Place
  /// The line it stands in, and one that points at it.
  public let excerpt: [String]

  /// The fault in the form for a terminal: the error, where, the line with a caret, and the hint.
  public func text(file: String) -> String {
    var lines = ["error[\(code)]: \(message.excerpt())", "  --> \(file.excerpt()):\(place)"]
    lines += excerpt
    if let hint { lines.append("  hint: \(hint.excerpt())") }
    return lines.joined(separator: "\n")
  }

  /// The fault as what an act ends with.
  public func problem(file: String) -> Problem {
    Problem(.badInput, code, message, position: "\(file):\(place)", hint: hint)
  }

  /// The fault as reports carry it.
  public var json: JSON {
    var members: [String: JSON] = [
      "code": .string(code), "message": .string(message), "line": JSON(place.line),
      "column": JSON(place.column),
    ]
    members["hint"] = hint.map { .string($0) }
    return .object(members)
  }
}
