import Encoding
import TestKit
import Testing

@testable import Artifacts

/// Every stream that CPython and NumPy wrote or judged, against what the machine makes of it.
@Suite struct PickleFixtureTests {
  @Test func `values of every protocol are what Python wrote`() throws {
    let index = try Fixtures.json("pickles/values/values.json")
    let files = try #require(index["files"]?.object)
    #expect(files.count > 500)
    var compared = 0
    for (file, entry) in files.sorted(by: { $0.key < $1.key }) {
      let expected = try #require(entry["name"]?.string.flatMap { index["values"]?[$0]?["value"] })
      let reading = PickleReading.read(try Fixtures.bytes("pickles/values/\(file)")[...])
      guard let document = reading.document, !reading.refusesOnPurpose else {
        // Text that is no Unicode and integers beyond Python's own limit are refused, and say so.
        #expect(reading.refusesOnPurpose, "\(file): \(reading.observations)")
        continue
      }
      var comparison = Comparison(document: document)
      let isSame = comparison.matches(document.root, expected)
      #expect(isSame, "\(file): \(document.describe(document.root))")
      compared += 1
    }
    #expect(compared > 450)
  }

  @Test func `what the C unpickler refuses is refused, and what both read is the same value`() throws {
    let streams = try #require(try Fixtures.json("pickles/opcodes/opcodes.json")["streams"]?.object)
    #expect(streams.count > 200)
    var compared = 0
    for (file, entry) in streams.sorted(by: { $0.key < $1.key }) {
      let reading = PickleReading.read(try Fixtures.bytes("pickles/opcodes/\(file)")[...])
      guard let document = reading.document, !reading.observations.contains(where: \.isGrave) else {
        continue
      }
      let c = try #require(entry["c"])
      #expect(c["accepts"]?.bool == true, "\(file): \(entry["why"]?.string ?? "")")
      guard let value = c["value"] else { continue }
      var comparison = Comparison(document: document)
      let isSame = comparison.matches(document.root, value)
      #expect(isSame, "\(file): \(document.describe(document.root))")
      compared += 1
    }
    #expect(compared > 100)
  }

  @Test func `every opcode occurs among the streams`() throws {
    let streams = try #require(try Fixtures.json("pickles/opcodes/opcodes.json")["streams"]?.object)
    var names: Set<String> = []
    for entry in streams.values { names.formUnion(entry["opcodes"]?.array?.compactMap(\.string) ?? []) }
    for opcode in PickleOpcode.allCases { #expect(names.contains(opcode.name), "\(opcode)") }
  }

  @Test(arguments: ["numpy-1.24", "numpy-2.4"])
  func `arrays, scalars and types are what NumPy wrote`(folder: String) throws {
    let index = try Fixtures.json("pickles/\(folder)/arrays.json")
    let files = try #require(index["files"]?.object)
    #expect(files.count > 50)
    for (file, entry) in files.sorted(by: { $0.key < $1.key }) {
      let expected = try #require(entry["name"]?.string.flatMap { index["values"]?[$0] })
      let reading = PickleReading.read(try Fixtures.bytes("pickles/\(folder)/\(file)")[...])
      let document = try #require(reading.document, "\(file): \(reading.observations)")
      if case .scalar(let scalar) = document[document.root] {
        #expect(scalar.type.description == expected["dtype"]?.string, "\(file)")
        #expect(Hexadecimal.encode(scalar.bytes) == expected["hex"]?.string, "\(file)")
      }
      guard case .array(let array) = document[document.root] else { continue }
      if case .structured(let fields, let size) = array.type {
        #expect(
          fields.map(\.name) == expected["fields"]?.array?.compactMap { $0.array?.first?.string }, "\(file)")
        #expect("|V\(size)" == expected["dtype"]?.string, "\(file)")
      } else {
        #expect(array.type.description == expected["dtype"]?.string, "\(file)")
      }
      #expect(array.shape == expected["shape"]?.array?.compactMap(\.int), "\(file)")
      guard case .bytes(let bytes) = array.storage, let hex = expected["hex"]?.string else { continue }
      #expect(Hexadecimal.encode(array.rowMajor(bytes)) == hex, "\(file)")
    }
  }
}

