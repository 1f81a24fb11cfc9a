import Encoding

/// The headers of a tar archive that says nothing but what its files are: POSIX.1-2017 `pax`, section "ustar
/// Interchange Format".
///
/// Whoever owns it, when and on which machine it was made is the same for all: nobody in particular (user and group 0,
/// without names), at the beginning of 1970. The same files so give the same bytes.
enum TarHeader {
  /// The size of a block; headers and contents fill whole ones.
  static let blockBytes = 512
  /// What an archive ends with.
  static let end = [UInt8](repeating: 0, count: 2 * blockBytes)

  /// What an entry is.
  enum Kind: UInt8 {
    case file = 0x30
    case directory = 0x35
    /// Fields of the next entry that its own header has no room for.
    case extended = 0x78
  }

  private static let longestName = 100
  private static let longestPrefix = 155
  /// The first size that eleven octal digits cannot say.
  private static let hugeSize = 1 << 33

  /// The header of an entry, and before it one with what does not fit into that.
  ///
  /// `path` is relative, of ASCII, and without a final `/`; `size` is the number of bytes that follow, which
  /// `padding(after:)` fills to whole blocks.
  static func bytes(of kind: Kind, path: String, mode: Int, size: Int = 0) -> [UInt8] {
    let path = kind == .directory ? path + "/" : path
    var records: [UInt8] = []
    let parts = split(path)
    if parts == nil { records += record("path", path) }
    if size >= hugeSize { records += record("size", String(size)) }
    let header = block(
      kind, name: parts?.name ?? Array(path.utf8.prefix(longestName)), prefix: parts?.prefix ?? [],
      mode: mode,
      size: size < hugeSize ? size : 0)
    guard !records.isEmpty else { return header }
    return block(
      .extended, name: Array("PaxHeaders/entry".utf8), prefix: [], mode: 0o444, size: records.count) + records
      + padding(after: records.count) + header
  }

  /// What fills the last block of so many bytes.
  static func padding(after size: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (blockBytes - size % blockBytes) % blockBytes)
  }

  /// A path as the two fields of a header have it; nil where it does not fit.
  private static func split(_ path: String) -> (prefix: [UInt8], name: [UInt8])? {
    if path.utf8.count <= longestName { return ([], Array(path.utf8)) }
    // The name is what is behind a slash that is not the last character.
    var slash = path.utf8.dropLast().lastIndex(of: UInt8(ascii: "/"))
    var found: (prefix: [UInt8], name: [UInt8])?
    while let place = slash {
      let prefix = path[..<place]
      let name = path[path.utf8.index(after: place)...]
      guard name.utf8.count <= longestName else { break }
      if prefix.utf8.count <= longestPrefix { found = (Array(prefix.utf8), Array(name.utf8)) }
      slash = prefix.utf8.lastIndex(of: UInt8(ascii: "/"))
    }
    return found
  }

  private static func block(_ kind: Kind, name: [UInt8], prefix: [UInt8], mode: Int, size: Int) -> [UInt8] {
    var block: [UInt8] = []
    block.reserveCapacity(blockBytes)
    func field(_ bytes: [UInt8], _ width: Int) {
      block += bytes
      block += [UInt8](repeating: 0, count: width - bytes.count)
    }
    field(name, longestName)
    for (value, width) in [(mode, 8), (0, 8), (0, 8), (size, 12), (0, 12)] {
      field(octal(value, digits: width - 1), width)
    }
    let checksumPlace = block.count
    field(Array("        ".utf8), 8)
    field([kind.rawValue], 1)
    field([], 100)
    field(Array("ustar\0".utf8) + Array("00".utf8), 8)
    field([], 32 + 32)
    for _ in 0..<2 { field(octal(0, digits: 7), 8) }
    field(prefix, longestPrefix)
    field([], blockBytes - block.count)
    let sum = block.reduce(0) { $0 + Int($1) }
    block.replaceSubrange(checksumPlace..<(checksumPlace + 8), with: octal(sum, digits: 6) + [0, 0x20])
    return block
  }

  private static func octal(_ value: Int, digits: Int) -> [UInt8] {
    let text = String(value, radix: 8)
    return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8)
  }

  /// A record of an extended header: its own length in decimal, a space, `key=value`, a line feed.
  private static func record(_ key: String, _ value: String) -> [UInt8] {
    let rest = " \(key)=\(value)\n"
    var length = rest.utf8.count
    while String(length).utf8.count + rest.utf8.count != length {
      length = String(length).utf8.count + rest.utf8.count
    }
    return Array("\(length)\(rest)".utf8)
  }
}
