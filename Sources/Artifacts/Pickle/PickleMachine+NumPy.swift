// Arrays, scalars and data types from the calls that NumPy pickles itself as.
extension PickleMachine {
  /// `_reconstruct(ndarray, (0,), b'b')`: an empty array that BUILD fills.
  mutating func reconstructArray(_ number: UInt32, _ global: PickleGlobal, _ arguments: [ValueID])
    throws(PickleObservation) -> UInt32
  {
    guard let first = arguments.first, let type = values.globalNumber(first.index) else {
      throw array("expected a class as the first argument of \(global), found (\(describe(arguments)))")
    }
    // Every array begins as `(0,)`. Another shape is memory that the call would take.
    if arguments.count > 1, let shape = shape(arguments[1]),
      (NumPyArray.itemCount(of: shape) ?? .max) > 1 << 26
    {
      throw exceeded(.expansion, "\(global)(\(describe(arguments))) makes far more than it is made from")
    }
    let made = try makeInstance(number, type, values.hold(arguments.map(\.reference)))
    if Self.arrayClasses.contains(values.globals[type]) {
      values.cells[Int(made)].marks.insert(.pendingArray)
    } else if values.globals.allowed(type) != nil {
      observe(.unread) { .unread(detail: "an array of the class \($0.values.globals[type]) is not read") }
    }
    return made
  }

  /// Classes of arrays that hold what an array holds, and nothing else.
  static let arrayClasses: Set<PickleGlobal> = [
    PickleGlobal(module: "numpy", name: "ndarray"), PickleGlobal(module: "numpy", name: "matrix"),
    PickleGlobal(module: "numpy", name: "recarray"), PickleGlobal(module: "numpy", name: "chararray"),
    PickleGlobal(module: "numpy.matrixlib.defmatrix", name: "matrix"),
    PickleGlobal(module: "numpy.rec", name: "recarray"),
    PickleGlobal(module: "numpy.char", name: "chararray"),
  ]

  /// The state `(1, shape, dtype, is_fortran, bytes or list)` turns the empty array into a full one.
  mutating func buildArray(_ index: Int, _ state: Int) throws(PickleObservation) {
    try checkTypeIsRead(state)
    guard values.itemCount(state) == 5, case .tuple(let parts) = values[state],
      case .integer(1) = values[parts[0].index], let shape = shape(parts[1]),
      case .dataType(let type) = values[parts[2].index], let isFortranOrder = flag(parts[3])
    else {
      throw array(
        "expected the state (1, shape, dtype, order, data), found \(describe(ValueID(index: state)))")
    }
    consume(parts[2].index)
    let storage: NumPyArray.Storage
    switch values[parts[4].index] {
    case .bytes(let bytes): storage = .bytes(bytes)
    case .list where type != .object: throw unread("an array of records that hold objects")
    case .list(let items):
      try checkMemory(for: items.count * MemoryLayout<ValueID>.size)
      storage = .objects(items)
    default: throw array("expected bytes or a list of items, found \(values[parts[4].index].kind)")
    }
    values.replace(index, with: .array(try array(type, shape, isFortranOrder, storage)))
  }

  /// A data type that is not read has become an instance of `numpy.dtype`: neither are its arrays.
  private func checkTypeIsRead(_ state: Int) throws(PickleObservation) {
    for item in values.items(state).prefix(5) {
      guard let instance = values.instance(Int(item)) else { continue }
      throw unread("an array of the type \(values.globals[instance.type])")
    }
  }

  /// `_frombuffer(bytes, dtype, shape, 'C' or 'F')`, and in newer versions an order of the axes.
  func arrayFromBuffer(_ arguments: [ValueID]) throws(PickleObservation) -> NumPyArray {
    if arguments.count > 1, values.instance(arguments[1].index) != nil {
      throw unread("an array of a type that is not read")
    }
    if arguments.count == 5, values.itemCount(arguments[4].index) > 0 {
      throw unread("an array whose axes are stored in another order")
    }
    guard arguments.count == 4 || arguments.count == 5, case .dataType(let type) = values[arguments[1].index],
      let shape = shape(arguments[2]), case .string(let order) = values[arguments[3].index],
      order == "C" || order == "F"
    else { throw array("expected (bytes, dtype, shape, 'C' or 'F'), found (\(describe(arguments)))") }
    if arguments.count == 5 {
      guard case .none = values[arguments[4].index] else {
        throw unread("an array whose axes are stored in another order")
      }
    }
    switch values[arguments[0].index] {
    case .bytes(let bytes), .byteArray(let bytes):
      return try array(type, shape, order == "F", .bytes(bytes))
    default: throw array("expected bytes as the buffer, found \(values[arguments[0].index].kind)")
    }
  }

  /// `scalar(dtype, bytes)`.
  ///
  /// Of a dtype of objects NumPy would load the bytes as a pickle of their own.
  mutating func scalar(_ global: PickleGlobal, _ arguments: [ValueID]) throws(PickleObservation)
    -> NumPyScalar
  {
    if let first = arguments.first, case .dataType(let type) = values[first.index], type.holdsObjects {
      observe(.calls(global, arguments: describe(arguments)))
      throw unread("a scalar whose bytes are a pickle")
    }
    if let first = arguments.first, values.instance(first.index) != nil {
      throw unread("a scalar of a type that is not read")
    }
    guard arguments.count == 2, case .dataType(let type) = values[arguments[0].index],
      case .bytes(let bytes) = values[arguments[1].index]
    else { throw array("expected a scalar of (dtype, bytes), found (\(describe(arguments)))") }
    guard let scalar = NumPyScalar(type: type, bytes: bytes) else {
      throw array("expected \(type.itemSize) bytes for a scalar of this type, found \(bytes.count)")
    }
    return scalar
  }

