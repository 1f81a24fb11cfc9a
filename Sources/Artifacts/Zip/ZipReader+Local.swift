import Encoding

/// The header that stands before a member's contents (APPNOTE 4.3.7).
struct ZipLocalHeader {
  let fields: ZipHeaderFields
  let name: ArraySlice<UInt8>
  let extra: ArraySlice<UInt8>
  /// The offset behind it.
  let end: Int

  init?(_ bytes: ArraySlice<UInt8>, at offset: Int) {
    guard offset >= 0 else { return nil }
    var reader = bytes.reader(at: offset)
    guard let signature = try? reader.read(4, "a signature"),
      signature.elementsEqual(ZipArchive.localSignature),
      let fields = ZipHeaderFields(&reader),
      let name = try? reader.read(fields.nameCount, "a name"),
      let extra = try? reader.read(fields.extraCount, "an extra field")
    else { return nil }
    self.fields = fields
    self.name = name
    self.extra = extra
    end = offset + reader.offset
  }
}

extension ZipReader {
  /// The bytes that a member takes up, its header and what stands behind its contents included.
  struct Span {
    let member: Int
    let range: Range<Int>
  }

  /// Compares each entry with its local header; gives what the members take up, in the order of the file.
  mutating func localSpans(before directoryStart: Int) -> [Span] {
    var spans: [Span] = []
    for index in archive.members.indices {
      let member = archive.members[index]
      guard member.headerOffset >= 0 else {
        note(
          .truncated, "expected the member, found the beginning of the file behind it", member: member.name,
          at: member.entryOffset)
        continue
      }
      guard member.headerOffset < directoryStart else {
        note(
          .outside, "expected a local header before the central directory, found byte \(member.headerOffset)",
          member: member.name, at: member.entryOffset)
        continue
      }
      guard let local = ZipLocalHeader(bytes, at: member.headerOffset) else {
        note(
          .header, "expected a local header, found other bytes", member: member.name, at: member.headerOffset)
        continue
      }
      let (end, overflow) = local.end.addingReportingOverflow(member.compressedSize)
      guard !overflow, end <= directoryStart else {
        note(
          .outside,
          "expected \(member.compressedSize) bytes of contents, found the central directory after"
            + " \(max(0, directoryStart - local.end))", member: member.name, at: local.end)
        continue
      }
      archive.members[index].dataOffset = local.end
      let spanEnd = compare(member, local, end: end)
      spans.append(Span(member: index, range: member.headerOffset..<spanEnd))
    }
    return spans.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// Compares an entry with its local header; gives the offset behind the member.
  private mutating func compare(_ member: ZipMember, _ local: ZipLocalHeader, end: Int) -> Int {
    func differ(_ what: String, _ kind: ArchiveIrregularity.Kind = .header) {
      note(
        kind, "expected the same \(what) in both headers of a member, found two", member: member.name,
        at: member.headerOffset)
    }
    if !local.name.elementsEqual(member.nameBytes) {
      let name = ZipName(local.name, isUTF8: false).value
      note(
        .header,
        "expected the same name in both headers of a member, found '\(name.escaped(limit: 100))'"
          + " in the local one", member: member.name, at: member.headerOffset)
      if let irregular = ArchivePath.irregularity(of: name, at: member.headerOffset) {
        archive.irregularities.append(irregular)
      }
    }
    if local.fields.method != member.method { differ("method", .method) }
    let significant: ZipFlags = [.encrypted, .stronglyEncrypted, .masked, .patch, .utf8]
    if local.fields.flags.intersection(significant) != member.flags.intersection(significant) {
      differ("flags", .flags)
    }
    let extra = ZipExtra(local.extra)
    if let name = extra.unicodeName(for: local.name), name != member.name,
      ZipExtra(member.extra).unicodeName(for: member.nameBytes) != name
    {
      differ("name in UTF-8")
    }
    var large = ZipLargeSizes(extra.zip64)
    let size = large.take(local.fields.size)
    let compressed = large.take(local.fields.compressedSize)
    let isExact =
      size == member.size && compressed == member.compressedSize && local.fields.checksum == member.checksum
    guard local.fields.flags.contains(.descriptor) else {
      if local.fields.checksum != member.checksum { differ("checksum") }
      if size != member.size || compressed != member.compressedSize { differ("sizes") }
      return end
    }
    // A writer that streams does not know them yet.
    let isLeftOpen =
      (size == 0 || size == member.size || large.isShort)
      && (compressed == 0 || compressed == member.compressedSize || large.isShort)
      && (local.fields.checksum == 0 || local.fields.checksum == member.checksum)
    if !isLeftOpen { differ("sizes and checksum") }
    if let count = descriptorCount(of: member, at: end) { return end + count }
    if !isExact {
      note(
        .header, "expected checksum and sizes behind the contents as in the central directory, found others",
        member: member.name, at: end)
    }
    return end
  }

  /// How many bytes the data descriptor takes up: with or without signature, sizes of 32 or 64 bits.
  private func descriptorCount(of member: ZipMember, at offset: Int) -> Int? {
    let signature = Array("PK".utf8) + [7, 8]
    let short =
      member.checksum.littleEndianBytes + UInt32(truncatingIfNeeded: member.compressedSize).littleEndianBytes
      + UInt32(truncatingIfNeeded: member.size).littleEndianBytes
    let long =
      member.checksum.littleEndianBytes + UInt64(clamping: member.compressedSize).littleEndianBytes
      + UInt64(clamping: member.size).littleEndianBytes
    // The longer ones first: sizes below 2^32 begin as the shorter one does where both are small.
    return [signature + long, signature + short, long, short].first { bytes.has($0, at: offset) }?.count
  }

  /// Looks for members that share bytes, and at the bytes that belong to none.
  mutating func checkSpans(_ spans: [Span], before directoryStart: Int) {
    var end = archive.prefixCount
    var isFirst = true
    for span in spans {
      let name = archive.members[span.member].name
      if span.range.lowerBound < end {
        if isFirst {
          note(
            .outside, "expected a member inside the archive, found one before it", member: name,
            at: span.range.lowerBound)
        } else {
          note(
            .overlap, "expected members that share no bytes, found one that begins inside another",
            member: name, at: span.range.lowerBound)
        }
      } else if span.range.lowerBound > end {
        checkGap(end..<span.range.lowerBound, isFirst: isFirst)
      }
      isFirst = false
      end = max(end, span.range.upperBound)
    }
    // An archive whose headers could not be read tells nothing about the rest.
    if end < directoryStart { checkGap(end..<directoryStart, isFirst: isFirst) }
    if archive.prefixCount > 0 {
      note(
        .prefix, "expected the archive to begin with the file, found \(archive.prefixCount) bytes before it",
        at: 0)
      recover(0..<archive.prefixCount, hidden: true)
    }
  }

  private mutating func checkGap(_ range: Range<Int>, isFirst: Bool) {
    let gap = bytes.window(at: range.lowerBound, count: range.count) ?? []
    // The mark of an archive that was meant to be split and was not.
    if isFirst, gap.elementsEqual(Array("PK".utf8) + [7, 8]) { return }
    guard gap.contains(where: { $0 != 0 }), !isFirst || shift >= 0 else { return }
    if isFirst, archive.prefixCount == 0, range.lowerBound == 0 {
      archive.prefixCount = range.count
      return
    }
    if !recover(range, hidden: true) {
      note(
        .gap, "expected members side by side, found \(range.count) bytes that belong to none",
        at: range.lowerBound)
    }
  }

  /// Looks for local headers that the central directory does not list; gives whether there are some.
  @discardableResult
  mutating func recover(_ range: Range<Int>, hidden: Bool = false) -> Bool {
    var offset = range.lowerBound
    var hasFound = false
    while archive.unlisted.count < memberLimit,
      let start = bytes.zipSignatures([[3, 4]], within: offset..<range.upperBound, limit: 1).first
    {
      offset = start + 4
      guard let local = ZipLocalHeader(bytes, at: start), local.end <= range.upperBound else { continue }
      let name = ZipName(local.name, isUTF8: false).value
      hasFound = true
      if hidden {
        note(
          .hidden,
          "expected the central directory to list every member, found one that it does not:"
            + " '\(name.escaped(limit: 100))'", member: name, at: start)
      }
      var large = ZipLargeSizes(ZipExtra(local.extra).zip64)
      let size = large.take(local.fields.size)
      var count = large.take(local.fields.compressedSize)
      if local.fields.flags.contains(.descriptor), count == 0 {
        let next = bytes.zipSignatures(
          [[1, 2], [3, 4], [7, 8]], within: local.end..<range.upperBound, limit: 1)
        count = (next.first ?? range.upperBound) - local.end
      }
      count = min(count, range.upperBound - local.end)
      var member = ZipMember(
        name: name, headerOffset: start, size: size, compressedSize: count, nameBytes: local.name,
        flags: local.fields.flags, method: local.fields.method, checksum: local.fields.checksum,
        externalAttributes: 0,
        extra: local.extra, entryOffset: nil)
      member.index = archive.unlisted.count
      member.dataOffset = local.end
      archive.unlisted.append(member)
      offset = max(offset, local.end + count)
    }
    return hasFound
  }

  /// Looks for end records that are neither the last nor part of a member's contents.
  mutating func checkEndRecords(besides end: ZipEndRecord, directory: Range<Int>, spans: [Span]) {
    for offset in ZipEndRecord.candidates(in: bytes) where offset != end.offset && offset < end.end {
      let isInside = spans.contains { $0.range.contains(offset) }
      guard !isInside else { continue }
      note(.directory, "expected one end record, found another", at: offset)
    }
  }
}
