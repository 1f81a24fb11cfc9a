public import Domain
public import Encoding
import Provenance

/// What a backup says of itself: `backup.json`, the last file of it that is written, so that one without it is unfinished.
public struct BackupDocument: Equatable, Sendable {
  /// The name of the file.
  static let name = "backup.json"
  /// The name of the list of all others, in the form that `sha256sum --check` reads.
  static let sumsName = "SHA256SUMS"
  private static let form = "gatehouse/v1"
  private static let code = "backup.malformed"

  /// When it was begun: what was acknowledged before is in it.
  public let made: Timestamp
  /// The release that made it.
  public let version: String
  /// How many entries its ledger has.
  public let entries: Int
  /// The root over them, as the ledger's key has signed it.
  public let root: Digest
  /// How many files it has beside this one and the list of them.
  public let files: Int
  /// How many bytes those have.
  public let byteCount: Int
  /// What the list of them hashes to.
  public let sums: Digest

  /// States what a backup is.
  init(
    made: Timestamp, version: String, entries: Int, root: Digest, files: Int, byteCount: Int, sums: Digest
  ) {
    self.made = made
    self.version = version
    self.entries = entries
    self.root = root
    self.files = files
    self.byteCount = byteCount
    self.sums = sums
  }

  /// The form in which it is written and told.
  public var json: JSON {
    [
      "backup": .string(Self.form), "made": .string(made.description), "version": .string(version),
      "entries": JSON(entries), "root": .string(root.description), "files": JSON(files),
      "bytes": JSON(byteCount), "sums": .string(sums.description),
    ]
  }

  /// Reads what `json` writes; throws `backup.malformed`.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= 1 << 16,
      let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 4, values: 64)),
      json["backup"]?.string == Self.form, let made = json["made"]?.string,
      let entries = json["entries"]?.int,
      let files = json["files"]?.int, let byteCount = json["bytes"]?.int, entries >= 0, files >= 0,
      byteCount >= 0
    else {
      throw Problem(
        .badInput, Self.code,
        "expected what a backup of the form '\(Self.form)' says of itself, found another document",
        subject: Self.name)
    }
    let fields = RecordFields(json, "backup", code: Self.code)
    self.init(
      made: try Timestamp(parsing: made), version: try fields.text("version"), entries: entries,
      root: try fields.digest("root"), files: files, byteCount: byteCount, sums: try fields.digest("sums"))
  }
}
