import Encoding

/// Reads a tar archive header by header, and looks for headers that two readers would take differently.
struct TarReader {
  private static let blockCount = TarHeader.blockCount
  /// The longest path that Linux takes, and so the longest that a long name can honestly be.
  private static let nameLimit = 4_096

  private let bytes: ArraySlice<UInt8>
  private let memberLimit: Int
  private var archive = TarArchive()
  private var names = ArchiveNames()
  private var links = ArchiveLinks()
  private var offset = 0
  /// What headers before a member say about it.
  private var pending = Pending()

  private struct Pending {
    var longName: String?
    var longTarget: String?
    var pax: PaxRecords?

    var isEmpty: Bool { longName == nil && longTarget == nil && pax == nil }
  }

  init(_ bytes: ArraySlice<UInt8>, memberLimit: Int) {
    self.bytes = bytes
    self.memberLimit = memberLimit
  }

  mutating func read() -> TarArchive {
    while readNext() {}
    if !pending.isEmpty {
      note(.header, "expected a member after a header about it, found the end of the archive", at: offset)
    }
    archive.irregularities += links.irregularities(of: archive.members.map { ($0.name, $0.headerOffset) })
    return archive
  }

  private mutating func note(
    _ kind: ArchiveIrregularity.Kind, _ message: String, member: String? = nil, at offset: Int
  ) {
    archive.irregularities.append(ArchiveIrregularity(kind, message, member: member, at: offset))
  }

