package import Domain
package import Encoding

/// A value of a signed JSON document together with its JSON Pointer, so that every complaint can say where.
package struct DocumentNode {
  package let value: JSON
  package let pointer: String
  /// What kind of document it is in.
  private let kind: SignedKind

  package init(_ value: JSON, in kind: SignedKind, at pointer: String = "") {
    self.value = value
    self.kind = kind
    self.pointer = pointer
  }

  /// Reads the JSON of a document; `place` is what a complaint calls it, `the seal`.
  package init(parsing bytes: [UInt8], as kind: SignedKind, in place: String) throws(Problem) {
    do { value = try JSON(parsing: bytes, limits: kind.limits) } catch {
      throw kind.malformed("\(error.description) of \(place)")
    }
    self.kind = kind
    pointer = ""
  }

  package func member(_ name: String) throws(Problem) -> DocumentNode {
    guard let member = value[name] else {
      throw kind.malformed("expected a member '\(name)' at '\(pointer)', found none")
    }
    return DocumentNode(member, in: kind, at: "\(pointer)/\(name)")
  }

  /// The member of a name; nil where there is none.
  package func optional(_ name: String) -> DocumentNode? {
    value[name].map { DocumentNode($0, in: kind, at: "\(pointer)/\(name)") }
  }

  package func requireMembers(_ names: Set<String>) throws(Problem) {
    guard let members = value.object else { throw unexpected("an object") }
    if let stranger = members.keys.filter({ !names.contains($0) }).min() {
      throw kind.malformed("expected only known members at '\(pointer)', found '\(stranger.excerpt(40))'")
    }
  }

  package func text() throws(Problem) -> String {
    guard let text = value.string else { throw unexpected("a string") }
    return text
  }

  package func requireText(_ expected: String) throws(Problem) {
    let found = try text()
    // By bytes: Swift's own comparison of strings would take canonically equivalent spellings for equal.
    guard found.utf8.elementsEqual(expected.utf8) else {
      throw kind.malformed("expected '\(expected)' at '\(pointer)', found '\(found.excerpt(80))'")
    }
  }

  package func base64() throws(Problem) -> [UInt8] {
    guard let bytes = Base64.decode(try text()) else { throw unexpected("base 64 with padding") }
    return bytes
  }

  package func digest() throws(Problem) -> Digest {
    guard let digest = Digest(hexadecimal: try text()) else {
      throw unexpected("64 lower-case hexadecimal digits")
    }
    return digest
  }

  package func time() throws(Problem) -> Timestamp {
    guard let time = try? Timestamp(parsing: try text()), time.description == value.string else {
      throw unexpected("a time in milliseconds such as '2026-01-31T12:00:00.000Z'")
    }
    return time
  }

  package func array() throws(Problem) -> [JSON] {
    guard let elements = value.array else { throw unexpected("an array") }
    return elements
  }

  package func elements() throws(Problem) -> [DocumentNode] {
    try array().enumerated().map { DocumentNode($1, in: kind, at: "\(pointer)/\($0)") }
  }

  package func onlyElement() throws(Problem) -> DocumentNode {
    let elements = try elements()
    guard let only = elements.first, elements.count == 1 else {
      throw kind.malformed("expected exactly one element at '\(pointer)', found \(elements.count)")
    }
    return only
  }

  package func unexpected(_ expected: String) -> Problem {
    let found = value.string.map { "'\($0.excerpt(40))'" } ?? value.kind
    return kind.malformed("expected \(expected) at '\(pointer)', found \(found)")
  }
}
