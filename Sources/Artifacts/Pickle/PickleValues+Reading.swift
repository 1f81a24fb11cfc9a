// What the values are.
extension PickleValues: RandomAccessCollection {
  /// The index of the first value.
  public var startIndex: Int { 0 }
  /// The index behind the last value.
  public var endIndex: Int { cells.count }

  /// The value at an index, put together for the occasion: what it holds is copied.
  public subscript(index: Int) -> PickleValue {
    let cell = cells[index]
    switch cell.tag {
    case .none: return .none
    case .bool: return .bool(cell.payload != 0)
    case .integer: return .integer(Int64(bitPattern: cell.payload))
    case .float: return .float(Double(bitPattern: cell.payload))
    case .bytes: return .bytes(data(cell))
    case .byteArray: return .byteArray(data(cell))
    case .string: return .string(String(decoding: data(cell), as: UTF8.self))
    case .list: return .list(ids(index))
    case .set: return .set(ids(index))
    case .tuple: return .tuple(ids(index))
    case .frozenSet: return .frozenSet(ids(index))
    case .dictionary:
      let items = items(index)
      return .dictionary(
        stride(from: items.startIndex, to: items.endIndex - 1, by: 2).map {
          (key: ValueID(items[$0]), value: ValueID(items[$0 + 1]))
        })
    case .global: return .global(globals[UInt32(truncatingIfNeeded: cell.payload)])
    case .object: return .object(object(objects[Int(cell.payload)]))
    case .boxed: return boxed[Int(cell.payload)]
    }
  }

  /// The items that a list, tuple or set holds, keys and values in turn of a dictionary; none for all else.
  func items(_ index: Int) -> ArraySlice<UInt32> {
    let cell = cells[index]
    switch cell.tag {
    case .list, .set, .dictionary: return list(UInt32(truncatingIfNeeded: cell.payload))
    case .tuple, .frozenSet:
      let start = Int(cell.payload >> 32)
      return pool[start..<(start + Int(cell.payload & 0xFFFF_FFFF))]
    default: return []
    }
  }

  /// How many items a value holds.
  func itemCount(_ index: Int) -> Int {
    let cell = cells[index]
    switch cell.tag {
    case .list, .set, .dictionary: return cell.payload == 0 ? 0 : lists[Int(cell.payload) - 1].count
    case .tuple, .frozenSet: return Int(cell.payload & 0xFFFF_FFFF)
    default: return 0
    }
  }

  private func list(_ number: UInt32) -> ArraySlice<UInt32> { number == 0 ? [] : lists[Int(number) - 1][...] }

  private func ids(_ index: Int) -> [ValueID] { items(index).map { ValueID($0) } }

  private func data(_ cell: Cell) -> ArraySlice<UInt8> {
    let start = input.startIndex + cell.offset + cell.header
    return input[start..<(start + Int(cell.payload))]
  }

  private func object(_ instance: Instance) -> PickleObject {
    var object = PickleObject(
      constructor: globals[instance.constructor], type: globals[instance.type],
      arguments: arguments(instance).map { ValueID($0) }, state: instance.state.map { ValueID($0) },
      items: list(instance.items).map { ValueID($0) })
    object.callee = instance.callee.map { ValueID($0) }
    return object
  }

  /// The text at an index as it stands in the stream, without a copy; nil where there is none.
  public func utf8(at index: Int) -> ArraySlice<UInt8>? {
    let cell = cells[index]
    switch cell.tag {
    case .string: return data(cell)
    case .boxed:
      guard case .string(let text) = boxed[Int(cell.payload)] else { return nil }
      return Array(text.utf8)[...]
    default: return nil
    }
  }

  /// Whether there is a dictionary at an index.
  public func isDictionary(at index: Int) -> Bool { cells[index].tag == .dictionary }

  /// The keys and values of the dictionary at an index, one after another; nothing where there is none.
  public func pairs(at index: Int) -> some Sequence<(key: ValueID, value: ValueID)> {
    let items = cells[index].tag == .dictionary ? items(index) : []
    return stride(from: items.startIndex, to: items.endIndex - 1, by: 2).lazy.map {
      (key: ValueID(items[$0]), value: ValueID(items[$0 + 1]))
    }
  }

  /// What an instance is made from.
  func arguments(_ instance: Instance) -> ArraySlice<UInt32> {
    pool[Int(instance.arguments.lowerBound)..<Int(instance.arguments.upperBound)]
  }

  /// The instance at an index, if there is one.
  func instance(_ index: Int) -> Instance? {
    cells[index].tag == .object ? objects[Int(cells[index].payload)] : nil
  }

  /// The number of the name at an index, if there is one.
  func globalNumber(_ index: Int) -> UInt32? {
    cells[index].tag == .global ? UInt32(truncatingIfNeeded: cells[index].payload) : nil
  }

  /// The text at an index, if there is some.
  func text(_ index: Int) -> String? {
    switch cells[index].tag {
    case .string, .boxed: if case .string(let text) = self[index] { text } else { nil }
    default: nil
    }
  }

  /// The value numbered `number` among those that the one at `index` holds; nil past the last.
  func child(_ number: Int, of index: Int) -> Int? {
    let cell = cells[index]
    switch cell.tag {
    case .tuple, .frozenSet:
      guard number < Int(cell.payload & 0xFFFF_FFFF) else { return nil }
      return Int(pool[Int(cell.payload >> 32) + number])
    case .list, .set, .dictionary:
      guard cell.payload > 0 else { return nil }
      let list = Int(cell.payload) - 1
      return number < lists[list].count ? Int(lists[list][number]) : nil
    case .object: return child(number, of: objects[Int(cell.payload)])
    case .boxed:
      guard case .array(let array) = boxed[Int(cell.payload)], case .objects(let items) = array.storage,
        number < items.count
      else { return nil }
      return items[number].index
    default: return nil
    }
  }

  private func child(_ number: Int, of instance: Instance) -> Int? {
    var rest = number
    if rest < instance.arguments.count { return Int(pool[Int(instance.arguments.lowerBound) + rest]) }
    rest -= instance.arguments.count
    for single in [instance.state, instance.callee] {
      guard let single else { continue }
      if rest == 0 { return Int(single) }
      rest -= 1
    }
    guard instance.items > 0 else { return nil }
    let list = Int(instance.items) - 1
    return rest < lists[list].count ? Int(lists[list][rest]) : nil
  }
}
