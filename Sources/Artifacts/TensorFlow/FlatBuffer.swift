import Encoding

/// A FlatBuffer: tables whose fields are found through offsets, each of which is checked before it is followed.
///
/// Offsets may lead to the same place again and again, so a small file can stand for an endless one; every
/// step is counted against a budget.
struct FlatBuffer {
  /// A table: its own place and that of its list of fields.
  struct Table {
    let place: Int
    let fields: Int
    let fieldsSize: Int
  }

  /// A list: where its first element is, and how many there are.
  struct Vector {
    let start: Int
    let count: Int
  }

  private let bytes: ArraySlice<UInt8>
  /// How many steps may still be taken.
  private(set) var budget: Int

  /// Takes a whole file.
  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    // An honest file has a field for a few of its bytes.
    budget = 1_000_000 + bytes.count
  }

  /// Whether the budget is used up.
  var isExhausted: Bool { budget <= 0 }

  /// The number at a place.
  mutating func number<Value: FixedWidthInteger>(_ type: Value.Type = Value.self, at place: Int)
    throws(MalformedBytes)
    -> Value
  {
    let width = MemoryLayout<Value>.size
    guard place >= 0, place <= bytes.count - width else {
      throw MalformedBytes(
        offset: max(0, min(place, bytes.count)), expected: "a place within the file of \(bytes.count) bytes",
        found: "\(place)")
    }
    guard budget > 0 else {
      throw MalformedBytes(
        offset: place, expected: "a file read in as many steps as it has bytes", found: "more")
    }
    budget -= 1
    let start = bytes.startIndex + place
    return Value(littleEndianBytes: bytes[start..<(start + width)])
  }

  /// The table that the offset at a place leads to.
  mutating func table(from place: Int) throws(MalformedBytes) -> Table {
    try table(at: place + Int(try number(UInt32.self, at: place)))
  }

  private mutating func table(at place: Int) throws(MalformedBytes) -> Table {
    let fields = place - Int(try number(Int32.self, at: place))
    return Table(place: place, fields: fields, fieldsSize: Int(try number(UInt16.self, at: fields)))
  }

  /// Where a field of a table stands; nil where it is left out.
  mutating func field(_ index: Int, of table: Table) throws(MalformedBytes) -> Int? {
    let entry = 4 + 2 * index
    guard entry + 2 <= table.fieldsSize else { return nil }
    let offset = Int(try number(UInt16.self, at: table.fields + entry))
    return offset == 0 ? nil : table.place + offset
  }

  /// A field that is a number.
  mutating func number<Value: FixedWidthInteger>(_ index: Int, of table: Table, as type: Value.Type)
    throws(MalformedBytes) -> Value?
  {
    guard let place = try field(index, of: table) else { return nil }
    return try number(type, at: place)
  }

  /// A field that is a table.
  mutating func table(_ index: Int, of table: Table) throws(MalformedBytes) -> Table? {
    guard let place = try field(index, of: table) else { return nil }
    return try self.table(from: place)
  }

  /// A field that is a list of elements of `width` bytes, all of which are in the file.
  mutating func vector(_ index: Int, of table: Table, width: Int) throws(MalformedBytes) -> Vector? {
    guard let place = try field(index, of: table) else { return nil }
    let start = place + Int(try number(UInt32.self, at: place))
    let count = Int(try number(UInt32.self, at: start))
    guard count <= (bytes.count - start - 4) / width else {
      throw MalformedBytes(
        offset: start, expected: "a list within the file of \(bytes.count) bytes",
        found: "\(count) elements of \(width) bytes")
    }
    return Vector(start: start + 4, count: count)
  }

  /// A field that is text.
  mutating func text(_ index: Int, of table: Table) throws(MalformedBytes) -> ArraySlice<UInt8>? {
    guard let vector = try vector(index, of: table, width: 1) else { return nil }
    let start = bytes.startIndex + vector.start
    return bytes[start..<(start + vector.count)]
  }
}
