import Domain
import Encoding

extension RecordFields {
  /// The members of a record of who may do what; throws `access.malformed`.
  init(_ json: JSON, _ what: String) { self.init(json, what, code: "access.malformed") }

  func rights(_ name: String) throws(Problem) -> Set<Right>? {
    guard has(name) else { return nil }
    var rights: Set<Right> = []
    for text in try texts(name) {
      guard let right = Right(rawValue: text) else {
        throw unknown("right", text, among: Right.allCases.map(\.rawValue), name)
      }
      rights.insert(right)
    }
    return rights
  }

  func role(_ name: String) throws(Problem) -> Role? {
    guard has(name) else { return nil }
    let text = try text(name)
    guard let role = Role(rawValue: text) else {
      throw unknown("role", text, among: Role.allCases.map(\.rawValue), name)
    }
    return role
  }

  func scope(_ name: String) throws(Problem) -> Scope {
    has(name) ? try Scope(json: value(name)) : .everything
  }

  private func unknown(_ kind: String, _ text: String, among known: [String], _ name: String) -> Problem {
    Problem(
      .badInput, "access.unknown-\(kind)",
      "expected a \(kind) among \(known.sorted().joined(separator: ", ")), found '\(text.excerpt(40))'",
      position: "/\(name)", hint: NearName.nearest(to: text, among: known).map { "use '\($0)'" })
  }
}
