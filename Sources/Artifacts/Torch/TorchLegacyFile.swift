public import Encoding

/// A file that `torch.save` wrote before version 1.6, or writes still when asked for the older format.
///
/// Five pickles end to end: a magic number, the version of the protocol, what machine it was, the object, the
/// keys of its storages; then the storages, each the number of its elements and its bytes.
public struct TorchLegacyFile: Sendable {
  /// The first pickle: protocol 2, and the number 0x1950a86a20f9469cfc6c.
  public static let magic: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  /// The pickles that follow the magic number, with the offsets that they start at.
  public private(set) var pickles: [(offset: Int, reading: PickleReading)] = []
  /// How many bytes the pickles and the storages take up; nil where that cannot be told.
  public private(set) var byteCount: Int?
  /// What contradicts itself behind the pickles.
  public private(set) var fault: MalformedBytes?

  /// Whether bytes begin with the magic number, in any spelling of it that Python reads.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    if bytes.starts(with: magic) { return true }
    // Other protocols put other bytes around the number.
    let number = magic[4..<14]
    let start = bytes.prefix(24)
    return start.first == 0x80 && start.indices.contains { start[$0...].starts(with: number) }
  }

  /// Reads the pickles of a file, and goes over its storages.
  public init(_ bytes: ArraySlice<UInt8>, budget: ReadingBudget = .standard) {
    var offset = PickleReading.readTorch(bytes, budget: budget).byteCount
    for _ in 0..<4 {
      let reading = PickleReading.readTorch(bytes, from: offset, budget: budget)
      pickles.append((offset, reading))
      guard reading.document != nil, reading.byteCount > offset else { return }
      offset = reading.byteCount
    }
    do throws(MalformedBytes) {
      byteCount = try storagesEnd(in: bytes, from: offset)
    } catch {
      fault = error
    }
  }

  /// The object that was saved.
  public var object: PickleDocument? { pickles.count > 2 ? pickles[2].reading.document : nil }

  /// Where the last storage ends.
  private func storagesEnd(in bytes: ArraySlice<UInt8>, from start: Int) throws(MalformedBytes) -> Int {
    guard let object, let keys = pickles.last?.reading.document, case .list(let ids) = keys[keys.root] else {
      throw MalformedBytes(offset: start, expected: "the list of the storages' keys", found: "something else")
    }
    let storages = TorchReferences(object, calls: { _ in false }).storages
    let sizes = Dictionary(storages.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    var reader = ByteReader(bytes)
    _ = try reader.read(start, "what comes before")
    for id in ids {
      guard case .string(let key) = keys[id], let storage = sizes[key], let itemSize = storage.itemSize else {
        throw MalformedBytes(
          offset: keys.offset(of: id), expected: "the key of a storage", found: keys.describe(id))
      }
      let place = reader.offset
      let count = try reader.readLittleEndian(Int64.self, "a count of elements")
      guard count == storage.count else {
        throw MalformedBytes(
          offset: place, expected: "\(storage.count) elements, as the object says", found: "\(count)")
      }
      let (size, overflow) = storage.count.multipliedReportingOverflow(by: itemSize)
      guard !overflow else {
        throw MalformedBytes(
          offset: place, expected: "a storage that memory holds", found: "\(count) elements")
      }
      _ = try reader.read(size, "a storage")
    }
    return reader.offset
  }
}
