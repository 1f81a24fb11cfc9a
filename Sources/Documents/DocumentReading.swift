import Domain
import Encoding
package import YAML

/// Takes values out of a document and keeps every fault that it finds on the way.
///
/// What cannot be read is stood in for by a default, so that reading goes on to the next fault; whoever has faults
/// hands nothing of it out.
package struct DocumentReading {
  /// How many faults are kept.
  package static let faultLimit = 100
  /// How many elements a list may have.
  package static let listLimit = 200
  /// How many bytes a text may have.
  package static let textLimit = 500

  package let source: SourceText
  /// What the codes of faults begin with: `policy`.
  package let area: String
  package private(set) var faults: [DocumentFault] = []
  /// Whether there were more faults than are kept.
  package private(set) var isCut = false

  package init(_ bytes: [UInt8], area: String) {
    source = SourceText(bytes)
    self.area = area
  }

  /// The root of the document; nil, with the fault, where it is no YAML.
  package mutating func root() -> YAMLNode? {
    do throws(MalformedYAML) {
      return try YAMLNode(parsing: source.bytes[...])
    } catch {
      add("not-yaml", error.message, at: error.offset..<error.offset, hint: nil)
      return nil
    }
  }

  /// Whether a document says first what it is and in which language, `policy: gatehouse/v1`.
  package mutating func opens(
    _ root: YAMLNode, as name: String, language: String, _ what: String
  ) -> Bool {
    let opening = "\(name): \(language)"
    guard case .mapping(let members) = root.content, let first = members.first else {
      addType("\(what) as a mapping", root, hint: "begin with '\(opening)'")
      return false
    }
    guard first.name == name else {
      add(
        "language", "expected '\(opening)' first, found '\(first.name)'", at: first.nameRange,
        hint: "begin with '\(opening)'")
      return members.contains { $0.name == name }
    }
    guard case .scalar(language) = first.value.content else {
      add(
        "language", "expected the \(name) language \(language), found \(Self.found(first.value))",
        at: first.value.range)
      return false
    }
    return true
  }

  package mutating func add(_ code: String, _ message: String, at range: Range<Int>, hint: String? = nil) {
    guard faults.count < Self.faultLimit else {
      isCut = true
      return
    }
    faults.append(
      DocumentFault(
        code: "\(area).\(code)", message: message, hint: hint, place: source.place(of: range.lowerBound),
        excerpt: source.excerpt(of: range)))
  }

  /// Adds that a value is of another kind or form than it should be.
  package mutating func addType(_ expected: String, _ node: YAMLNode, hint: String? = nil) {
    add("type", "expected \(expected), found \(Self.found(node))", at: node.range, hint: hint)
  }

  /// Adds that a word is none of those that there are, with the one that was meant where it is near.
  package mutating func addWord(
    _ code: String, _ expected: String, _ found: String, among words: [String], at range: Range<Int>
  ) {
    let meant =
      words.first { $0.lowercased() == found.lowercased() } ?? NearName.nearest(to: found, among: words)
    let list = words.map { "'\($0)'" }.joined(separator: ", ")
    add(
      code, "expected \(expected), found '\(found.excerpt(60))'", at: range,
      hint: meant.map { "use '\($0)'" } ?? "there are \(list)")
  }

  /// What stands in a node, in the words of a message.
  package static func found(_ node: YAMLNode) -> String {
    guard case .scalar(let text) = node.content, !text.isEmpty else { return node.kind }
    return "'\(text.excerpt(60))'"
  }

  // MARK: Collections

  /// The members of a mapping by their names; none, with a fault, where it is another value.
  package mutating func fields(
    of node: YAMLNode, _ what: String, known: [String], required: [String] = []
  ) -> Fields {
    guard case .mapping(let members) = node.content else {
      addType("\(what) as a mapping", node)
      return Fields(range: node.range, members: [:], isMapping: false)
    }
    var found: [String: YAMLNode.Member] = [:]
    var meant: Set<String> = []
    for member in members {
      if known.contains(member.name) {
        found[member.name] = member
      } else {
        addWord("unknown-member", "a member of \(what)", member.name, among: known, at: member.nameRange)
        NearName.nearest(to: member.name, among: known).map { _ = meant.insert($0) }
      }
    }
    // What was written with a slip is told once, as that.
    let missing = required.filter { found[$0] == nil && !meant.contains($0) }
    if !missing.isEmpty {
      let names = missing.map { "'\($0)'" }.listed("and")
      add("missing-member", "expected \(names) in \(what), found none", at: node.range)
    }
    return Fields(range: node.range, members: found, isMapping: true)
  }

  /// The elements of a list; a text or a mapping stands for a list of one.
  package mutating func elements(of node: YAMLNode?, _ what: String, mayBeEmpty: Bool = false) -> [YAMLNode] {
    guard let node else { return [] }
    var elements: [YAMLNode]
    switch node.content {
    case .sequence(let found): elements = found
    case .scalar(let text) where text.isEmpty: elements = []
    case .scalar, .mapping: elements = [node]
    }
    if elements.isEmpty, !mayBeEmpty {
      add("type", "expected \(what), found an empty list", at: node.range)
    }
    if elements.count > Self.listLimit {
      add(
        "type", "expected at most \(Self.listLimit) elements in a list, found \(elements.count)",
        at: node.range)
      elements = []
    }
    return elements
  }

  // MARK: Texts

  /// A text of one line; empty, with a fault, for anything else.
  package mutating func text(_ node: YAMLNode?, _ what: String) -> String {
    guard let node else { return "" }
    guard case .scalar(let text) = node.content, 1...Self.textLimit ~= text.utf8.count,
      text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else {
      addType("\(what) as one line of 1 to \(Self.textLimit) bytes", node)
      return ""
    }
    return text
  }

  /// What a parser makes of a text; nil, with a fault, where it makes nothing of it.
  package mutating func value<Value>(
    _ node: YAMLNode?, _ expected: String, code: String = "type", hint: String? = nil,
    _ parse: (String) -> Value?
  ) -> Value? {
    guard let node else { return nil }
    if case .scalar(let text) = node.content, text.utf8.count <= Self.textLimit, let value = parse(text) {
      return value
    }
    add(code, "expected \(expected), found \(Self.found(node))", at: node.range, hint: hint)
    return nil
  }

  /// A whole number in a range.
  package mutating func number(
    _ node: YAMLNode?, _ what: String, in range: ClosedRange<Int>, default value: Int
  )
    -> Int
  {
    self.value(node, "\(what) as a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      Int(text).flatMap { range.contains($0) && String($0) == text ? $0 : nil }
    } ?? value
  }

  /// `true` or `false`.
  package mutating func boolean(_ node: YAMLNode?, _ what: String, default value: Bool) -> Bool {
    self.value(node, "\(what) as true or false") { ["true": true, "false": false][$0] } ?? value
  }

  /// A word among those that there are; nil, with a fault, for any other.
  package mutating func word(
    _ node: YAMLNode, _ what: String, code: String = "unknown-word", among words: [String]
  )
    -> String?
  {
    guard case .scalar(let text) = node.content, !text.isEmpty else {
      addType(what, node)
      return nil
    }
    guard words.contains(text) else {
      addWord(code, what, text, among: words, at: node.range)
      return nil
    }
    return text
  }

  /// A word that is a case of an enumeration.
  package mutating func choice<Choice: RawRepresentable & CaseIterable>(_ node: YAMLNode?, _ what: String)
    -> Choice?
  where Choice.RawValue == String {
    guard let node else { return nil }
    return word(node, what, among: Choice.allCases.map(\.rawValue)).flatMap(Choice.init(rawValue:))
  }

  /// A list of words that are cases of an enumeration.
  package mutating func choices<Choice: RawRepresentable & CaseIterable & Hashable>(
    _ node: YAMLNode?, _ what: String, mayBeEmpty: Bool = false
  ) -> [Choice] where Choice.RawValue == String {
    elements(of: node, what, mayBeEmpty: mayBeEmpty).compactMap { choice($0, what) }
  }
}

