/// Spells values the way Python would, cut short and with nothing that could act on a terminal.
struct PickleDescriber {
  let values: [PickleValue]
  private var text = ""
  private var remaining: Int

  init(values: [PickleValue], limit: Int = 200) {
    self.values = values
    self.remaining = limit
  }

  /// The values, separated by commas.
  mutating func list(_ ids: [ValueID]) -> String {
    items(ids, depth: 0)
    return text
  }

  private mutating func write(_ piece: String) {
    guard remaining > 0 else { return }
    text += piece
    remaining -= piece.count
    if remaining <= 0 { text += "…" }
  }

  private mutating func items(_ ids: [ValueID], depth: Int) {
    for (index, id) in ids.enumerated() {
      guard remaining > 0 else { return }
      if index > 0 { write(", ") }
      value(id, depth: depth)
    }
  }

  private mutating func value(_ id: ValueID, depth: Int) {
    guard depth < 6 else { return write("…") }
    switch values[id.index] {
    case .none: write("None")
    case .bool(let value): write(value ? "True" : "False")
    case .integer(let value): write("\(value)")
    case .largeInteger(let bytes): write("an int of \(bytes.count) bytes")
    case .float(let value): write("\(value)")
    case .bytes(let bytes), .byteArray(let bytes):
      write("b'\(String(decoding: bytes.prefix(120), as: UTF8.self).escaped(limit: 120))'")
    case .string(let string): write("'\(string.escaped(limit: 120))'")
    case .list(let ids):
      write("[")
      items(ids, depth: depth + 1)
      write("]")
    case .tuple(let ids):
      write("(")
      items(ids, depth: depth + 1)
      write(ids.count == 1 ? ",)" : ")")
    case .set(let ids), .frozenSet(let ids):
      write("{")
      items(ids, depth: depth + 1)
      write("}")
    case .dictionary(let pairs):
      write("{")
      for (index, pair) in pairs.enumerated() {
        guard remaining > 0 else { return }
        if index > 0 { write(", ") }
        value(pair.key, depth: depth + 1)
        write(": ")
        value(pair.value, depth: depth + 1)
      }
      write("}")
    case .global(let global): write(global.description.escaped(limit: 120))
    case .object(let object):
      write("\(object.constructor.description.escaped(limit: 120))(")
      items(object.arguments, depth: depth + 1)
      write(")")
    case .array(let array): write("array of shape \(array.shape)")
    case .scalar: write("a NumPy scalar")
    case .dataType(let type): write("dtype('\(type)')")
    }
  }
}

extension PickleMachine {
  /// One value as Python would print it.
  func describe(_ id: ValueID) -> String { describe([id]) }

  /// Some values as Python would print them, separated by commas.
  func describe(_ ids: [ValueID]) -> String {
    var describer = PickleDescriber(values: values)
    return describer.list(ids)
  }
}

extension PickleDocument {
  /// The value as Python would print it, in about 200 characters, control characters escaped.
  public func describe(_ id: ValueID) -> String {
    var describer = PickleDescriber(values: values)
    return describer.list([id])
  }
}
