/// What an extractor would make of the name of an archive's member.
enum ArchivePath {
  /// How many folders deep a member may be; deeper ones are not looked at as paths.
  static let depthLimit = 256

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
    let isSeparator = bytes.first.map(Self.isSeparator) ?? false
    if isSeparator { return found(.path, "which is absolute") }
    let isDrive = bytes.count > 1 && bytes[1] == UInt8(ascii: ":") && isLetter(bytes[0])
    if isDrive, bytes.count > 2, Self.isSeparator(bytes[2]) { return found(.path, "which names a drive") }
    let steps = bytes.split(whereSeparator: Self.isSeparator)
    if steps.contains(where: { $0.elementsEqual("..".utf8) }) { return found(.path, "which leads upwards") }
    if steps.count > depthLimit { return found(.name, "which is more than \(depthLimit) folders deep") }
    if bytes.isEmpty { return found(.name, "which is empty") }
    // `w:0.npy` is how TensorFlow calls a variable, and no drive.
    if isDrive, bytes.count > 2, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[2]) {
      return found(.path, "which names a drive")
    }
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
    var bytes: [UInt8] = []
    for step in name.utf8.split(whereSeparator: isSeparator) where !step.elementsEqual(".".utf8) {
      if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
      bytes += step
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether a link's target does not depend on where the link stands.
  static func isAbsolute(_ target: String) -> Bool {
    let bytes = target.utf8.prefix(2)
    return target.utf8.contains(0) || bytes.first == UInt8(ascii: "/") || bytes.first == UInt8(ascii: "\\")
      || bytes.count == 2 && bytes.last == UInt8(ascii: ":")
  }

  /// The steps of a path, `.` and `..` among them.
  static func parts(of path: String) -> [Substring] {
    path.utf8.split(whereSeparator: isSeparator).map { Substring($0) }
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
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
