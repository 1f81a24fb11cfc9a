import Documents
import Domain
import Encoding
import YAML

extension DocumentReading {
  /// The columns of a schema, each under its name.
  mutating func schema(_ node: YAMLNode) -> Schema {
    guard case .mapping(let members) = node.content, !members.isEmpty else {
      addType("a schema as a mapping of columns", node, hint: "write it like 'age: {type: integer}'")
      return Schema(columns: [])
    }
    guard members.count <= Schema.columnLimit else {
      add(
        "type", "expected at most \(Schema.columnLimit) columns, found \(members.count)", at: node.range)
      return Schema(columns: [])
    }
    return Schema(columns: members.map { column($0) })
  }

  private mutating func column(_ member: YAMLNode.Member) -> Schema.Column {
    if !member.name.isOneLine(upTo: Schema.textLimit) {
      add(
        "type", "expected a name of one line of 1 to \(Schema.textLimit) bytes for a column, found another",
        at: member.nameRange)
    }
    let fields = fields(
      of: member.value, "a column", known: ["type", "range", "typical", "values", "others", "missing"],
      required: ["type"])
    let type: ColumnType = choice(fields["type"], "the type of a column") ?? .text
    let range = range(fields["range"], of: type, "'range'")
    var typical = self.range(fields["typical"], of: type, "'typical'")
    if let inner = typical, let outer = range,
      !(outer.contains(inner.lowerBound) && outer.contains(inner.upperBound)), let node = fields["typical"]
    {
      addType("'typical' within 'range'", node)
      typical = nil
    }
    let values = values(fields["values"], of: type)
    if type == .category, fields["values"] == nil, fields.isMapping {
      add(
        "missing-member", "expected 'values' of a category, found none", at: fields.range,
        hint: "name the values, or use the type 'text'")
    }
    let others: Permission? = choice(fields["others"], "'others'")
    if let node = fields["others"], type != .category {
      addType("'others' for a category alone", node, hint: "leave it out")
    }
    let missing: Permission? = choice(fields["missing"], "'missing'")
    return Schema.Column(
      name: member.name, type: type, range: range, typical: typical, values: values,
      takesOthers: others == .allowed, mayBeMissing: missing == .allowed)
  }

  /// A least and a greatest number; nil, with a fault, for anything else.
  mutating func range(_ node: YAMLNode?, of type: ColumnType?, _ what: String) -> ClosedRange<Double>? {
    guard let node else { return nil }
    if let type, !type.isNumeric {
      addType("\(what) for a number or an integer alone", node, hint: "leave it out")
      return nil
    }
    let bounds = elements(of: node, what).map { bound in
      value(bound, "a number") { decimal($0) }
    }
    guard bounds.count == 2, let low = bounds[0], let high = bounds[1], low <= high,
      type != .integer || (low == low.rounded() && high == high.rounded())
    else {
      if !bounds.contains(where: { $0 == nil }) {
        addType(
          "\(what) as the least and the greatest \(type == .integer ? "whole number" : "number")", node,
          hint: "write it like '[0, 100]'")
      }
      return nil
    }
    // Both zeros are one number.
    return low + 0...high + 0
  }

  private mutating func values(_ node: YAMLNode?, of type: ColumnType) -> [String] {
    guard let node else { return [] }
    guard type == .category || type == .text else {
      addType("'values' for a category or a text alone", node, hint: "leave it out, or state 'range'")
      return []
    }
    var values: [String] = []
    var known: Set<String> = []
    for element in elements(of: node, "a value") {
      guard case .scalar(let text) = element.content, text.utf8.count <= Schema.textLimit else {
        addType("a value as a text of at most \(Schema.textLimit) bytes", element)
        continue
      }
      guard known.insert(text).inserted else {
        add("type", "expected each value once, found '\(text.excerpt(60))' again", at: element.range)
        continue
      }
      values.append(text)
    }
    if values.count > Schema.valueLimit {
      add(
        "type", "expected at most \(Schema.valueLimit) values, found \(values.count)", at: node.range,
        hint: "name the most frequent ones, and add 'others: allowed'")
    }
    return values
  }
}

/// Whether something is allowed.
private enum Permission: String, CaseIterable {
  case allowed, refused
}
