import Artifacts
import Domain

// Rules about archives: zip and tar.
extension Rule {
  static let archive = [
    archiveTruncated, archiveUnterminated, archiveDirectory, archiveHeader, archiveFlags, archiveMethod,
    archiveUnsupported,
    archiveEncrypted, archiveOverlap, archiveOutside, archiveHidden, archiveGap, archivePrefix,
    archiveTrailing, archiveDuplicate, archiveSimilarName, archivePath, archiveName, archiveLinkOutside,
    archiveLink, archiveDevice, archiveDirectoryData, archiveChecksum, archiveSize,
  ]

  /// The rule that an irregularity falls under.
  static func of(_ kind: ArchiveIrregularity.Kind) -> Rule {
    switch kind {
    case .truncated: archiveTruncated
    case .unterminated: archiveUnterminated
    case .directory: archiveDirectory
    case .header: archiveHeader
    case .flags: archiveFlags
    case .method: archiveMethod
    case .unsupportedMethod: compressionUnsupported
    case .unsupportedFeature: archiveUnsupported
    case .encrypted: archiveEncrypted
    case .overlap: archiveOverlap
    case .outside: archiveOutside
    case .hidden: archiveHidden
    case .gap: archiveGap
    case .prefix: archivePrefix
    case .trailing: archiveTrailing
    case .duplicate: archiveDuplicate
    case .similarName: archiveSimilarName
    case .path: archivePath
    case .name: archiveName
    case .linkOutside: archiveLinkOutside
    case .link: archiveLink
    case .device: archiveDevice
    case .directoryData: archiveDirectoryData
    case .checksum: archiveChecksum
    case .size: archiveSize
    case .damaged: compressionMalformed
    case .bomb: bomb
    case .members: members
    }
  }

