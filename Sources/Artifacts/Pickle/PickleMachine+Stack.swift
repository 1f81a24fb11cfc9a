// Stack, marks and memo, by the rules of CPython's C unpickler (`Modules/_pickle.c`).
extension PickleMachine {
  /// A value of which one is enough.
  enum SharedValue {
    case none, `true`, `false`, emptyTuple
    /// 0 to 255.
    case small(Int)

    var index: Int {
      switch self {
      case .none: 0
      case .true: 1
      case .false: 2
      case .emptyTuple: 3
      case .small(let value): 4 + value
      }
    }

    static let count = 260
  }

  /// The lowest height that the stack may fall to: that of the last mark.
  private var fence: Int { stream.marks.last.map { Int($0) } ?? 0 }

  /// Makes sure that one more value is within the budget.
  func checkCount() throws(PickleObservation) {
    guard values.count < budget.values else {
      throw exceeded(.values, "more than \(budget.values) values")
    }
  }

  /// Puts a value in the arena.
  mutating func make(_ value: PickleValue) throws(PickleObservation) -> ValueID {
    try checkCount()
    return ValueID(values.append(value, offset: position))
  }

  mutating func push(_ reference: UInt32) { stream.stack.append(reference) }

  mutating func push(_ id: ValueID) { stream.stack.append(id.reference) }

  mutating func push(_ tag: PickleValues.Tag, payload: UInt64) throws(PickleObservation) {
    try checkCount()
    push(values.append(tag, payload, offset: position))
  }

  mutating func pushNew(_ value: PickleValue) throws(PickleObservation) {
    push(try make(value))
  }

  mutating func pushShared(_ value: SharedValue) throws(PickleObservation) {
    if shared.isEmpty { shared = [UInt32](repeating: Self.unset, count: SharedValue.count) }
    let index = value.index
    if shared[index] == Self.unset {
      try checkCount()
      shared[index] =
        switch value {
        case .none: values.append(.none, offset: position)
        case .true: values.append(.bool, 1, offset: position)
        case .false: values.append(.bool, 0, offset: position)
        case .emptyTuple: values.append(.tuple, 0, offset: position)
        case .small(let number): values.append(.integer, UInt64(number), offset: position)
        }
    }
    push(shared[index])
  }

  mutating func pushInteger(_ value: Int64) throws(PickleObservation) {
    if 0...255 ~= value { return try pushShared(.small(Int(value))) }
    try push(.integer, payload: UInt64(bitPattern: value))
  }

  mutating func pop() throws(PickleObservation) -> UInt32 {
    guard stream.stack.count > fence, let reference = stream.stack.popLast() else { throw underflow() }
    return reference
  }

  func top() throws(PickleObservation) -> UInt32 {
    guard stream.stack.count > fence, let reference = stream.stack.last else { throw underflow() }
    return reference
  }

  /// POP takes away a mark where one stands on top.
  mutating func popOrUnmark() throws(PickleObservation) {
    if stream.marks.last.map({ Int($0) }) == stream.stack.count {
      stream.marks.removeLast()
    } else {
      _ = try pop()
    }
  }

  /// Takes the last mark, and gives the height at which it stood.
  mutating func popMark() throws(PickleObservation) -> Int {
    guard let mark = stream.marks.popLast() else { throw malformed("a mark on the stack", found: "none") }
    return Int(mark)
  }

  /// Takes away what stands above the last mark, and the mark.
  mutating func dropToMark() throws(PickleObservation) { cutStack(to: try popMark()) }

  mutating func cutStack(to height: Int) { stream.stack.removeLast(stream.stack.count - height) }

  /// The height of the stack below the values that an opcode takes: those above the mark, or the last `count`.
  ///
  /// Also makes sure that there is memory to keep them a second time.
  mutating func heightBelow(aboveMark: Bool, count: Int) throws(PickleObservation) -> Int {
    let height: Int
    if aboveMark {
      height = try popMark()
    } else {
      guard stream.stack.count - fence >= count else { throw underflow() }
      height = stream.stack.count - count
    }
    let taken = stream.stack.count - height
    if taken > 4_096 { try checkMemory(for: taken * 2 * MemoryLayout<UInt32>.size) }
    return height
  }

  /// Takes what stands above the last mark, and the mark, as a tuple or frozen set.
  mutating func pushItems(_ tag: PickleValues.Tag) throws(PickleObservation) {
    let height = try heightBelow(aboveMark: true, count: 0)
    try checkCount()
    let reference = values.append(tag, items: stream.stack[height...], offset: position)
    cutStack(to: height)
    push(reference)
  }

  mutating func pushTuple(_ count: Int) throws(PickleObservation) {
    let height = try heightBelow(aboveMark: false, count: count)
    try checkCount()
    let reference = values.append(.tuple, items: stream.stack[height...], offset: position)
    cutStack(to: height)
    push(reference)
  }

  /// Keeps the value on top under a number.
  ///
  /// Every honest stream numbers without gaps. A number beyond the values made so far can only be there to
  /// make a loader reserve memory.
  mutating func memoize(at index: Int) throws(PickleObservation) {
    let reference = try top()
    guard index <= values.count + 65_536 else {
      throw exceeded(
        .memo, "expected a memo entry near \(values.count), the number of values so far, found \(index)")
    }
    if index >= stream.memo.count {
      let missing = index + 1 - stream.memo.count
      if missing == 1 {
        stream.memo.append(Self.unset)
      } else {
        stream.memo.append(contentsOf: repeatElement(Self.unset, count: missing))
      }
    }
    if stream.memo[index] == Self.unset { stream.memoCount += 1 }
    stream.memo[index] = reference
  }

  mutating func recall(_ index: Int) throws(PickleObservation) {
    guard stream.memo.indices.contains(index), stream.memo[index] != Self.unset else {
      throw malformed("a memo entry that was set", found: "entry \(index), which was not")
    }
    push(stream.memo[index])
  }

  private func underflow() -> PickleObservation {
    malformed("a value on the stack", found: stream.marks.isEmpty ? "an empty stack" : "a mark")
  }
}
