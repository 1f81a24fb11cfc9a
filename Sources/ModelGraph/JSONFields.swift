import Domain
import Encoding

/// The members of a JSON object that has just the members that are known.
struct JSONFields {
  private let members: [String: JSON]
  /// What the object is, for messages.
  private let subject: String

  init(_ json: JSON, of subject: String, _ known: Set<String>) throws(Problem) {
    guard let members = json.object else {
      throw Self.problem("expected \(subject) to be an object, found \(json.kind)")
    }
    if let unknown = members.keys.filter({ !known.contains($0) }).min() {
      throw Self.problem("expected \(subject) to have known fields, found '\(unknown.prefix(80))'")
    }
    if let missing = known.filter({ members[$0] == nil }).min() {
      throw Self.problem("expected \(subject) to have the field '\(missing)', found none")
    }
    self.members = members
    self.subject = subject
  }

  func value(_ name: String) throws(Problem) -> JSON {
    guard let value = members[name] else { throw malformed(name, "a value") }
    return value
  }

  func string(_ name: String) throws(Problem) -> String {
    guard let text = members[name]?.string else { throw malformed(name, "a string") }
    return text
  }

  /// A string or null.
  func stringIfPresent(_ name: String) throws(Problem) -> String? {
    try value(name) == .null ? nil : try string(name)
  }

  func bool(_ name: String) throws(Problem) -> Bool {
    guard let value = members[name]?.bool else { throw malformed(name, "a boolean") }
    return value
  }

  func number(_ name: String) throws(Problem) -> Double {
    guard let value = members[name]?.double else { throw malformed(name, "a number") }
    return value
  }

  func array(_ name: String) throws(Problem) -> [JSON] {
    guard let elements = members[name]?.array else { throw malformed(name, "an array") }
    return elements
  }

  func object(_ name: String) throws(Problem) -> [String: JSON] {
    guard let members = members[name]?.object else { throw malformed(name, "an object") }
    return members
  }

  func datatype() throws(Problem) -> Datatype {
    guard let datatype = Datatype(rawValue: try string("datatype")) else {
      throw malformed("datatype", "one of \(Datatype.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return datatype
  }

  func shape() throws(Problem) -> [Int] {
    let axes = try array("shape")
    let shape = axes.compactMap(\.int)
    guard shape.count == axes.count, axes.count <= 8 else {
      throw malformed("shape", "an array of at most 8 integers")
    }
    return shape
  }

  /// A refusal of one field's value.
  func malformed(_ name: String, _ expected: String) -> Problem {
    Self.problem(
      "expected '\(name)' of \(subject) to be \(expected), found \(members[name]?.kind ?? "none")")
  }

  static func problem(_ message: String) -> Problem {
    Problem(.badInput, "graph.malformed", message)
  }
}
