/// What it costs to look into a document, known before anything is copied out of it.
extension PickleDocument {
  /// The state of the instance at `id`, where it is a dictionary of attributes.
  public func attributes(of id: ValueID) -> ValueID? {
    guard let state = values.instance(id.index)?.state, values.cells[Int(state)].tag == .dictionary else {
      return nil
    }
    return ValueID(state)
  }

  /// How many items a container holds; keys and values both count.
  public func itemCount(of id: ValueID) -> Int { values.itemCount(id.index) }

  /// About how many nanoseconds it takes to put a value together and to go through what it holds once.
  ///
  /// An array counts by its bytes, a text too, and a container by its items, each of which costs as much again
  /// when it is read itself.
  public func readingCost(of id: ValueID) -> Int {
    let cell = values.cells[id.index]
    switch cell.tag {
    case .none, .bool, .integer, .float, .bytes, .byteArray, .global: return 16
    case .string: return 16 + Int(cell.payload)
    case .list, .set, .dictionary, .tuple, .frozenSet: return 16 + 32 * values.itemCount(id.index)
    case .object:
      let instance = values.objects[Int(cell.payload)]
      return 64 + 32 * (instance.arguments.count + values.itemCount(ofList: instance.items))
    case .boxed:
      switch values.boxed[Int(cell.payload)] {
      case .string(let text): return 16 + text.utf8.count
      case .array(let array):
        switch array.storage {
        case .bytes(let bytes): return 32 + bytes.count
        case .objects(let ids): return 32 + 16 * ids.count
        }
      default: return 32
      }
    }
  }

  /// How many bytes of arrays, texts and tables there are, two for each reference in an array of objects; never
  /// more than the stream has, however often it names the same bytes.
  public var contentBytes: Int {
    var bytes = 0
    for cell in values.cells {
      switch cell.tag {
      case .bytes, .byteArray, .string: bytes += Int(cell.payload) + 1
      case .dictionary: bytes += cell.payload == 0 ? 0 : values.lists[Int(cell.payload) - 1].count / 2
      case .boxed: bytes += Self.contentBytes(of: values.boxed[Int(cell.payload)])
      default: break
      }
    }
    // What was not read from a stream was put together by us.
    return values.input.isEmpty ? bytes : min(bytes, values.input.count)
  }

  private static func contentBytes(of value: PickleValue) -> Int {
    switch value {
    case .array(let array):
      switch array.storage {
      case .bytes(let bytes): bytes.count
      case .objects(let ids): 2 * ids.count
      }
    case .bytes(let bytes), .byteArray(let bytes): bytes.count
    case .string(let text): text.utf8.count + 1
    default: 0
    }
  }
}

extension PickleValues {
  /// How many items the list of a number has, 0 standing for none.
  fileprivate func itemCount(ofList number: UInt32) -> Int {
    number == 0 ? 0 : lists[Int(number) - 1].count
  }
}
