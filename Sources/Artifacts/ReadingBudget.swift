/// What a reader of untrusted bytes spends at most, before it stops with a finding.
///
/// Every limit is far above what an honest model needs, and low enough that reaching all of them leaves the
/// process alive.
public struct ReadingBudget: Sendable {
  /// What there is a limit on.
  public enum Limit: String, Sendable, CaseIterable {
    /// Opcodes of one pickle, with those of the pickles inside it.
    case opcodes
    /// Values that one pickle makes.
    case values
    /// How deep the values of a pickle nest.
    case depth
    /// The number of a memo entry.
    case memo
    /// The digits of one integer.
    case digits
    /// The values of a pickle counted as if none were shared.
    case expansion
    /// The memory that the values of a pickle take.
    case memory
    /// Pickles one after another.
    case pickles
  }

  /// How many opcodes a pickle may have.
  public var opcodes = 60_000_000
  /// How many values a pickle may make, each of which takes about 22 bytes of memory.
  public var values = 40_000_000
  /// How many times the size of a pickle its values may take in memory, past `freeMemory`.
  public var memoryRatio = 3
  /// How many bytes the values of a pickle may take before `memoryRatio` is looked at.
  public var freeMemory = 18 << 20
  /// How many pickles may stand one after another.
  public var pickles = 10_000
  /// How deep the values of a pickle may nest.
  public var depth = 2_000
  /// How many decimal digits an integer may have; what CPython itself takes from text.
  public var digits = 4_300
  /// How many values there may be when shared ones are counted each time they occur.
  public var expansion = 1 << 30
  /// How many bytes a compressed file may unpack to, whatever its size.
  public var decompressedBytes = 1 << 31
  /// How many times larger than the compressed bytes the unpacked ones may be, past `freeBytes`.
  public var compressionRatio = 200
  /// How many bytes may be unpacked before `compressionRatio` is looked at.
  public var freeBytes = 16 << 20
  /// How many times larger than the compressed bytes the unpacked ones may be, past `largeBytes`.
  public var largeRatio = 16
  /// How many bytes may be unpacked before `largeRatio` is looked at.
  public var largeBytes = 384 << 20
  /// How many observations a reader keeps; it says how many more there were.
  ///
  /// No honest file comes near it.
  public var observations = 10_000

  /// The limits for everyday models.
  public init() {}

  /// The limits for everyday models.
  public static let standard = ReadingBudget()

  /// How many bytes `count` compressed ones may unpack to.
  ///
  /// The whole input counts, not what was read of it so far: a model may well begin with its zeros.
  public func unpackedLimit(of count: Int) -> Int {
    func times(_ ratio: Int) -> Int {
      let (product, overflow) = count.multipliedReportingOverflow(by: ratio)
      return overflow ? .max : product
    }
    let byRatio = min(times(compressionRatio), max(largeBytes, times(largeRatio)))
    return min(decompressedBytes, max(freeBytes, byRatio))
  }
}
