/// What an extractor would make of the name of an archive's member.
enum ArchivePath {
  /// Says what is wrong with a name; nil where nothing is.
  static func irregularity(of name: String, at offset: Int?) -> ArchiveIrregularity? {
    let quoted = "'\(name.escaped(limit: 100))'"
    func found(_ kind: ArchiveIrregularity.Kind, _ what: String) -> ArchiveIrregularity {
      ArchiveIrregularity(
        kind, "expected a relative name below the archive, found \(quoted), \(what)", member: name, at: offset
      )
    }
    let bytes = Array(name.utf8)
    if bytes.contains(0) { return found(.path, "which has a zero byte: some readers stop there") }
    let separated = separatorsUnified(name)
    if separated.hasPrefix("/") { return found(.path, "which is absolute") }
    let isDrive = bytes.count > 1 && bytes[1] == UInt8(ascii: ":") && isLetter(bytes[0])
    if isDrive, separated.dropFirst(2).hasPrefix("/") { return found(.path, "which names a drive") }
    if separated.split(separator: "/").contains("..") { return found(.path, "which leads upwards") }
    if bytes.isEmpty { return found(.name, "which is empty") }
    if isDrive { return found(.name, "which may name a drive") }
    if bytes.contains(UInt8(ascii: "\\")) { return found(.name, "which has a backslash") }
    if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      return found(.name, "which has a control character")
    }
    return nil
  }

  /// The name without what most readers drop: `./`, doubled separators, a separator at the end; backslashes as
  /// separators.
  ///
  /// Swift compares text by canonical equivalence, so two spellings of `é` are equal as well.
  static func canonical(_ name: String) -> String {
    separatorsUnified(name).split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// Whether a link's target does not depend on where the link stands.
  static func isAbsolute(_ target: String) -> Bool {
    let bytes = target.utf8.prefix(2)
    return target.utf8.contains(0) || bytes.first == UInt8(ascii: "/") || bytes.first == UInt8(ascii: "\\")
      || bytes.count == 2 && bytes.last == UInt8(ascii: ":")
  }

  /// The steps of a path, `.` and `..` among them.
  static func parts(of path: String) -> [Substring] { separatorsUnified(path).split(separator: "/") }

  private static func separatorsUnified(_ name: String) -> String {
    String(decoding: name.utf8.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }, as: UTF8.self)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
  }
}

/// Looks for members of one archive with the same name, or nearly.
struct ArchiveNames {
  private var exact: Set<String> = []
  private var folded: Set<String> = []

  /// Takes note of a name; says so where it was there already.
  mutating func add(_ name: String, at offset: Int?) -> ArchiveIrregularity? {
    let canonical = ArchivePath.canonical(name)
    let isNew = exact.insert(canonical).inserted
    let isNewFolded = folded.insert(canonical.lowercased()).inserted
    if isNew && isNewFolded { return nil }
    let quoted = "'\(name.escaped(limit: 100))'"
    return isNew
      ? ArchiveIrregularity(
        .similarName, "expected each name once, found \(quoted), which another differs from only in case",
        member: name, at: offset)
      : ArchiveIrregularity(
        .duplicate, "expected each name once, found \(quoted) again", member: name, at: offset)
  }
}