  /// `dtype('f8', False, True)`; the order of its bytes comes with BUILD.
  func dataType(_ arguments: [ValueID]) throws(PickleObservation) -> NumPyType {
    guard let first = arguments.first, case .string(let text) = values[first.index],
      let type = NumPyType(typeString: text)
    else { throw unread("a data type made from (\(describe(arguments)))") }
    return type
  }

  /// The state `(3 or 4, order, subtype, names, fields, item size, alignment, flags …)`.
  mutating func buildDataType(_ index: Int, _ state: Int) throws(PickleObservation) {
    guard !values.cells[index].marks.contains(.consumed), case .dataType(let type) = values[index],
      8...9 ~= values.itemCount(state), case .tuple(let parts) = values[state],
      case .integer(3...4) = values[parts[0].index], case .string(let order) = values[parts[1].index]
    else { throw array("expected the state of a new data type, found \(describe(ValueID(index: state)))") }
    let byteOrder: NumPyType.ByteOrder
    switch order {
    case "<", "=", "|": byteOrder = .little
    case ">": byteOrder = .big
    default: throw array("expected '<', '>', '=' or '|' as the order of bytes, found \(describe(parts[1]))")
    }
    var built = type.ordered(byteOrder)
    switch built {
    case .void:
      if case .none = values[parts[3].index] { break }
      built = try structured(names: parts[3], fields: parts[4], itemSize: parts[5])
    case .unicode, .bytes:
      // The length stands in the name of the type as well; the two have to agree.
      if case .integer(let size) = values[parts[5].index], size != -1, size != built.itemSize {
        throw array("expected items of \(built.itemSize) bytes, found \(size)")
      }
    case .datetime(_, let isSpan, let order):
      built = .datetime(unit: try unit(parts), isSpan: isSpan, order)
    default: break
    }
    values.replace(index, with: .dataType(built))
  }

  /// The unit of a date, in the metadata `(None or {}, (b'ns', 1, 1, 1))`.
  private func unit(_ parts: [ValueID]) throws(PickleObservation) -> String {
    guard parts.count == 9, case .tuple(let metadata) = values[parts[8].index], metadata.count == 2,
      case .tuple(let unit) = values[metadata[1].index], let name = unit.first, unit.count > 1,
      case .integer(let multiple) = values[unit[1].index]
    else { throw unread("a date without a unit") }
    let text: String
    switch values[name.index] {
    case .bytes(let bytes): text = String(decoding: bytes.prefix(16), as: UTF8.self)
    case .string(let string): text = String(string.prefix(16))
    default: throw array("expected the unit of a date, found \(values[name.index].kind)")
    }
    return multiple == 1 ? text : "\(multiple)\(text)"
  }

  private func structured(names: ValueID, fields: ValueID, itemSize: ValueID) throws(PickleObservation)
    -> NumPyType
  {
    guard values.itemCount(names.index) <= NumPyType.maximumFields,
      case .tuple(let names) = values[names.index],
      values.itemCount(fields.index) <= 4 * NumPyType.maximumFields,
      case .dictionary(let pairs) = values[fields.index],
      case .integer(let size) = values[itemSize.index]
    else { throw unread("a structured type without names, fields and item size") }
    var types: [String: (type: NumPyType, offset: Int)] = [:]
    for (key, value) in pairs {
      guard case .string(let name) = values[key.index], case .tuple(let field) = values[value.index],
        field.count >= 2, case .dataType(let type) = values[field[0].index],
        case .integer(let offset) = values[field[1].index], let offset = Int(exactly: offset)
      else { throw array("expected (type, offset) for each field, found \(describe(value))") }
      types[name] = (type, offset)
    }
    var list: [NumPyType.Field] = []
    for id in names {
      guard case .string(let name) = values[id.index], let field = types[name] else {
        throw array("expected a field for each name, found none for \(describe(id))")
      }
      list.append(NumPyType.Field(name: name, type: field.type, offset: field.offset))
    }
    guard let size = Int(exactly: size), let type = NumPyType(fields: list, itemSize: size) else {
      throw array("expected fields that fit into items of \(size) bytes")
    }
    return type
  }

  /// Puts items in a shape, or says what does not fit.
  func array(
    _ type: NumPyType, _ shape: [Int], _ isFortranOrder: Bool, _ storage: NumPyArray.Storage
  ) throws(PickleObservation) -> NumPyArray {
    guard let array = NumPyArray(type: type, shape: shape, isFortranOrder: isFortranOrder, storage: storage)
    else {
      let found =
        switch storage {
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .objects(let items): "\(items.count) objects"
        }
      let shape = shape.prefix(8).map { "\($0)" }.joined(separator: ", ")
      throw self.array("expected an array of shape (\(shape)) of \(type), found \(found)")
    }
    return array
  }

  func shape(_ id: ValueID) -> [Int]? {
    // NumPy's own limit is 64 axes.
    guard values.itemCount(id.index) <= 64, case .tuple(let axes) = values[id.index] else { return nil }
    var shape: [Int] = []
    for axis in axes {
      guard case .integer(let length) = values[axis.index], length >= 0, let length = Int(exactly: length)
      else { return nil }
      shape.append(length)
    }
    return shape
  }

  private func flag(_ id: ValueID) -> Bool? {
    switch values[id.index] {
    case .bool(let value): value
    case .integer(let value): value != 0
    default: nil
    }
  }

  func array(_ detail: String) -> PickleObservation { here(.array(detail: detail)) }

  func unread(_ detail: String) -> PickleObservation { here(.unread(detail: detail)) }
}
