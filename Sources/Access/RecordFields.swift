import Domain
import Encoding

/// The members of a record, read into the types they stand for; throws `access.malformed`.
struct RecordFields {
  private let json: JSON
  private let what: String

  /// `what` names the record in messages: `grant`, `API key`.
  init(_ json: JSON, _ what: String) {
    self.json = json
    self.what = what
  }

  /// Refuses other members than these, and what is no object.
  func allow(_ names: Set<String>) throws(Problem) {
    guard let members = json.object else {
      throw malformed("expected a \(what) as an object, found \(json.kind)")
    }
    guard let stranger = members.keys.filter({ !names.contains($0) }).min() else { return }
    let near = NearName.nearest(to: stranger, among: names)
    throw Problem(
      .badInput, "access.malformed",
      "expected \(names.sorted().map { "'\($0)'" }.joined(separator: ", ")) alone in a \(what), found"
        + " '\(stranger.excerpt(40))'",
      position: "/\(stranger.excerpt(40))", hint: near.map { "use '\($0)'" })
  }

  func has(_ name: String) -> Bool { json[name] != nil && json[name] != .null }

  func text(_ name: String, default standard: String? = nil) throws(Problem) -> String {
    if let text = json[name]?.string { return text }
    guard !has(name), let standard else { throw unexpected("a text", name) }
    return standard
  }

  func texts(_ name: String) throws(Problem) -> [String] {
    guard has(name) else { return [] }
    guard let elements = json[name]?.array, elements.count <= 1000 else {
      throw unexpected("an array of at most 1000 texts", name)
    }
    let texts = elements.compactMap(\.string)
    guard texts.count == elements.count else { throw unexpected("texts alone", name) }
    return texts
  }

  func moment(_ name: String) throws(Problem) -> Timestamp? {
    guard has(name) else { return nil }
    guard let value = json[name]?.integer else { throw unexpected("milliseconds since 1970", name) }
    return Timestamp(milliseconds: value)
  }

  func requiredMoment(_ name: String) throws(Problem) -> Timestamp {
    guard let moment = try moment(name) else { throw unexpected("milliseconds since 1970", name) }
    return moment
  }

  func flag(_ name: String) throws(Problem) -> Bool {
    guard has(name) else { return false }
    guard let flag = json[name]?.bool else { throw unexpected("true or false", name) }
    return flag
  }

  func principal(_ name: String) throws(Problem) -> Principal {
    let text = try text(name)
    guard let principal = Principal(parsing: text) else {
      throw unexpected("a principal such as 'service:ci'", name)
    }
    return principal
  }

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
    has(name) ? try Scope(json: json[name] ?? .null) : .everything
  }

  func value(_ name: String) throws(Problem) -> JSON {
    guard let value = json[name] else { throw unexpected("a value", name) }
    return value
  }

  private func unknown(_ kind: String, _ text: String, among known: [String], _ name: String) -> Problem {
    Problem(
      .badInput, "access.unknown-\(kind)",
      "expected a \(kind) among \(known.sorted().joined(separator: ", ")), found '\(text.excerpt(40))'",
      position: "/\(name)", hint: NearName.nearest(to: text, among: known).map { "use '\($0)'" })
  }

  private func unexpected(_ expected: String, _ name: String) -> Problem {
    malformed(
      "expected \(expected) as '\(name)' of a \(what), found \(json[name]?.kind ?? "nothing")", "/\(name)")
  }

  private func malformed(_ message: String, _ position: String? = nil) -> Problem {
    Problem(.badInput, "access.malformed", message, position: position)
  }
}