  /// Reads one header and what belongs to it; gives whether there may be more.
  private mutating func readNext() -> Bool {
    guard let block = bytes.window(at: offset, count: Self.blockCount) else {
      if offset == bytes.count {
        note(.unterminated, "expected two blocks of zeros at the end, found none", at: offset)
      } else {
        note(.truncated, "expected a header of 512 bytes, found \(bytes.count - offset)", at: offset)
      }
      return false
    }
    if block.allSatisfy({ $0 == 0 }) {
      checkEnd()
      return false
    }
    guard let header = TarHeader(block) else {
      note(.truncated, "expected a header, found a block whose checksum is wrong", at: offset)
      return false
    }
    guard archive.members.count < memberLimit else {
      note(.members, "expected at most \(memberLimit) members, found more", at: offset)
      return false
    }
    let start = offset
    offset += Self.blockCount
    guard let size = header.size else {
      note(
        .header, "expected a size in octal digits, found other bytes", member: header.name, at: start + 124)
      return false
    }
    switch header.type {
    case UInt8(ascii: "L"), UInt8(ascii: "K"), UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "g"):
      return readExtension(header, size, at: start)
    default: return readMember(header, size, at: start)
    }
  }

  /// Takes the contents of a member, and the bytes that fill its last block.
  private mutating func take(_ size: Int, of name: String) -> (bytes: ArraySlice<UInt8>, isWhole: Bool) {
    let left = bytes.count - offset
    guard size <= left else {
      note(.truncated, "expected \(size) bytes of contents, found \(left)", member: name, at: offset)
      let rest = bytes.dropFirst(offset)
      offset = bytes.count
      return (rest, false)
    }
    let contents = bytes.window(at: offset, count: size) ?? []
    let padded = (size + Self.blockCount - 1) / Self.blockCount * Self.blockCount
    offset += min(padded, left)
    return (contents, true)
  }

  /// Reads a header about the member that follows, or, for `g`, about all of them.
  private mutating func readExtension(_ header: TarHeader, _ size: Int, at start: Int) -> Bool {
    let (contents, isWhole) = take(size, of: header.name)
    guard isWhole else { return false }
    switch header.type {
    case UInt8(ascii: "L"), UInt8(ascii: "K"):
      let text = ZipName(contents.prefix { $0 != 0 }.prefix(Self.nameLimit), isUTF8: false).value
      let isName = header.type == UInt8(ascii: "L")
      if (isName ? pending.longName : pending.longTarget) != nil {
        note(.header, "expected one long name for a member, found two", at: start)
      }
      if isName { pending.longName = text } else { pending.longTarget = text }
    default:
      let records = PaxRecords(contents)
      if let fault = records.fault {
        note(.header, "expected the records of a pax header, found \(fault)", at: start)
      }
      guard header.type != UInt8(ascii: "g") else {
        for key in ["path", "size", "linkpath"] where records.values[key] != nil {
          note(.header, "expected '\(key)' for one member, found it for all of them", at: start)
        }
        return true
      }
      if pending.pax != nil { note(.header, "expected one pax header for a member, found two", at: start) }
      pending.pax = records
    }
    return true
  }

  private mutating func readMember(_ header: TarHeader, _ headerSize: Int, at start: Int) -> Bool {
    let about = pending
    pending = Pending()
    let name = self.name(header, about, at: start)
    let size = self.size(headerSize, about, name, at: start)
    let target = about.pax?.text("linkpath") ?? about.longTarget ?? header.linkTarget
    if let stray = header.strayName {
      note(
        .unsupportedFeature, "expected no name prefix, found one that readers differ on", member: name,
        at: start)
      if let irregular = ArchivePath.irregularity(of: stray, at: start) {
        archive.irregularities.append(irregular)
      }
    }
    if about.pax?.isSparse == true {
      note(
        .unsupportedFeature, "expected whole files, found one stored without its holes", member: name,
        at: start)
    }
    if header.hasMoreMap { skipMap() }
    let kind = self.kind(header, name, at: start)
    check(name, kind, at: start)
    var contents: ArraySlice<UInt8> = []
    if kind == .file {
      contents = take(size, of: name).bytes
    } else if size > 0 {
      // Some readers skip as many bytes and some do not: what follows is a header to one of them.
      note(
        kind == .directory ? .directoryData : .header,
        "expected no contents, found \(size) bytes of them", member: name, at: start)
    }
    if kind == .link {
      let isHard = header.type == UInt8(ascii: "1")
      links.add(name, target, isHard: isHard, at: start)
    }
    archive.members.append(TarMember(name: name, kind: kind, bytes: contents, headerOffset: start))
    return true
  }

  /// Skips the blocks that continue the map of a sparse file: each says whether another follows.
  private mutating func skipMap() {
    while let block = bytes.window(at: offset, count: Self.blockCount) {
      offset += Self.blockCount
      if block.dropFirst(504).first == 0 { return }
    }
  }

  /// The name, by pax, then GNU's long name, then the header; says where they contradict each other.
  private mutating func name(_ header: TarHeader, _ about: Pending, at start: Int) -> String {
    func disagree(_ other: String) {
      note(
        .header,
        "expected one name, found '\(other.escaped(limit: 100))' and '\(header.name.escaped(limit: 100))'",
        member: other, at: start)
    }
    if let long = about.longName {
      // A name that the header could hold, and does not. What stands in place of a longer one is up to the writer.
      if long.utf8.count < 100, !long.utf8.starts(with: header.nameField) { disagree(long) }
      if let path = about.pax?.text("path"), path != long { disagree(path) }
    }
    guard let path = about.pax?.text("path") else { return about.longName ?? header.name }
    // Written for what the header cannot hold: longer than its field, or other letters than ASCII.
    let isPlain = path.utf8.count <= 100 && path.utf8.allSatisfy { 0x20..<0x7F ~= $0 }
    if isPlain, ArchivePath.canonical(path) != ArchivePath.canonical(header.name), about.longName == nil,
      about.pax?.isSparse != true
    {
      disagree(path)
    }
    return path
  }

  /// The size, by pax or the header; says where they contradict each other.
  private mutating func size(_ headerSize: Int, _ about: Pending, _ name: String, at start: Int) -> Int {
    guard let field = about.pax?.values["size"] else { return headerSize }
    guard let size = Int(String(decoding: field, as: UTF8.self)), size >= 0 else {
      note(.header, "expected a size in decimal digits, found other text", member: name, at: start)
      return headerSize
    }
    // Eleven octal digits hold less than 8 GiB; only then is there need for another place.
    if size < 1 << 33, size != headerSize {
      note(.header, "expected one size, found \(size) and \(headerSize)", member: name, at: start)
    }
    return size
  }

  private mutating func kind(_ header: TarHeader, _ name: String, at start: Int) -> TarMember.Kind {
    switch header.type {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): return name.hasSuffix("/") ? .directory : .file
    case UInt8(ascii: "1"), UInt8(ascii: "2"): return .link
    case UInt8(ascii: "5"): return .directory
    case UInt8(ascii: "3"), UInt8(ascii: "4"), UInt8(ascii: "6"):
      note(.device, "expected files and directories, found a device or a pipe", member: name, at: start)
      return .device
    case let type:
      let letter = String(Unicode.Scalar(type)).escaped(limit: 1)
      note(
        .unsupportedFeature, "expected files and directories, found a member of type '\(letter)'",
        member: name,
        at: start)
      return .file
    }
  }

  private mutating func check(_ name: String, _ kind: TarMember.Kind, at start: Int) {
    if let irregular = ArchivePath.irregularity(of: name, at: start) {
      archive.irregularities.append(irregular)
    }
    // A folder may well be there twice, and `./` is the archive itself.
    guard kind != .directory else { return }
    if let irregular = names.add(name, at: start) { archive.irregularities.append(irregular) }
  }

  /// Behind the zeros of the end nothing may stand: a reader that ignores zeros goes on.
  private mutating func checkEnd() {
    let rest = bytes.dropFirst(offset)
    let next = rest.drop { $0 == 0 }
    guard let first = next.indices.first else {
      if rest.count < 2 * Self.blockCount {
        note(.unterminated, "expected two blocks of zeros at the end, found \(rest.count) bytes", at: offset)
      }
      return
    }
    let found = (first - bytes.startIndex) / Self.blockCount * Self.blockCount
    let isMember = bytes.window(at: found, count: Self.blockCount).map { TarHeader($0) != nil } ?? false
    note(
      isMember ? .hidden : .trailing,
      "expected nothing but zeros after the end, found \(isMember ? "another member" : "other bytes")",
      at: found
    )
    // What an archive that was appended to holds is looked at as well.
    guard isMember else { return }
    offset = found
    while archive.members.count < memberLimit, let block = bytes.window(at: offset, count: Self.blockCount),
      block.contains(where: { $0 != 0 }), readNext()
    {}
  }
}
