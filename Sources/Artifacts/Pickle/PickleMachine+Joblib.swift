import Encoding

// joblib writes `NumpyArrayWrapper` in place of an array, and its bytes right behind the BUILD of the wrapper.
extension PickleMachine {
  /// The wrapper, also as the copy of joblib that scikit-learn had before 0.23 names it.
  static let joblibWrappers: Set<PickleGlobal> = [
    PickleGlobal(module: "joblib.numpy_pickle", name: "NumpyArrayWrapper"),
    PickleGlobal(module: "sklearn.externals.joblib.numpy_pickle", name: "NumpyArrayWrapper"),
  ]

  /// What the state of a wrapper says about the bytes that follow.
  private struct Wrapper {
    var type: NumPyType
    var shape: [Int]
    var isFortranOrder: Bool
    /// What the offset of the bytes is a multiple of, where padding comes first.
    var alignment: Int?
  }

  /// Reads what follows a wrapper and puts the array on the stack in the place of the wrapper.
  ///
  /// A memo entry goes on naming the wrapper, as in joblib.
  mutating func readJoblibArray(_ state: Int) throws(PickleObservation) {
    isJoblib = true
    let wrapper = try wrapper(state)
    if let end = stream.frameEnd, end != offset {
      throw here(
        .frame(detail: "the bytes of an array start at byte \(offset), the frame ends at byte \(end)"))
    }
    stream.frameEnd = nil
    guard !wrapper.type.holdsObjects else {
      // A whole pickle of the array follows, which joblib hands to the plain unpickler.
      enclosing = stream
      stream = Stream()
      stream.readsJoblibArrays = false
      return
    }
    if let alignment = wrapper.alignment { try skipPadding(alignment) }
    guard let count = NumPyArray.itemCount(of: wrapper.shape) else {
      throw array("expected a shape whose product fits 63 bits")
    }
    let (length, overflow) = count.multipliedReportingOverflow(by: wrapper.type.itemSize)
    guard !overflow else { throw array("expected an array whose bytes can be counted") }
    let bytes = try take(length, "an array")
    let made = try make(.array(try array(wrapper.type, wrapper.shape, wrapper.isFortranOrder, .bytes(bytes))))
    try replaceWrapper(with: made.reference)
  }

  /// Reads a count and as many bytes of 0xFF, which joblib writes so that the array starts at a multiple of
  /// `alignment`; where it is already at one, there are `alignment` of them.
  ///
  /// The loader takes any bytes here; what joblib does not write is no array of joblib's.
  private mutating func skipPadding(_ alignment: Int) throws(PickleObservation) {
    let padding = try take(try byteArgument(), "padding")
    guard 1...alignment ~= padding.count, padding.allSatisfy({ $0 == 0xFF }),
      offset.isMultiple(of: alignment)
    else {
      throw array(
        "expected 1 to \(alignment) bytes 0xFF up to a multiple of \(alignment), found \(padding.count) bytes up to"
          + " byte \(offset)")
    }
  }

  /// The pickle inside has ended; `root` should be the array that it was for.
  mutating func endNestedArray(_ root: UInt32) throws(PickleObservation) {
    if values.instance(Int(root)) != nil { return try replaceWrapper(with: root) }
    guard case .array = values[Int(root)] else {
      throw array("expected a pickle of an array behind joblib's wrapper, found \(values[Int(root)].kind)")
    }
    try replaceWrapper(with: root)
  }

  private mutating func replaceWrapper(with array: UInt32) throws(PickleObservation) {
    _ = try pop()
    push(array)
  }

  private mutating func wrapper(_ state: Int) throws(PickleObservation) -> Wrapper {
    guard values.itemCount(state) <= 128, case .dictionary(let pairs) = values[state] else {
      throw array("expected a small dict as the state of joblib's wrapper, found \(values[state].kind)")
    }
    var attributes: [String: ValueID] = [:]
    for (key, value) in pairs {
      guard case .string(let name) = values[key.index] else { continue }
      attributes[name] = value
    }
    if let type = attributes["dtype"], values.instance(type.index) != nil {
      throw unread("an array of a type that is not read")
    }
    guard let type = attributes["dtype"], case .dataType(let type) = values[type.index],
      let shape = attributes["shape"].flatMap({ self.shape($0) }), let order = attributes["order"],
      case .string(let order) = values[order.index], order == "C" || order == "F"
    else {
      throw array("expected the dtype, shape and order of an array, found \(describe(ValueID(index: state)))")
    }
    guard let subclass = attributes["subclass"], case .global(let subclass) = values[subclass.index] else {
      throw array("expected a class of arrays")
    }
    if !Self.arrayClasses.contains(subclass) {
      observe(.unread) { _ in
        .unread(detail: "an array of the class \(subclass.description.escaped(limit: 120))")
      }
    }
    return Wrapper(
      type: type, shape: shape, isFortranOrder: order == "F",
      alignment: try alignment(attributes["numpy_array_alignment_bytes"]))
  }

  /// Nil for wrappers before joblib 1.1, after which the bytes stand at once.
  private func alignment(_ id: ValueID?) throws(PickleObservation) -> Int? {
    guard let id else { return nil }
    switch values[id.index] {
    case .none: return nil
    case .integer(let bytes) where 1...64 ~= bytes: return Int(bytes)
    default: throw array("expected an alignment of 1 to 64 bytes, found \(describe(id))")
    }
  }
}
