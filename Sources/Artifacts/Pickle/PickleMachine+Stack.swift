// Stack, marks and memo, by the rules of CPython's C unpickler (`Modules/_pickle.c`).
extension PickleMachine {
  /// The lowest height that the stack may fall to: that of the last mark.
  private var fence: Int { stream.marks.last ?? 0 }

  /// Puts a value in the arena.
  mutating func make(_ value: PickleValue) throws(PickleObservation) -> ValueID {
    guard values.count < budget.values else {
      throw exceeded(.values, "more than \(budget.values) values")
    }
    values.append(value)
    offsets.append(position)
    valueMarks.append([])
    return ValueID(index: values.count - 1)
  }

  mutating func push(_ id: ValueID) {
    stream.stack.append(id)
  }

  mutating func pushNew(_ value: PickleValue) throws(PickleObservation) {
    push(try make(value))
  }

  mutating func pop() throws(PickleObservation) -> ValueID {
    guard stream.stack.count > fence, let id = stream.stack.popLast() else { throw underflow() }
    return id
  }

  func top() throws(PickleObservation) -> ValueID {
    guard stream.stack.count > fence, let id = stream.stack.last else { throw underflow() }
    return id
  }

  /// POP takes away a mark where one stands on top.
  mutating func popOrUnmark() throws(PickleObservation) {
    if stream.marks.last == stream.stack.count {
      stream.marks.removeLast()
    } else {
      _ = try pop()
    }
  }

  /// Takes what stands above the last mark, and the mark.
  mutating func popToMark() throws(PickleObservation) -> [ValueID] {
    guard let mark = stream.marks.popLast() else {
      throw malformed("a mark on the stack", found: "none")
    }
    let items = Array(stream.stack[mark...])
    stream.stack.removeLast(items.count)
    return items
  }

  /// Takes the last `count` values, in the order in which they were pushed.
  mutating func popItems(_ count: Int) throws(PickleObservation) -> [ValueID] {
    guard stream.stack.count - fence >= count else { throw underflow() }
    let items = Array(stream.stack.suffix(count))
    stream.stack.removeLast(count)
    return items
  }

  mutating func pushTuple(_ count: Int) throws(PickleObservation) {
    try pushNew(.tuple(try popItems(count)))
  }

  /// Keeps the value on top under a number.
  ///
  /// Every honest stream numbers without gaps. A number beyond the values made so far can only be there to
  /// make a loader reserve memory.
  mutating func memoize(at index: Int) throws(PickleObservation) {
    let id = try top()
    guard index <= values.count + 65_536 else {
      throw exceeded(
        .memo, "expected a memo entry near \(values.count), the number of values so far, found \(index)")
    }
    if index >= stream.memo.count {
      let missing = index + 1 - stream.memo.count
      stream.memo.append(contentsOf: repeatElement(Self.unset, count: missing))
    }
    if stream.memo[index] == Self.unset { stream.memoCount += 1 }
    stream.memo[index] = id.index
  }

  mutating func recall(_ index: Int) throws(PickleObservation) {
    guard stream.memo.indices.contains(index), stream.memo[index] != Self.unset else {
      throw malformed("a memo entry that was set", found: "entry \(index), which was not")
    }
    push(ValueID(index: stream.memo[index]))
  }

  private func underflow() -> PickleObservation {
    malformed("a value on the stack", found: stream.marks.isEmpty ? "an empty stack" : "a mark")
  }
}
