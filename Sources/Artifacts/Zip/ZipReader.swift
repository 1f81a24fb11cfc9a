import Encoding

/// Reads the directory of a zip archive, and holds it against the local headers and the bytes between them.
struct ZipReader {
  let bytes: ArraySlice<UInt8>
  let memberLimit: Int
  var archive: ZipArchive
  /// By how many bytes every offset in the archive is off: those before it, or, negative, those that its
  /// beginning lacks.
  var shift = 0

  init(_ bytes: ArraySlice<UInt8>, memberLimit: Int) {
    self.bytes = bytes
    self.memberLimit = memberLimit
    archive = ZipArchive(empty: bytes)
  }

  mutating func read() -> ZipArchive {
    guard let end = endRecord() else {
      note(
        .truncated, "expected the end record of a zip archive, found the end of the file",
        at: bytes.count)
      recover(0..<bytes.count)
      return archive
    }
    archive.hasEndRecord = true
    archive.irregularities += end.irregularities
    if end.hasVolumes {
      note(
        .unsupportedFeature, "expected an archive in one piece, found one of several volumes", at: end.offset)
    }
    let directory = directory(of: end)
    let next = readEntries(directory, end)
    if next < directory.upperBound, archive.members.count == end.memberCount {
      note(
        .directory,
        "expected the central directory to end where the end record begins, found"
          + " \(directory.upperBound - next) bytes between them", at: next)
    }
    let spans = localSpans(before: directory.lowerBound)
    // Members past the limit would look like ones that are not listed.
    guard archive.members.count < memberLimit else { return archive }
    checkSpans(spans, before: directory.lowerBound)
    checkEndRecords(besides: end, directory: directory, spans: spans)
    return archive
  }

  mutating func note(
    _ kind: ArchiveIrregularity.Kind, _ message: String, member: String? = nil, at offset: Int? = nil
  ) {
    archive.irregularities.append(ArchiveIrregularity(kind, message, member: member, at: offset))
  }

  /// The last end record, preferring one whose comment runs to the end of the file.
  private mutating func endRecord() -> ZipEndRecord? {
    let records = ZipEndRecord.candidates(in: bytes).compactMap { ZipEndRecord(bytes, at: $0) }
    let exact = records.last { $0.end == bytes.count && isPlausible($0) }
    guard let record = exact ?? records.last(where: isPlausible) ?? records.last else { return nil }
    if record.end > bytes.count {
      note(
        .directory,
        "expected a comment of \(record.commentCount) bytes, found \(bytes.count - record.offset - 22)",
        at: record.offset + 20)
    } else if record.end < bytes.count {
      let rest = bytes.dropFirst(record.end)
      let hasRecords = rest.zipSignatures(
        [[1, 2], [3, 4], [5, 6]], within: 0..<rest.count, limit: 1)
      note(
        hasRecords.isEmpty ? .trailing : .directory,
        "expected the end of the file after the end record, found \(rest.count) bytes"
          + (hasRecords.isEmpty ? "" : ", which hold records of another archive"), at: record.end)
    }
    return record
  }

  /// Whether a directory of the size that the record says may stand before it.
  private func isPlausible(_ record: ZipEndRecord) -> Bool {
    let start = record.directoryEnd - record.directoryCount
    return record.memberCount == 0 || bytes.has(ZipArchive.entrySignature, at: start)
      || bytes.has(ZipArchive.entrySignature, at: record.directoryOffset)
  }

  /// Where the central directory is.
  ///
  /// Python counts back from the end record, others go by the offset in it; bytes before the archive make the
  /// two differ.
  private mutating func directory(of end: ZipEndRecord) -> Range<Int> {
    let counted = end.directoryEnd - min(end.directoryCount, end.directoryEnd + 1)
    let declared = min(end.directoryOffset, end.directoryEnd)
    if counted == end.directoryOffset { return counted..<end.directoryEnd }
    let stands = bytes.has(ZipArchive.entrySignature, at: declared)
    if counted < 0 || !bytes.has(ZipArchive.entrySignature, at: counted) && end.memberCount > 0 {
      let what = "expected a central directory of \(end.directoryCount) bytes, found"
      if stands {
        note(.directory, "\(what) one of \(end.directoryEnd - declared)", at: end.offset)
        return declared..<end.directoryEnd
      }
      note(.truncated, "\(what) none where it should be", at: end.offset)
      return end.directoryEnd..<end.directoryEnd
    }
    guard counted > end.directoryOffset else {
      note(
        .truncated, "expected \(end.directoryOffset) bytes before the central directory, found \(counted)",
        at: end.offset)
      shift = counted - end.directoryOffset
      return counted..<end.directoryEnd
    }
    if stands, end.memberCount > 0 {
      note(
        .directory,
        "expected one central directory, found one at byte \(declared) and one at byte \(counted)",
        at: end.offset)
    }
    shift = counted - end.directoryOffset
    archive.prefixCount = shift
    return counted..<end.directoryEnd
  }

  /// Reads the entries of the central directory; gives the offset behind the last.
  private mutating func readEntries(_ directory: Range<Int>, _ end: ZipEndRecord) -> Int {
    var names = ArchiveNames()
    var offset = directory.lowerBound
    while offset < directory.upperBound {
      guard archive.members.count < memberLimit else {
        note(
          .members, "expected at most \(memberLimit) members, found \(end.memberCount)", at: offset)
        return directory.upperBound
      }
      guard let entry = ZipEntry(bytes, at: offset, shift: shift),
        entry.end <= directory.upperBound
      else { break }
      var member = entry.member
      member.index = archive.members.count
      archive.irregularities += entry.irregularities
      if let irregular = ArchivePath.irregularity(of: member.name, at: offset) {
        archive.irregularities.append(irregular)
      }
      if let irregular = names.add(member.name, at: offset) { archive.irregularities.append(irregular) }
      if member.kind == .directory, member.size > 0 {
        note(
          .directoryData, "expected a directory to be empty, found one of \(member.size) bytes",
          member: member.name, at: offset)
      }
      if member.kind == .device {
        note(
          .device, "expected files and directories, found a device, pipe or socket", member: member.name,
          at: offset)
      }
      if archive.indices[member.name] == nil { archive.indices[member.name] = member.index }
      archive.members.append(member)
      offset = entry.end
    }
    if archive.members.count != end.memberCount {
      note(
        .directory,
        "expected \(end.memberCount) members in the central directory, found \(archive.members.count)",
        at: end.offset)
    }
    return offset
  }
}
