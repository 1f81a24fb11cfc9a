/// Spells values the way Python would, cut short and with nothing that could act on a terminal.
struct PickleDescriber {
  let values: PickleValues
  private var text = ""
  private var remaining: Int

  init(values: PickleValues, limit: Int = 200) {
    self.values = values
    self.remaining = limit
  }

  /// The values, separated by commas.
  mutating func list(_ references: some Collection<UInt32>) -> String {
    items(references, depth: 0)
    return text
  }

  private mutating func write(_ piece: String) {
    guard remaining > 0 else { return }
    text += piece
    remaining -= piece.count
    if remaining <= 0 { text += "…" }
  }

  private mutating func items(_ references: some Collection<UInt32>, depth: Int) {
    for (index, reference) in references.enumerated() {
      guard remaining > 0 else { return }
      if index > 0 { write(", ") }
      value(Int(reference), depth: depth)
    }
  }

  private mutating func value(_ index: Int, depth: Int) {
    guard depth < 6 else { return write("…") }
    switch values.cells[index].tag {
    case .list: group("[", "]", index, depth)
    case .tuple: group("(", values.itemCount(index) == 1 ? ",)" : ")", index, depth)
    case .set, .frozenSet: group("{", "}", index, depth)
    case .dictionary:
      write("{")
      let items = values.items(index)
      for position in stride(from: items.startIndex, to: items.endIndex - 1, by: 2) {
        guard remaining > 0 else { return }
        if position > items.startIndex { write(", ") }
        value(Int(items[position]), depth: depth + 1)
        write(": ")
        value(Int(items[position + 1]), depth: depth + 1)
      }
      write("}")
    case .object: instance(index, depth)
    default: plain(values[index])
    }
  }

  private mutating func group(_ open: String, _ close: String, _ index: Int, _ depth: Int) {
    write(open)
    items(values.items(index), depth: depth + 1)
    write(close)
  }

  private mutating func instance(_ index: Int, _ depth: Int) {
    guard let instance = values.instance(index) else { return }
    if let callee = instance.callee {
      value(Int(callee), depth: depth + 1)
    } else {
      write(values.globals[instance.constructor].description.escaped(limit: 120))
    }
    write("(")
    items(values.arguments(instance), depth: depth + 1)
    write(")")
  }

  private mutating func plain(_ value: PickleValue) {
    switch value {
    case .none: write("None")
    case .bool(let value): write(value ? "True" : "False")
    case .integer(let value): write("\(value)")
    case .largeInteger(let bytes): write("an int of \(bytes.count) bytes")
    case .float(let value): write("\(value)")
    case .bytes(let bytes), .byteArray(let bytes):
      write("b'\(String(decoding: bytes.prefix(120), as: UTF8.self).escaped(limit: 120))'")
    case .string(let string): write("'\(string.escaped(limit: 120))'")
    case .global(let global): write(global.description.escaped(limit: 120))
    case .array(let array): write("array of shape \(array.shape)")
    case .scalar: write("a NumPy scalar")
    case .dataType(let type): write("dtype('\(type)')")
    case .list, .tuple, .set, .frozenSet, .dictionary, .object: break
    }
  }
}

extension PickleMachine {
  /// One value as Python would print it.
  func describe(_ id: ValueID) -> String { describe([id]) }

  /// Some values as Python would print them, separated by commas.
  func describe(_ ids: [ValueID]) -> String {
    var describer = PickleDescriber(values: values)
    return describer.list(ids.map(\.reference))
  }

  /// Arguments as Python would print them.
  func describe(_ arguments: Range<UInt32>) -> String {
    var describer = PickleDescriber(values: values)
    return describer.list(values.pool[Int(arguments.lowerBound)..<Int(arguments.upperBound)])
  }
}

extension PickleDocument {
  /// The value as Python would print it, in about 200 characters, control characters escaped.
  public func describe(_ id: ValueID) -> String {
    var describer = PickleDescriber(values: values)
    return describer.list([id.reference])
  }
}