extension PickleReading {
  fileprivate var refusesOnPurpose: Bool {
    observations.contains { observation in
      switch observation.kind {
      case .unread(let detail): detail.contains("surrogate") || detail.contains("ASCII")
      case .budget: true
      default: false
      }
    }
  }
}

extension PickleObservation {
  /// Whether the stream is refused for it, so that it need not be read as Python reads it.
  fileprivate var isGrave: Bool {
    switch kind {
    case .leftOnStack, .trailingBytes: false
    default: true
    }
  }
}

extension NumPyArray {
  /// The items in C order.
  fileprivate func rowMajor(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    guard isFortranOrder, shape.count > 1 else { return Array(bytes) }
    var result: [UInt8] = []
    for position in 0..<count {
      var rest = position
      var place = 0
      for axis in shape.indices.reversed() {
        let stride = shape[..<axis].reduce(1, *)
        place += rest % shape[axis] * stride
        rest /= shape[axis]
      }
      result += bytes.dropFirst(place * type.itemSize).prefix(type.itemSize)
    }
    return result
  }
}

/// Compares values with the tagged rendering of `Tests/Fixtures/pickles`.
private struct Comparison {
  let document: PickleDocument
  private var seen: [Int64: ValueID] = [:]

  init(document: PickleDocument) {
    self.document = document
  }

  mutating func matches(_ id: ValueID, _ expected: JSON) -> Bool {
    if let number = expected["id"]?.integer { seen[number] = id }
    let text = expected["value"]?.string ?? ""
    switch (expected["type"]?.string, document[id]) {
    case ("none", .none): return true
    case ("bool", .bool(let value)): return expected["value"]?.bool == value
    case ("int", let value): return sameInteger(value, text)
    case ("float", .float(let value)):
      let bits = expected["bits"]?.string.flatMap { UInt64($0, radix: 16) }
      return value.isNaN ? bits.map { Double(bitPattern: $0).isNaN } == true : bits == value.bitPattern
    case ("str", .string(let value)): return value == text
    case ("bytes", .bytes(let bytes)), ("bytearray", .byteArray(let bytes)):
      return Hexadecimal.encode(bytes) == expected["hex"]?.string
    case ("list", .list(let items)):
      if let count = expected["range"]?.int { return items.count == count }
      return sameItems(items, expected)
    case ("tuple", .tuple(let items)): return sameItems(items, expected)
    case ("set", .set(let items)), ("frozenset", .frozenSet(let items)):
      // Sets have no order, and the stream may name an element twice.
      let wanted = expected["items"]?.array ?? []
      return wanted.allSatisfy { element in items.contains { holds($0, element) } }
        && items.allSatisfy { item in wanted.contains { holds(item, $0) } }
    case ("dict", .dictionary(let pairs)):
      let wanted = expected["items"]?.array ?? []
      return wanted.allSatisfy { entry in
        guard let key = entry.array?.first, let value = entry.array?.last else { return false }
        // Of equal keys the last one holds.
        guard let pair = pairs.last(where: { holds($0.key, key) }) else { return false }
        return matches(pair.value, value)
      }
    case ("ref", _): return expected["id"]?.integer.map { seen[$0] == id || seen[$0] == nil } ?? true
    case ("list", _), ("tuple", _), ("dict", _), ("none", _), ("bool", _), ("str", _), ("bytes", _),
      ("float", _):
      return false
    default:
      // Classes and instances: what they are called is asserted elsewhere.
      return true
    }
  }

  private mutating func sameItems(_ items: [ValueID], _ expected: JSON) -> Bool {
    let wanted = expected["items"]?.array ?? []
    guard items.count == wanted.count else { return false }
    for (item, element) in zip(items, wanted) where !matches(item, element) { return false }
    return true
  }

  private func holds(_ id: ValueID, _ expected: JSON) -> Bool {
    var copy = self
    return copy.matches(id, expected)
  }

  private func sameInteger(_ value: PickleValue, _ text: String) -> Bool {
    let reading = PythonText.integer(Array(text.utf8)[...], anyBase: true, maximumDigits: 1_000_000)
    switch (reading, value) {
    case (.value(.integer(let wanted)), .integer(let found)): return wanted == found
    case (.value(.largeInteger(let wanted)), .largeInteger(let found)): return wanted.elementsEqual(found)
    // True and False are keys equal to 1 and 0.
    default: return false
    }
  }
}
