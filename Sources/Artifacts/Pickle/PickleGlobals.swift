/// The names that a stream imports, each once, with what the allow-list says about it.
struct PickleGlobals: Sendable {
  private struct Entry {
    let global: PickleGlobal
    let allowed: AllowedGlobal?
    var wasReported = false
    var calls = 0
    var results = 0
  }

  private var entries: [Entry] = []
  private var numbers: [PickleGlobal: UInt32] = [:]

  var count: Int { entries.count }

  subscript(number: UInt32) -> PickleGlobal { entries[Int(number)].global }

  /// What the allow-list says; nil where the name is not on it.
  func allowed(_ number: UInt32) -> AllowedGlobal? { entries[Int(number)].allowed }

  /// The number of a name, a new one where it was not met before.
  mutating func number(of global: PickleGlobal) -> UInt32 {
    if let number = numbers[global] { return number }
    let number = UInt32(truncatingIfNeeded: entries.count)
    entries.append(Entry(global: global, allowed: AllowList.entry(global)))
    numbers[global] = number
    return number
  }

  /// Whether this is the first time that the import of a name is to be told.
  mutating func tellsImport(_ number: UInt32) -> Bool {
    defer { entries[Int(number)].wasReported = true }
    return !entries[Int(number)].wasReported
  }

  /// Whether the call of a name is to be told: an array of a thousand unknown objects is one thing to say.
  mutating func tellsCall(_ number: UInt32) -> Bool {
    entries[Int(number)].calls += 1
    return entries[Int(number)].calls <= Self.told
  }

  /// Whether the call of what a call of the name returned is to be told.
  mutating func tellsResult(_ number: UInt32) -> Bool {
    entries[Int(number)].results += 1
    return entries[Int(number)].results <= Self.told
  }

  private static let told = 5
}
