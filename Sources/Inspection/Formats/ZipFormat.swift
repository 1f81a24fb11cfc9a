import Artifacts

/// A zip archive, and the formats that are one.
enum ZipFormat: InspectedFormat {
  static let name = "zip"

  /// A loader that begins at the end finds an archive behind anything: that the file begins as another format
  /// too makes it a polyglot.
  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    ZipArchive.begins(bytes) || ZipArchive.ends(bytes) ? .certain : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let zip = ZipArchive(subject.bytes, memberLimit: InspectionWalk.memberLimit)
    walk.report(zip.irregularities, subject)
    if zip.prefixCount > 0 {
      _ = walk.inspectPart(zip.prefix, named: "(bytes before the archive)", of: subject, unpacked: false)
    }
    var archive = OpenArchive(zip, subject: subject)
    let kind = KnownArchiveKind.all.first { $0.claims(zip) }
    let inspected = kind?.inspect(&archive, &walk) ?? Inspected(name, .container)
    archive.inspectRest(in: &walk)
    return inspected
  }
}

/// NumPy's `.npz`: an archive of `.npy` files.
enum NumPyArchive: ArchiveKind {
  static let name = "npz"

  static func claims(_ archive: ZipArchive) -> Bool {
    !archive.members.isEmpty && archive.members.allSatisfy { $0.name.hasSuffix(".npy") }
  }

  static func inspect(_ archive: inout OpenArchive, in walk: inout InspectionWalk) -> Inspected {
    for member in archive.zip.members where member.kind == .file { archive.inspect(member, in: &walk) }
    return Inspected(name, .data("an archive of NumPy arrays"))
  }
}