/// The members of a mapping.
package struct Fields {
  package let range: Range<Int>
  fileprivate let members: [String: YAMLNode.Member]
  /// Whether there was a mapping at all; a fault has been told where there was none.
  package let isMapping: Bool

  fileprivate init(range: Range<Int>, members: [String: YAMLNode.Member], isMapping: Bool) {
    self.range = range
    self.members = members
    self.isMapping = isMapping
  }

  package subscript(name: String) -> YAMLNode? { members[name]?.value }

  /// The members of both; of those that both have, the other's.
  package func overlaid(by other: Fields) -> Fields {
    Fields(
      range: other.range, members: members.merging(other.members) { $1 },
      isMapping: isMapping && other.isMapping)
  }

  /// The members but for those whose value is this text.
  package func without(text: String) -> Fields {
    let kept = members.filter { member in
      if case .scalar(text) = member.value.value.content { return false }
      return true
    }
    return Fields(range: range, members: kept, isMapping: isMapping)
  }

  /// Where the name of a member stands; the whole mapping where it is not there.
  package func nameRange(of name: String) -> Range<Int> { members[name]?.nameRange ?? range }
}

extension DocumentReading {
  /// The faults as one finds them reading from the top.
  package var sortedFaults: [DocumentFault] {
    faults.enumerated().sorted {
      ($0.element.place.line, $0.element.place.column, $0.offset)
        < ($1.element.place.line, $1.element.place.column, $1.offset)
    }.map(\.element)
  }
}

extension Sequence<String> {
  /// The words as a sentence has them, `a, b or c`.
  package func listed(_ joint: String = "or") -> String {
    let words = Array(self)
    guard let last = words.last, words.count > 1 else { return words.first ?? "none" }
    return words.dropLast().joined(separator: ", ") + " \(joint) \(last)"
  }
}
