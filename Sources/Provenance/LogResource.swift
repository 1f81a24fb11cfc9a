public import Domain
import Encoding

/// What a log is read by: a tile of hashes, or a bundle of entries, by the path that it has below `/tile/`.
///
/// https://c2sp.org/tlog-tiles
public enum LogResource: Hashable, Sendable {
  /// Hashes of the tree.
  case hashes(MerkleTile)
  /// Entries of the log: those whose hashes are the tile of level 0 with this index and width.
  case entries(MerkleTile)

  /// The path below `/tile/`, such as `1/x001/067.p/8` and `entries/067`.
  public var path: String {
    switch self {
    case .hashes(let tile): "\(tile.level)/\(Self.suffix(tile))"
    case .entries(let tile): "entries/\(Self.suffix(tile))"
    }
  }

  /// Reads `path`; each resource has one alone.
  ///
  /// Throws `log.malformed-path`.
  public init(path: String) throws(Problem) {
    guard let resource = Self.read(path), resource.path == path else {
      throw Problem(
        .badInput, "log.malformed-path",
        "expected '<level>/<index>' or 'entries/<index>' with '.p/<width>' behind a partial one, found"
          + " '\(path.excerpt(80))'",
        hint: "write index 1234067 as x001/x234/067")
    }
    self = resource
  }

  private static func suffix(_ tile: MerkleTile) -> String {
    var groups = ["\(tile.index % 1000)".padded]
    var rest = tile.index / 1000
    while rest > 0 {
      groups.insert("x" + "\(rest % 1000)".padded, at: 0)
      rest /= 1000
    }
    return groups.joined(separator: "/") + (tile.isComplete ? "" : ".p/\(tile.width)")
  }

  /// What a path stands for; one that is no resource's, where it is written in another way.
  private static func read(_ path: String) -> LogResource? {
    guard path.utf8.count <= 64 else { return nil }
    var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
    guard let kind = parts.popFirst(), var last = parts.popLast() else { return nil }
    var width = MerkleTile.fullWidth
    if let former = parts.last, former.hasSuffix(".p") {
      guard let number = Int(last) else { return nil }
      width = number
      last = former.dropLast(2)
      parts.removeLast()
    }
    var index = 0
    for part in parts + [last] {
      guard let group = Int(part.hasPrefix("x") ? part.dropFirst() : part), 0..<1000 ~= group else {
        return nil
      }
      let (product, isTooLarge) = index.multipliedReportingOverflow(by: 1000)
      let (sum, isTooLargeNow) = product.addingReportingOverflow(group)
      guard !isTooLarge, !isTooLargeNow else { return nil }
      index = sum
    }
    if kind == "entries" { return MerkleTile(level: 0, index: index, width: width).map { .entries($0) } }
    guard let level = Int(kind) else { return nil }
    return MerkleTile(level: level, index: index, width: width).map { .hashes($0) }
  }

  /// The bytes of a bundle of entries: each behind its length in two bytes, the most significant first.
  ///
  /// None may have more than 65,535 bytes.
  public static func bundle(_ entries: [[UInt8]]) -> [UInt8] {
    entries.flatMap { entry in
      [UInt8(truncatingIfNeeded: entry.count >> 8), UInt8(truncatingIfNeeded: entry.count)] + entry
    }
  }
}

extension String {
  /// Three digits at least.
  fileprivate var padded: String { String(repeating: "0", count: max(0, 3 - utf8.count)) + self }
}
