import Domain
import Encoding
import Hummingbird

extension Request {
  /// The whole number of a query; nil where it has none of this name.
  ///
  /// Throws `request.query`.
  func number(_ name: String) throws(Problem) -> Int64? {
    guard let text = uri.queryParameters.get(name) else { return nil }
    guard let value = Int64(text), value >= 0 else {
      throw Problem.unreadable("a whole number from 0", name, text)
    }
    return value
  }

  /// Whether a query says `true` of something; false where it says nothing.
  ///
  /// Throws `request.query`.
  func flag(_ name: String) throws(Problem) -> Bool {
    switch uri.queryParameters.get(name) {
    case nil, "false"?: return false
    case "true"?: return true
    case let text?: throw Problem.unreadable("true or false", name, String(text))
    }
  }

  /// The moment of a query, in milliseconds since 1970; nil where it has none of this name.
  ///
  /// Throws `request.query`.
  func moment(_ name: String) throws(Problem) -> Timestamp? {
    try number(name).map { Timestamp(milliseconds: $0) }
  }
}

extension Problem {
  /// What is said of a parameter of a query that cannot be read.
  static func unreadable(_ expected: String, _ name: String, _ text: String) -> Problem {
    Problem(.badInput, "request.query", "expected \(expected) for '\(name)', found '\(text.excerpt(40))'")
  }
}