  // An unpacker would write or read where it must not.
  static let archivePath = Rule(
    "archive.path", .externalReference, .critical, .dangerous, "a name leads out of the archive",
    why: "Unpacking writes over whatever file of the user it names: start-up scripts, keys, code.",
    example: "expected a relative name below the archive, found '../../.bashrc', which leads upwards",
    remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-22"])
  static let archiveLinkOutside = Rule(
    "archive.link-outside", .externalReference, .critical, .dangerous, "a link leads out of the archive",
    why:
      "What is unpacked next through the link lands outside, and what is read through it comes from there.",
    example: "expected links that stay inside the archive, found one to '/etc'",
    remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-59", "CWE-61"])
  static let archiveDevice = Rule(
    "archive.device", .externalReference, .high, .dangerous, "a member is a device, a pipe or a socket",
    why: "Reading it never ends, or reaches hardware; no model has one.",
    example: "expected files and directories, found a pipe", remedy: RuleText.doNotLoad,
    RuleText.outside + ["CWE-67"])
  static let archiveLink = Rule(
    "archive.link", .unknown, .medium, .notLiftable, "a link inside an archive",
    why: "Readers differ on links: some follow, some copy, some write the target's name.",
    example: "expected files and directories, found a link to 'model.pkl'",
    remedy: "pack the file itself in place of the link", RuleText.outside + ["CWE-59"])
  static let archiveName = Rule(
    "archive.name", .unknown, .medium, .notLiftable, "a name that systems read differently",
    why: "A backslash is a separator on one system and a letter on another.",
    example: "expected a relative name below the archive, found 'a\\b', which has a backslash",
    remedy: "name the members with letters, digits and '/', and pack them again", RuleText.outside)

  // Two readers of the same archive would see different members.
  static let archiveDuplicate = Rule(
    "archive.duplicate", .differential, .critical, .dangerous, "two members have one name",
    why: "One reader takes the first, another the last: what was scanned is not what is loaded.",
    example: "expected each name once, found 'data.pkl' again", remedy: RuleText.doNotLoad, Self.twoReaders)
  static let archiveSimilarName = Rule(
    "archive.similar-name", .unknown, .medium, .notLiftable, "two names differ only in case",
    why: "On a file system that ignores case the second overwrites the first.",
    example: "expected each name once, found 'Model.pkl', which another differs from only in case",
    remedy: "give the members names that differ in more than case", RuleText.outside + ["CWE-178"])
  static let archiveDirectory = Rule(
    "archive.directory", .differential, .critical, .dangerous,
    "what says where the members are contradicts itself",
    why: "Readers that go by one record and readers that go by another see different archives.",
    example: "expected one end record, found another", remedy: RuleText.doNotLoad, Self.twoReaders)
  static let archiveHeader = Rule(
    "archive.header", .differential, .critical, .dangerous, "two headers of a member disagree",
    why: "A scanner that goes by one and a loader that goes by the other see different members.",
    example: "expected the same name in both headers of a member, found 'evil.pkl' in the local one",
    remedy: RuleText.doNotLoad, Self.twoReaders)
  static let archiveFlags = Rule(
    "archive.flags", .differential, .critical, .dangerous, "a flag says what is not so",
    why: "A scanner gives up on a member said to be encrypted; a loader that ignores the flag loads it.",
    example: "expected encrypted contents, as the flags say, found plain ones", remedy: RuleText.doNotLoad,
    Self.twoReaders)
  static let archiveMethod = Rule(
    "archive.method", .differential, .critical, .dangerous, "a compression method says what is not so",
    why: "A scanner gives up on a method that it does not know; another reader takes the bytes as they are.",
    example: "expected a compression method that exists, found 1337", remedy: RuleText.doNotLoad,
    Self.twoReaders)
  static let archiveHidden = Rule(
    "archive.hidden", .differential, .critical, .dangerous, "a member that the directory does not list",
    why: "Readers that begin at the start of the file find it, those that go by the directory do not.",
    example: "expected the central directory to list every member, found one that it does not: 'a.pkl'",
    remedy: RuleText.doNotLoad, Self.twoReaders)
  static let archiveOutside = Rule(
    "archive.outside", .differential, .critical, .dangerous, "a member lies outside the archive",
    why: "Its contents are bytes that mean something else, or are beyond the end of the file.",
    example: "expected a local header before the central directory, found byte 4294967295",
    remedy: RuleText.doNotLoad, Self.twoReaders + ["CWE-125"])
  static let archiveOverlap = Rule(
    "archive.overlap", .exhaustion, .critical, .dangerous, "members share bytes",
    why: "The same compressed bytes unpacked under many names are how 42 kilobytes become 5 gigabytes.",
    example: "expected members that share no bytes, found one that begins inside another",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-409"])
  static let archiveChecksum = Rule(
    "archive.checksum", .differential, .high, .dangerous,
    "contents do not have the checksum that is recorded",
    why: "Scanners stop at a wrong checksum, loaders that do not look at it go on.",
    example: "expected the checksum 5e3c1a90, found 00000000",
    remedy: "do not load this file; fetch it again and compare its digest with that of the original",
    Self.twoReaders + ["CWE-354"])
  static let archiveSize = Rule(
    "archive.size", .differential, .critical, .dangerous, "contents are not as long as is recorded",
    why: "One reader goes by the recorded size and another by where the stream ends.",
    example: "expected 10 bytes of contents, found 4096", remedy: RuleText.doNotLoad, Self.twoReaders)
  static let archiveDirectoryData = Rule(
    "archive.directory-data", .differential, .high, .dangerous, "a directory has contents of its own",
    why: "An unpacker drops them, a reader of the archive gets them.",
    example: "expected a directory to be empty, found one of 120 bytes", remedy: RuleText.doNotLoad,
    Self.twoReaders)

  // Not read, or not whole.
  static let archiveTruncated = Rule(
    "archive.truncated", .damage, .medium, .malformed, "an archive breaks off",
    why: "What is missing cannot be looked at.",
    example: "expected the end record of a zip archive, found the end of the file",
    remedy: RuleText.checkWhole, RuleText.corrupt)
  static let archiveUnterminated = Rule(
    "archive.unterminated", .unknown, .medium, .notLiftable, "an archive ends without the mark of its end",
    why: "It may have been cut off between two members.",
    example: "expected two blocks of zeros at the end, found none", remedy: RuleText.checkWhole,
    RuleText.corrupt)
  static let archiveEncrypted = Rule(
    "archive.encrypted", .unknown, .medium, .notLiftable, "a member is encrypted",
    why: "What is inside was not looked at, and unknown is never clean.",
    example: "expected contents that can be read, found encrypted ones",
    remedy: "pack the model without a password", [])
  static let archiveUnsupported = Rule(
    "archive.unread", .unknown, .medium, .notLiftable, "an archive, or a feature of one, that is not read",
    why: "What is inside was not looked at, and unknown is never clean.",
    example: "expected an archive that can be read, found 7z",
    remedy: "push the model itself, not an archive",
    [])
  static let archiveGap = Rule(
    "archive.gap", .unknown, .medium, .notLiftable, "bytes that belong to no member",
    why: "No reader of the archive looks at them; another program may.",
    example: "expected members side by side, found 512 bytes that belong to none",
    remedy: "pack the model again", RuleText.corrupt)
  static let archivePrefix = Rule(
    "archive.prefix", .unknown, .medium, .notLiftable, "bytes stand before an archive",
    why: "A reader that begins at the start sees something else than one that begins at the end.",
    example: "expected the archive to begin with the file, found 512 bytes before it",
    remedy: "pack the model again", RuleText.corrupt)
  static let archiveTrailing = Rule(
    "archive.trailing-bytes", .unknown, .medium, .notLiftable, "bytes follow the end of an archive",
    why: "A reader of the archive stops before them; another reader may not.",
    example: "expected the end of the file after the end record, found 7 bytes",
    remedy: "pack the model again",
    RuleText.corrupt)

  private static let twoReaders = ["OWASP ML06:2023", "ATLAS AML.T0011.000", "ATLAS AML.T0076", "CWE-436"]
}
